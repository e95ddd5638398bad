"""Fewer bits for each weight: what a model weighs and what it still can when its matrices are rounded.

The matrices are rounded to the nearest value of a small grid and written back as float32, so that everything that
runs the model runs the rounded one: its size is what the grid and its scales would take, its speed is not changed.
Norms stay as they are. No training follows, and no data is looked at ("round to nearest, after training").
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from core.model import Transformer

SCALE_BITS = 16  # of the scale of each row
GRIDS = {"float32": 32.0, "float16": 16.0, "int8": 8.0, "int4": 4.0, "int3": 3.0, "int2": 2.0, "ternary": 1.585}
# log2(3) = 1.585 bits for −1, 0 and 1 (Ma et al. 2024, arXiv:2402.17764)


@dataclass(frozen=True)
class Rounded:
    """One matrix: the name of the parameter, its numbers, and how far rounding moved it: ‖W − Ŵ‖ ÷ ‖W‖."""

    name: str
    numbers: int
    error: float


def round_matrix(weight: Tensor, grid: str) -> Tensor:
    """A matrix (rows, columns) on a grid of GRIDS, each row with a scale of its own.

    int-n: whole multiples, up to ±(2^(n−1) − 1), of the row's largest number ÷ that. ternary: −1, 0 or 1 times the mean
    size of the row's numbers. ValueError: no such grid.
    """
    if grid == "float32":
        return weight.clone()
    if grid == "float16":
        return weight.half().float()
    if grid == "ternary":
        scale = weight.abs().mean(dim=1, keepdim=True).clamp(min=1e-12)
        ternary: Tensor = (weight / scale).round().clamp(-1, 1) * scale
        return ternary
    if grid not in GRIDS:
        raise ValueError(f"{grid!r} is none of the grids {', '.join(GRIDS)}")
    top = 2 ** (int(grid.removeprefix("int")) - 1) - 1
    scale = (weight.abs().amax(dim=1, keepdim=True) / top).clamp(min=1e-12)
    rounded: Tensor = (weight / scale).round().clamp(-top, top) * scale
    return rounded


def matrices(model: Transformer) -> dict[str, Tensor]:
    """Every parameter that is a matrix, a tied one once."""
    return {name: weight for name, weight in model.named_parameters() if weight.dim() == 2}


@torch.no_grad()
def with_fewer_bits(model: Transformer, grid: str, only: str = "") -> tuple[Transformer, list[Rounded]]:
    """A copy of the model whose matrices lie on a grid, and what that did to each. only: the matrix of this name."""
    smaller, done = copy.deepcopy(model), []
    for name, weight in matrices(smaller).items():
        if only in ("", name):
            rounded = round_matrix(weight, grid)
            done.append(
                Rounded(name, weight.numel(), float((weight - rounded).norm() / weight.norm().clamp(min=1e-12)))
            )
            weight.copy_(rounded)
    return smaller, done


def size_in_bytes(model: Transformer, grid: str) -> float:
    """What its parameters take: matrices on the grid, with a scale for each row; the rest as float32."""
    if grid in ("float32", "float16"):
        return sum(p.numel() for p in model.parameters()) * GRIDS[grid] / 8
    own = matrices(model).values()
    rest = sum(p.numel() for p in model.parameters()) - sum(w.numel() for w in own)
    return sum(w.numel() * GRIDS[grid] + w.shape[0] * SCALE_BITS for w in own) / 8 + rest * 4
