"""The arithmetic behind every kind of cell, for every family, against the trace and the NumPy reference."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core.analysis.stream import cells
from core.model import run_trace
from tests.core.model.models import FAMILIES, make, random_ids
from tests.core.model.reference import Reference

T = 6


@pytest.fixture(scope="module", params=FAMILIES)
def case(request):
    model = make(request.param)
    ids = random_ids(T)
    reference = Reference(model.config.to_dict(), {n: p.numpy() for n, p in model.named_parameters()})
    return model, run_trace(model, ids), reference, reference(ids.numpy())


def some_index(name: str, tensor: torch.Tensor, position: int, dice: np.random.Generator) -> tuple[int, ...]:
    if name in ("attn_scores", "pattern"):
        return int(dice.integers(tensor.shape[0])), int(dice.integers(position + 1))
    shape = (tensor.shape[0], tensor.shape[2]) if tensor.dim() == 3 else tensor.shape[1:]
    return tuple(int(dice.integers(n)) for n in shape)


@pytest.mark.slow
def test_the_steps_of_every_cell_lead_to_its_value(case):
    model, trace, _, _ = case
    dice = np.random.default_rng(0)
    for layer in range(model.config.n_layers):
        found = cells.block(model, trace, layer)
        assert tuple(found) == cells.names(model.config)
        for name, tensor in found.items():
            for position in (0, 3, T - 1):
                index = some_index(name, tensor, position, dice)
                cell = cells.explain(model, trace, name, layer, position, index)
                place = (index[0], position, index[1]) if tensor.dim() == 3 else (position, *index)
                assert cell.value == float(tensor[place])
                np.testing.assert_allclose(cell.result, cell.value, rtol=1e-3, atol=1e-5, err_msg=name)
                np.testing.assert_allclose(cell.steps[0][1], (cell.inputs * cell.weights).sum(), rtol=1e-9)


def test_what_lies_between_the_sites_is_right(case):
    model, trace, reference, sites = case
    for layer in range(model.config.n_layers):
        found, name = cells.block(model, trace, layer), f"blocks.{layer}"
        for norm, part, source in (("norm1", "ln1", "resid_pre"), ("norm2", "ln2", "resid_mid")):
            expected = reference.norm(sites[source][layer], f"{name}.{part}")
            np.testing.assert_allclose(found[norm], expected, rtol=1e-3, atol=1e-4)
        if model.config.activation == "swiglu":
            expected = reference.linear(reference.norm(sites["resid_mid"][layer], f"{name}.ln2"), f"{name}.mlp.w_in")
            np.testing.assert_allclose(found["mlp_up"], expected, rtol=1e-3, atol=1e-4)


def test_the_line_of_python_gives_the_cell(case):
    model, trace, _, _ = case
    head = model.config.n_heads - 1
    for name, tensor in cells.block(model, trace, 0).items():
        index = (head, 2) if tensor.dim() == 3 else (2,)
        scope = {"trace": trace, "checkpoint": SimpleNamespace(model=model)}
        *before, line = cells.code(name, 0, 4, index).split("\n")
        exec("\n".join(before), scope)
        place = (index[0], 4, index[1]) if tensor.dim() == 3 else (4, *index)
        assert float(eval(line, scope)) == float(tensor[place]), line


@pytest.mark.parametrize(
    "name, position, index",
    [("nothing", 0, (0,)), ("mlp_up", 0, (0,)), ("q", 0, (0,)), ("q", 0, (0, 99)), ("norm1", 9, (0,)),
     ("pattern", 2, (0, 3)), ("resid_mid", 0, (-1,))],
)  # fmt: skip
def test_what_is_no_cell_is_refused(name, position, index):
    model = make("ours")
    with pytest.raises(ValueError, match=r"no tensor|no cell|later one"):
        cells.explain(model, run_trace(model, random_ids(T)), name, 0, position, index)
    with pytest.raises(ValueError, match="layers lie between"):
        cells.block(model, run_trace(model, random_ids(T)), 2)
