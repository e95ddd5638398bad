"""Figures of fine-tuning: what is written where, in which order, and that nothing of a visitor's is markup."""

import numpy as np

from core.figures import finetuning
from tests.core.figures.examples import drawn


def test_every_matrix_carries_how_far_it_moved():
    shares = np.array([[0.01, 0.123], [0.0, 0.5]])
    (cells,) = finetuning.movement(shares, ["queries", "keys"], "matrix")["data"]
    assert cells["text"] == [["1.0 %", "12 %"], ["0 %", "50 %"]] and cells["zmax"] == 0.5
    (many,) = finetuning.movement(np.zeros((2, 9)), [f"h{i}" for i in range(9)], "head")["data"]
    assert "text" not in many


def test_neurons_are_sorted_the_most_moved_first():
    first, second = finetuning.neurons(np.array([[1, 3, 2], [6, 5, 4]]))["data"]
    assert list(first["y"]) == [3, 2, 1] and list(second["y"]) == [6, 5, 4]


def test_directions_beyond_the_rank_are_grey():
    (bars,) = finetuning.singular_values([3, 2, 1], 1)["data"]
    colours = bars["marker"]["color"]
    assert colours[0] != colours[1] == colours[2]


def test_old_kinds_are_sorted_by_what_was_lost():
    figure = finetuning.old_kinds({"story": (30.0, 31.0), "code": (9.0, 8.5), "list": (3.0, 3.0)})
    (bar,) = figure["data"]
    assert figure["layout"]["yaxis"]["ticktext"] == ["code", "list", "story"] and list(bar["x"]) == [-0.5, 0.0, 1.0]
    assert bar["text"] == ["9.00 → 8.50", "3.00 → 3.00", "30.00 → 31.00"]


def test_runs_of_one_way_are_one_colour_and_the_chosen_one_is_framed():
    figure = finetuning.forgetting({"LoRA": [(0.5, (0.1, 0.0, 0.2), "<b>a"), (1.0, (0.2, 0.1, 0.3), "mine")]}, "mine")
    (points,) = drawn(figure).data
    assert list(points.customdata) == ["&lt;b&gt;a", "mine"] and list(points.marker.line.width) == [0.5, 3.0]
    np.testing.assert_allclose(points.error_y.arrayminus, 0.1)
