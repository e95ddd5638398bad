"""Rounded weights against grids written out by hand."""

import numpy as np
import pytest
import torch

from core.analysis.limits.bits import GRIDS, matrices, round_matrix, size_in_bytes, with_fewer_bits
from core.model import ModelConfig, Transformer

CONFIG = ModelConfig(vocab_size=50, context_length=16, n_layers=2, n_heads=2, d_model=16)


@pytest.fixture
def model():
    return Transformer(CONFIG).requires_grad_(False)


@pytest.mark.parametrize(("grid", "top"), [("int8", 127), ("int4", 7), ("int3", 3), ("int2", 1)])
def test_each_number_goes_to_the_nearest_of_its_row(grid, top):
    weight = torch.randn(6, 40, generator=torch.Generator().manual_seed(0))
    rounded = round_matrix(weight, grid)
    for row, found in zip(weight.double().numpy(), rounded.double().numpy(), strict=True):
        values = np.abs(row).max() / top * np.arange(-top, top + 1)
        nearest = values[np.abs(row[:, None] - values).argmin(1)]
        np.testing.assert_allclose(found, nearest, atol=1e-6)
        assert len(np.unique(found.round(6))) <= 2 * top + 1


def test_ternary_has_three_values_in_each_row():
    weight = torch.tensor([[0.1, -1.0, 2.0, -0.1], [3.0, 3.0, 3.0, -3.0]])
    assert torch.allclose(round_matrix(weight, "ternary"), torch.tensor([[0, -0.8, 0.8, 0], [3.0, 3.0, 3.0, -3.0]]))


def test_fewer_bits_are_further_away_and_smaller(model):
    errors, sizes = [], []
    for grid in ("float32", "float16", "int8", "int4", "int3"):
        _, done = with_fewer_bits(model, grid)
        errors.append(max(one.error for one in done))
        sizes.append(size_in_bytes(model, grid))
    assert errors[0] == 0 and errors == sorted(errors) and sizes == sorted(sizes, reverse=True)


def test_the_model_itself_stays_and_one_matrix_can_be_chosen(model):
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    name = "blocks.1.attn.wv.weight"
    smaller, done = with_fewer_bits(model, "int4", name)
    assert [one.name for one in done] == [name]
    assert done[0].error == pytest.approx(
        float((dict(smaller.named_parameters())[name] - before[name]).norm() / before[name].norm())
    )
    for other, weight in model.named_parameters():
        assert torch.equal(weight, before[other])
        assert torch.equal(dict(smaller.named_parameters())[other], weight) == (other != name)


def test_the_size_is_what_is_counted(model):
    own = matrices(model)
    numbers, rows = sum(w.numel() for w in own.values()), sum(w.shape[0] for w in own.values())
    rest = sum(p.numel() for p in model.parameters()) - numbers
    assert size_in_bytes(model, "int4") == numbers / 2 + 2 * rows + 4 * rest
    assert size_in_bytes(model, "float32") == 4 * (numbers + rest)


def test_no_such_grid():
    with pytest.raises(ValueError):
        round_matrix(torch.ones(2, 2), "int5000x" if "int5000x" not in GRIDS else "")
