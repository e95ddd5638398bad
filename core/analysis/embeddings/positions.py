"""How a model knows where a token stands, and what becomes of its predictions when that is taken away or changed.

Rotary positions (Su et al. 2021, arXiv:2104.09864) turn pair i of a head's query and key, the numbers (i, i + Dh/2), by
position × θ^(-2i/Dh), or what a longer context made of that (core.model.rope). Learned positions add a row of a table.
Both can be changed from outside, with a tap.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from core.arrays import Floats
from core.brief import Brief
from core.model import ModelConfig, Site, Tap, Trace, Transformer, rope, run_trace
from core.model.ids import checked_count, checked_place


def frequencies(config: ModelConfig) -> Floats:
    """Radians per position of each pair, (Dh/2,), fastest first. ValueError: positions are not rotary."""
    if config.position != "rotary":
        raise ValueError(f"only rotary positions have frequencies; this model's are {config.position}")
    return rope.frequencies(config).double().numpy()


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """x (…, T, Dh) with the pair (x[i], x[i + Dh/2]) of row t turned by angles[t, i]; angles (T, Dh/2)."""
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def move_positions(model: Transformer, positions: Sequence[float] | Floats | Tensor | None) -> Tap:
    """A tap that makes token t believe it stands at positions[t], (T,); None: that it stands nowhere at all.

    Rotary: queries and keys are turned on from t to positions[t] (None: back to angle 0, all at one place), and
    fractions are fine. Learned: the row of that position is added instead (None: nothing), so positions must be whole
    and inside the table: ValueError otherwise. A model without positions is left as it is.
    """
    config = model.config
    positions = None if positions is None else torch.as_tensor(positions)
    if config.position == "learned" and positions is not None:
        inside = positions.min() >= 0 and positions.max() < config.context_length
        if not inside or (positions != positions.round()).any():
            raise ValueError(f"learned positions are whole numbers from 0 to {config.context_length - 1}")

    def tap(site: Site, tensor: Tensor) -> Tensor:
        if site.name == "pos_embed":
            return (
                torch.zeros_like(tensor) if positions is None else model.pos_embed(positions.long()).expand_as(tensor)
            )
        if config.position == "rotary" and site.name in ("q", "k"):
            here = torch.arange(tensor.shape[-2], dtype=torch.float64)
            there = torch.zeros_like(here) if positions is None else positions.double()
            return rotate(tensor, torch.outer(there - here, torch.from_numpy(frequencies(config))))
        return tensor

    return tap


@dataclass(frozen=True, eq=False, repr=False)
class Effect(Brief):
    """What moving the positions does to one text: probs (2, V), the next token after the last, as usual and moved;
    losses (2, T-1), nats for each token of the text after the first, as usual and moved."""

    probs: NDArray[np.float32]
    losses: NDArray[np.float32]


def effect(model: Transformer, trace: Trace, positions: Sequence[float] | Floats | None) -> Effect:
    """Compare `trace` with the same text at other positions (see `move_positions`)."""
    other = run_trace(model, trace.ids, move_positions(model, positions))
    losses = [F.cross_entropy(t.logits[:-1], t.ids[1:], reduction="none") for t in (trace, other)]
    probs = [t.probs[-1] for t in (trace, other)]
    return Effect(torch.stack(probs).numpy(), torch.stack(losses).numpy())


def upright(trace: Trace, config: ModelConfig) -> tuple[Tensor, Tensor]:
    """The queries and keys as they were before rotary positions turned them, both (L, H, T, Dh)."""
    T = len(trace.ids)
    angles = torch.outer(torch.arange(T, dtype=torch.float64), torch.from_numpy(frequencies(config)))
    return rotate(trace.q, -angles), rotate(trace.k, -angles)


def preference(trace: Trace, config: ModelConfig, layer: int, head: int, reach: int) -> Floats:
    """The mean score (reach,) of a head for looking 0, 1, 2 … tokens back, whatever the words: rotary positions only.

    Every query of the text meets every key of the text, all placed that far apart; the mean over all pairs is the
    score of the mean query with the mean key, because a score is linear in both. ValueError: no such head.
    """
    _check_head(config, layer, head)
    q, k = (x[layer, head].double().mean(dim=0).numpy() for x in upright(trace, config))  # (Dh,)
    half = config.d_head // 2
    pairs = (q[:half] + 1j * q[half:]) * (k[:half] - 1j * k[half:])  # (Dh/2,) products as complex numbers
    back = np.arange(reach)[:, None] * frequencies(config)  # (reach, Dh/2)
    scores: Floats = (pairs * np.exp(1j * back)).real.sum(axis=1) / math.sqrt(config.d_head)
    return scores


def energy(trace: Trace, config: ModelConfig, layer: int, head: int) -> Floats:
    """How much a head uses each pair: the mean length of its queries there times that of its keys, (Dh/2,).
    ValueError: no such head."""
    _check_head(config, layer, head)
    half = config.d_head // 2
    lengths = [torch.hypot(x[layer, head, :, :half], x[layer, head, :, half:]).mean(dim=0) for x in (trace.q, trace.k)]
    return np.asarray((lengths[0] * lengths[1]).double())


def _check_head(config: ModelConfig, layer: int, head: int) -> None:
    checked_place("layer", layer, config.n_layers)
    checked_place("head", head, config.n_heads)


def similarity(model: Transformer, length: int) -> Floats:
    """How alike two positions look, (length, length), from −1 to 1.

    Rotary: the cosine of one vector, equally long in every pair, turned to one position and to the other:
    the mean of cos((m − n) × frequency). Learned: the cosine of the two rows of the table. None: all alike.
    ValueError: a length below 1, or longer than the context.
    """
    config = model.config
    if checked_count("length", length, 1) > config.context_length:
        raise ValueError(f"{length} positions are more than the {config.context_length} of the context")
    if config.position == "rotary":
        apart = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
        return np.asarray(np.cos(np.arange(length)[:, None] * frequencies(config)).mean(axis=1)[apart])
    if config.position == "learned":
        rows = model.pos_embed.weight[:length].detach().double().numpy()
        lengths = np.linalg.norm(rows, axis=1)
        scale = np.outer(lengths, lengths)
        return np.asarray(np.divide(rows @ rows.T, scale, out=np.zeros_like(scale), where=scale > 0))
    return np.ones((length, length))
