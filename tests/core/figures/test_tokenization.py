"""The figures of the tokenization page show the numbers they are given, and keep text as text."""

import pytest

from core.figures.tokenization import counts, languages, learning_curve
from tests.core.figures.examples import drawn


def test_counts_show_pieces_and_bytes_for_each():
    pieces, per_piece = drawn(counts(["a<b>", "b"], [4, 8], sizes=[16, 12], notes=["", "(2 unknown)"])).data
    assert list(pieces.x) == [4, 8] and list(per_piece.x) == [4, 1.5]
    assert list(pieces.text) == ["4 ", "8 (2 unknown)"]
    figure = drawn(counts(["a<b>"], [0], sizes=[0], notes=[""]))
    assert figure.layout.yaxis.ticktext == ("a&lt;b&gt;",)


def test_languages_are_measured_against_the_first():
    figure = drawn(languages(["English", "Hindi"], ["one", "two"], [[10, 20], [45, 30]]))
    (heat,) = figure.data
    assert [list(row) for row in heat.z] == [[1, 1], [4.5, 1.5]]
    assert heat.text[1][0] == "45   4.5×"


def test_learning_draws_the_curve_and_a_line_for_each_other():
    figure = drawn(learning_curve([(256, 1.0), (300, 1.6)], 1024, {"GPT-2": 3.5, "a<b>": 2.0}))
    (curve,) = figure.data
    assert list(curve.x) == [256, 300] and list(curve.y) == [1.0, 1.6]
    assert [shape.y0 for shape in figure.layout.shapes] == [3.5, 2.0]
    assert figure.layout.annotations[1].text == "a&lt;b&gt; 2.00"
    assert 10 ** figure.layout.xaxis.range[1] == pytest.approx(1024 * 1.05)
    drawn(learning_curve([], 300, {}))
