"""The figures of the training lab: every parameter drawn once, schedules as they will be used."""

import pytest

from core.figures.training import PARTS, parameters, schedule
from core.model.config import ModelConfig

SHAPES = [
    {"vocab_size": 300, "context_length": 16, "n_layers": 2, "n_heads": 2, "d_model": 8},
    {"vocab_size": 300, "context_length": 16, "n_layers": 1, "n_heads": 2, "d_model": 8, "position": "learned",
     "tie_embeddings": False, "bias": True, "norm": "layernorm"},
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_bar_holds_every_parameter_once(shape):
    parts = ModelConfig(**shape).parameter_count()
    bars = parameters(parts).data
    assert sum(bar.x[0] for bar in bars) == parts["total"]
    assert {bar.name for bar in bars} == {title for name, (title, _) in PARTS.items() if parts[name]}


def test_a_schedule_has_a_line_for_each_optimizer():
    figure = schedule([0.0, 0.5, 1.0], {"a": [0.1, 0.1, 0.0], "b": [0.2, 0.2, 0.0]})
    assert [line.name for line in figure.data] == ["a", "b"]
    assert list(figure.data[1].y) == [0.2, 0.2, 0.0] and figure.layout.showlegend
    assert not schedule([0.0, 1.0], {"": [1.0, 0.0]}).layout.showlegend
