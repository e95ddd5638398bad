"""The figures of the training lab: every parameter drawn once, schedules as they will be used."""

import numpy as np
import pytest

from core.figures import training_update as update
from core.figures.training import PARTS, memorisation, parameters, scaling, schedule
from core.model.config import ModelConfig
from tests.core.figures.examples import drawn

SHAPES = [
    {"vocab_size": 300, "context_length": 16, "n_layers": 2, "n_heads": 2, "d_model": 8},
    {"vocab_size": 300, "context_length": 16, "n_layers": 1, "n_heads": 2, "d_model": 8, "position": "learned",
     "tie_embeddings": False, "bias": True, "norm": "layernorm"},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_bar_holds_every_parameter_once(shape):
    parts = ModelConfig(**shape).parameter_count()
    bars = drawn(parameters(parts)).data
    assert sum(bar.x[0] for bar in bars) == parts["total"]
    assert {bar.name for bar in bars} == {title for name, (title, _) in PARTS.items() if parts[name]}


def test_a_schedule_has_a_line_for_each_optimizer():
    figure = drawn(schedule([0.0, 0.5, 1.0], {"a": [0.1, 0.1, 0.0], "b": [0.2, 0.2, 0.0]}))
    assert [line.name for line in figure.data] == ["a", "b"]
    assert list(figure.data[1].y) == [0.2, 0.2, 0.0] and figure.layout.showlegend
    assert not drawn(schedule([0.0, 1.0], {"": [1.0, 0.0]})).layout.showlegend


def test_what_is_expected_carries_its_interval():
    figure = drawn(scaling([10, 20], [3.0, 2.5], ([10, 40], [3.0, 2.0]), (40, 2.1, 1.9, 2.4), (40, 2.2), (40, 2.0)))
    assert [line.name for line in figure.data][1:] == [
        "trained", "expected of the next size", "your guess", "what it reached",
    ]  # fmt: skip
    bars = figure.data[2].error_y
    assert bars.array[0] == pytest.approx(0.3) and bars.arrayminus[0] == pytest.approx(0.2)
    ticks = drawn(scaling([10, 20], [3.11, 3.19])).layout.yaxis.tickvals
    assert (
        ticks[0] == 3.11 and ticks[-1] == 3.19 and len(ticks) == 6
    )  # a log axis has none of its own so close together
    assert [line.name for line in drawn(scaling([10], [3.0])).data] == ["trained"]


def test_passages_by_step():
    assert list(drawn(memorisation({"a": ([0, 5], [3, 40]), "b": ([], [])})).data[0].y) == [3, 40]


@pytest.mark.parametrize(("at", "shape"), [((0, 0), (300, 40)), ((299, 39), (300, 40)), ((2, 3), (4, 5))])
def test_the_window_holds_the_weight_wherever_it_lies(at, shape):
    matrix = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape)
    heat = drawn(update.window(matrix, at)).data[0]
    row, column = list(heat.y).index(at[0]), list(heat.x).index(at[1])
    assert heat.z[row][column] == matrix[at]
    assert heat.z.shape == (min(shape[0], update.SIDE), min(shape[1], update.SIDE))


def test_losses_and_parts_are_drawn_as_given():
    bars = drawn(update.losses(["a<b>", "c"], np.array([1.0, 2.0]), np.array([0.5, 1.5]))).data
    assert [list(bar.y) for bar in bars] == [[1.0, 2.0], [0.5, 1.5]]
    gradient, step = drawn(update.parts(["embedding", "block 0"], [3.0, 4.0], [0.01, 0.02])).data
    assert list(gradient.x) == [3.0, 4.0] and list(step.x) == [0.01, 0.02] and list(step.y) == list(gradient.y)
