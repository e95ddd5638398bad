"""Attention figures: scores stay what they were, intervals reach as far as they say, every head has its line."""

from itertools import pairwise

import numpy as np
import pytest

from core.figures import attention as figures
from tests.core.figures.examples import drawn


def test_intervals_reach_from_low_to_high():
    figure = drawn(figures.roles(["previous", "first"], [(0.5, 0.4, 0.7), (0.1, 0.1, 0.1)], [0.07, 0.08], 0.3))
    chance, points = figure.data
    assert list(chance.x) == [0.07, 0.08] and list(points.x) == [0.5, 0.1]
    assert points.error_x.array[0] == pytest.approx(0.2) and points.error_x.arrayminus[0] == pytest.approx(0.1)
    assert points.customdata[0] == "40 % to 70 %"
    assert figure.layout.shapes[0].x0 == 0.3


@pytest.fixture
def means() -> np.ndarray:
    return np.random.default_rng(0).random((3, 2, 4))  # steps, layers, heads


def test_every_head_has_its_line_in_every_panel(means):
    names = ["a", "b", "c", "d", "e"]
    losses = {"training": ([], []), "held out": ([0, 5, 40], [7.0, 3.0, 1.5])}
    skills = {"copying": [7.0, 5.0, 0.5]}
    figure = drawn(figures.life([0, 10, 40], dict.fromkeys(names, means), (1, 2), skills, losses, 10, 0.3))
    assert len(figure.data) == 5 * len(names) + 2  # the others, the chosen one, three that end highest
    assert {note.text for note in figure.layout.annotations} >= {*names, "loss of copying", "loss: held out (dots)"}
    others, chosen = figure.data[0], figure.data[1]
    assert list(chosen.y) == means[:, 1, 2].tolist() and list(chosen.customdata[1]) == [1, 2, 10]
    assert chosen.x[0] == figures.ZERO  # step 0 has a place on a logarithmic axis
    seen = {}
    for value, (layer, head, step) in zip(others.y, others.customdata, strict=True):
        if not np.isnan(value):  # a gap between two lines
            seen[layer, head, step] = value
    assert seen == {
        (i, j, step): means[s, i, j]
        for i in range(2) for j in range(4) for s, step in enumerate((0, 10, 40)) if (i, j) != (1, 2)
    }  # fmt: skip
    assert list(figure.data[-2].y) == [7.0, 5.0, 0.5]
    assert list(figure.data[-1].y) == [7.0, 3.0, 1.5]


def test_a_life_without_losses_has_no_empty_panel(means):
    figure = drawn(figures.life([0, 10, 40], {"a": means}, (0, 0), {}, {}, 0, 0.3))
    assert len(figure.data) == 5


def test_the_heads_that_end_highest_can_be_told_apart(means):
    means[-1] = [[0.5, 0.99, 0.1, 0.98], [0.2, 0.97, 0.3, 0.0]]
    figure = drawn(figures.life([0, 10, 40], {"a": means}, (1, 2), {}, {}, 0, 0.3))
    named = {note.text: note for note in figure.layout.annotations[1:]}
    assert set(named) == {"L1H2", "L0H1", "L0H3", "L1H1"}  # the chosen one, and the three highest
    heights = sorted(note.y for note in named.values())
    assert min(b - a for a, b in pairwise(heights)) >= 0.1 and heights[-1] <= 1  # none on another
    lines = {tuple(trace.customdata[0][:2]): trace.line.color for trace in figure.data[1:]}
    assert len(set(lines.values())) == 4  # a colour each, and its name has it
    assert {named[f"L{i}H{j}"].font.color for i, j in lines} == set(lines.values())
    assert all(named[f"L{i}H{j}"].font.color == colour for (i, j), colour in lines.items())


def test_heads_stand_in_the_order_of_what_is_lost_without_them():
    grown = np.arange(42.0).reshape(6, 7)[:, ::-1]
    ends = {"copying": (11, 9, 12), "reference": (-11, -12, -10)}
    figure = drawn(figures.causes({"copying": grown, "reference": -grown}, (1, 2), ends, 0.95))
    first, second = figure.data
    assert list(first.y) == sorted(grown.ravel(), reverse=True)
    assert list(second.y) == sorted(-grown.ravel(), reverse=True)
    for bar, losses in ((first, grown), (second, -grown)):
        for value, (layer, head, share) in zip(bar.y, bar.customdata, strict=True):
            assert losses[int(layer), int(head)] == value and share == pytest.approx((losses < value).sum() / 41)
    at = [tuple(who[:2]) for who in first.customdata].index((1, 2))
    assert first.error_y.array[at] == 1 and first.error_y.arrayminus[at] == 2 and sum(first.error_y.array) == 1
    left = [share for place, (_, _, share) in enumerate(first.customdata) if place < figure.layout.shapes[0].x0]
    assert left == [share for _, _, share in first.customdata if share >= 0.95]
