"""Figures of the page Inside: the numbers they carry, and that a visitor's text stays text."""

import numpy as np
import pytest

from core.figures import inside as figures
from core.figures import layout
from tests.core.figures.examples import drawn

LABELS = ["start", "<b>x</b>", "·dog"]


def test_the_running_sum_starts_each_part_where_the_last_ended():
    figure = drawn(figures.running_sum(["a", "b", "c"], [2.0, -3.0, 1.5], ["token", "attention", "mlp"], 0.5))
    (bars,) = figure.data
    assert list(bars.base) == [0.0, 2.0, -1.0]
    assert bars.base[-1] + bars.y[-1] == pytest.approx(0.5)
    (line,) = figure.layout.shapes
    assert line.y0 == line.y1 == 0.5


def test_the_grid_of_parts_puts_the_mlps_last_and_zero_in_the_middle():
    heads, mlps = np.array([[1.0, -2.0], [0.5, 0.25]]), np.array([4.0, -0.5])
    figure = drawn(figures.parts(heads, mlps, (1, 0)))
    (heat,) = figure.data
    np.testing.assert_array_equal(heat.z, [[1, -2, 4], [0.5, 0.25, -0.5]])
    assert heat.zmin == -heat.zmax == -4
    assert heat.text[0][1] == "−2.00" and heat.customdata[1][2] == "block 1, MLP: −0.50"
    frame = figure.layout.shapes[0]
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-0.5, 0.5, 0.5, 1.5)


def test_a_long_text_thins_its_labels_but_keeps_the_focus():
    axis = layout.tokens([str(i) for i in range(100)], 50, [117], most=40)
    assert len(axis["tickvals"]) <= 41 and 117 in axis["tickvals"]
    assert axis["ticktext"][axis["tickvals"].index(117)] == "<b>67</b>"
    assert (
        layout.tokens(LABELS, 0, [1])["ticktext"][1] == "<b>&lt;b&gt;x&lt;/b&gt;</b>"
    )  # bold by us, not by the visitor


def test_signs_colour_the_bars():
    figure = drawn(figures.columns(np.array([1.0, -2.0, 0.0]), LABELS, 0, 2))
    first, second, third = figure.data[0].marker.color
    assert first == third != second
    low, high = figure.layout.yaxis.range
    assert low < -2 and high > 1
    tiny = drawn(figures.columns(np.array([1e-6, -1e-6]), LABELS[:2], 0, 1)).layout.yaxis.range
    assert tiny[1] == figures.LEAST, "what is nothing looks like nothing"


def test_ranked_bars_mark_the_chosen_one():
    figure = drawn(figures.ranked_bars(["<a>", "b"], [2.0, -1.0], ["x", "y"], chosen=1))
    assert list(figure.layout.yaxis.ticktext) == ["&lt;a&gt;", "<b>b</b>"]
    assert list(figure.data[0].text) == ["+2.00", "−1.00"]
    assert list(figure.data[0].marker.line.width) == [0, 2]
    low, high = figure.layout.xaxis.range
    assert low < -1 and high > 2


@pytest.mark.parametrize(
    "kind, value, shown", [("%", 0.5, "%{y:.2p}"), ("rank", 3, "rank %{y:,}"), ("nats", 1.5, "nats")]
)
def test_curves_through_the_depth_name_their_rows(kind, value, shown):
    figure = drawn(figures.through_depth([("<tok>", [value] * 3, "#123456")], kind))
    (line,) = figure.data
    assert list(line.x) == ["embedding", "block 0", "block 1"] and line.name == "&lt;tok&gt;"
    assert shown in line.hovertemplate
