"""Figures of the experiments: they hold the numbers they were given, and labels stay text."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.figures import experiments as figures
from core.figures import labels, layout
from core.figures.palette import ROLES
from tests.core.figures.examples import drawn

MARKUP = ["<b>x</b>", "&", "·a"]


def test_the_pairs_of_bars_are_the_two_distributions():
    figure = drawn(figures.distributions(MARKUP, [0.5, 0.3, 0.0], [0.1, 0.6, 0.2]))
    assert list(figure.data[0].x) == [0.5, 0.3, 0.0] and list(figure.data[1].x) == [0.1, 0.6, 0.2]
    assert figure.layout.yaxis.ticktext == ("&lt;b&gt;x&lt;/b&gt;", "&amp;", "·a")
    assert figure.data[2].text[0] == "50 % → 10 %" and figure.data[2].text[2] == "< 0.01 % → 20 %"
    assert max(figure.layout.xaxis.range) > 0.6


def test_two_shares_that_differ_never_read_alike():
    assert labels.change(0.1845, 0.1912) == "18.45 → 19.12 %"
    assert labels.change(0.1845, 0.1845) == "18.45 %, as before"
    assert labels.change(0.184512, 0.184513) == "18.4512 → 18.4513 %"
    figure = drawn(figures.distributions(MARKUP, [0.1845, 0.3, 0.25], [0.1812, 0.3, 0.5]))
    assert list(figure.data[2].text) == ["18.45 → 18.12 %", "30 %", "25 % → 50 %"]


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_change_reads_as_a_change(before, after):
    first, _, second = labels.change(before, after).removesuffix(" %").partition(" → ")
    if abs(before - after) > 1e-8:
        assert first != second and abs(float(first) - 100 * before) <= 0.0051 >= abs(float(second) - 100 * after)


def test_the_losses_start_at_the_second_token():
    figure = drawn(figures.surprise(["start", *MARKUP], np.array([1.0, 2.0, 3.0]), np.array([1.5, 2.0, 9.0]), cursor=2))
    assert list(figure.data[0].x) == [1, 2, 3] and list(figure.data[1].y) == [1.5, 2.0, 9.0]
    assert "<b>&amp;</b>" in figure.layout.xaxis.ticktext


def test_cut_edges_carry_a_cross_and_the_future_is_blank():
    pattern = np.full((3, 3), 0.5)
    figure = drawn(figures.edges(pattern, MARKUP, [(2, 0)], None))
    assert np.isnan(figure.data[0].z[0, 1]) and figure.data[0].z[1, 0] == 0.5
    assert (figure.data[1].x, figure.data[1].y) == ((0,), (2,))


def test_the_map_is_symmetric_around_nothing():
    figure = drawn(figures.patch_map(np.array([[0.0, -2.5], [1.0, 0.2]]), ["a", "b"], ["p", "q"], [1]))
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-2.5, 2.5)
    assert figure.layout.xaxis.ticktext == ("p", "<b>q</b>")
    assert drawn(figures.patch_map(np.zeros((2, 2)), ["a", "b"], ["p", "q"], [])).data[0].zmax == 1


def test_intervals_reach_from_low_to_high():
    figure = drawn(figures.skills(["x", "y"], [(0.5, 0.4, 0.7), (0, 0, 0.1)], [(0.2, 0.1, 0.3), (1, 0.9, 1)]))
    error = figure.data[0].error_x
    assert np.allclose(error.array, [0.2, 0.1]) and np.allclose(error.arrayminus, [0.1, 0])
    curve = drawn(figures.by_strength([0, 1], [(1.0, 0.5, 1.5), (2.0, 2.0, 2.0)], "nats", "prediction", False, (0, 1)))
    assert (curve.layout.shapes[0].x0, curve.layout.shapes[0].x1) == (0, 1)
    assert curve.data[0].line.color == ROLES["prediction"]
    assert not drawn(figures.by_strength([0], [(1.0, 1, 1)], "nats", "token", True, None)).layout.shapes


def test_long_texts_show_some_labels_and_always_the_marked():
    shown = layout.tokens([str(i) for i in range(300)], marked=[151])
    assert len(shown["tickvals"]) <= 31 and 151 in shown["tickvals"]
    assert np.diff(shown["tickvals"]).min() >= 10
