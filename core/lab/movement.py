"""How far one model is from another of the same shape, part by part: what a fine-tuning changed, and in how many
directions."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.brief import Brief
from core.model import Transformer
from core.training.tuning_config import MATRICES


@dataclass(frozen=True, repr=False)
class Moved(Brief):
    """Sizes of changes, in parts of the size of what was there: ‖after - before‖ / ‖before‖ (Frobenius).

    parts: the matrices of a block, as MATRICES calls them; `matrices` (L, parts). heads (L, H): a head's own rows of
    q, k and v (of shared k and v: those of its group) and columns of o. neurons (L, M): a neuron's rows of gate and up
    and column of down. embed: the table of token vectors. share: the part of all weights that moved at all.
    """

    parts: tuple[str, ...]
    matrices: np.ndarray
    heads: np.ndarray
    neurons: np.ndarray
    embed: float
    share: float


def movement(before: Transformer, after: Transformer) -> Moved:
    """What changed between two models of one shape. ValueError: they are of different shapes."""
    old, new = weights_of(before), weights_of(after)
    if {name: x.shape for name, x in old.items()} != {name: x.shape for name, x in new.items()}:
        raise ValueError("models of different shapes cannot be compared weight by weight")
    config = before.config
    parts = tuple(name for name, path in MATRICES.items() if f"blocks.0.{path}.weight" in old)
    layers = range(config.n_layers)
    names = [[f"blocks.{layer}.{MATRICES[part]}.weight" for part in parts] for layer in layers]
    changed = sum(int((new[name] != x).sum()) for name, x in old.items())
    return Moved(
        parts,
        np.array([[relative([old[name]], [new[name]]) for name in row] for row in names]),
        np.array([[_head(old, new, before, layer, head) for head in range(config.n_heads)] for layer in layers]),
        np.stack([_neurons(old, new, layer) for layer in layers]),
        relative([old["embed.weight"]], [new["embed.weight"]]),
        changed / sum(x.numel() for x in old.values()),
    )


def singular_values(before: Transformer, after: Transformer, layer: int, part: str) -> np.ndarray:
    """Of the change of one matrix, the largest first: as many are above zero as it has directions."""
    name = f"blocks.{layer}.{MATRICES[part]}.weight"
    change = after.get_parameter(name).detach().double() - before.get_parameter(name).detach().double()
    found: np.ndarray = np.linalg.svd(change.numpy(), compute_uv=False)
    return found


def weights_of(model: Transformer) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in model.named_parameters()}


def relative(old: list[Tensor], new: list[Tensor]) -> float:
    """‖new - old‖ / ‖old‖ of several tensors together; 0 where there was nothing."""
    size = sum(float(x.square().sum()) for x in old)
    distance = sum(float((y - x).square().sum()) for x, y in zip(old, new, strict=True))
    return (distance / size) ** 0.5 if size else 0.0


def _head(old: dict[str, Tensor], new: dict[str, Tensor], model: Transformer, layer: int, head: int) -> float:
    config, width = model.config, model.config.d_head
    own = slice(head * width, (head + 1) * width)
    group = head // (config.n_heads // config.n_kv_heads)
    shared = slice(group * width, (group + 1) * width)

    def parts(of: dict[str, Tensor]) -> list[Tensor]:
        q, k, v, o = (of[f"blocks.{layer}.attn.{name}.weight"] for name in ("wq", "wk", "wv", "wo"))
        return [q[own], k[shared], v[shared], o[:, own]]

    return relative(parts(old), parts(new))


def _neurons(old: dict[str, Tensor], new: dict[str, Tensor], layer: int) -> np.ndarray:
    """(M,)"""
    sides = [(f"blocks.{layer}.mlp.{name}.weight", dim) for name, dim in (("w_in", 1), ("w_gate", 1), ("w_out", 0))]
    sides = [(name, dim) for name, dim in sides if name in old]
    size = sum((old[name].square().sum(dim) for name, dim in sides), torch.zeros(()))
    distance = sum(((new[name] - old[name]).square().sum(dim) for name, dim in sides), torch.zeros(()))
    found: np.ndarray = (distance / size.clamp(min=1e-12)).sqrt().numpy()
    return found
