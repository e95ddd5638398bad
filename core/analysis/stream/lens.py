"""The logit lens (nostalgebraist 2020): what the model would say if it stopped after each block."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.brief import Brief
from core.model import Trace, Transformer


@dataclass(frozen=True, eq=False, repr=False)
class Lens(Brief):
    """Row 0 reads the stream before the first block, row l after block l; the last row is the model's own output (if no
    tap changed it after the last block).

    top, rank (L+1, T) int64 and top_probability, probability, entropy, kl (L+1, T) float32: the likeliest token and its
    probability, the rank (0 = likeliest) and probability of the chosen token, the entropy in nats, and the divergence
    KL(output ‖ row) in nats: what it would cost to bet with this row's distribution where the model's output is true.
    """

    top: NDArray[np.int64]
    top_probability: NDArray[np.float32]
    rank: NDArray[np.int64]
    probability: NDArray[np.float32]
    entropy: NDArray[np.float32]
    kl: NDArray[np.float32]


def first_up(rank: Sequence[int]) -> tuple[int, bool] | None:
    """Of the ranks of a token through the depth, 0 the likeliest: where it is first the likeliest, and whether it then
    stays so; None where it never is."""
    first = next((depth for depth, place in enumerate(rank) if place == 0), None)
    return None if first is None else (first, not any(rank[first:]))


@torch.inference_mode()
def logit_lens(model: Transformer, trace: Trace, chosen: int | Sequence[int] | None = None) -> Lens:
    """Read every layer of the trace's residual stream through the final norm and the unembedding.

    chosen: the token to rank, one for all positions or one for each; by default the token that the model itself finds
    likeliest at each position. One layer's logits (T, V) exist at a time. ValueError: a chosen token outside the
    vocabulary, or not one for each position.
    """
    streams = [trace.resid_pre[0], *trace.resid_post]  # L+1 of (T, D)
    T, V = trace.logits.shape
    wanted = trace.logits.argmax(dim=-1) if chosen is None else torch.as_tensor(chosen)
    if wanted.shape not in ((), (T,)):
        raise ValueError(f"choose one token, or one for each of the {T} positions, not {len(wanted)}")
    wanted = wanted.expand(T)  # (T,)
    if wanted.min() < 0 or wanted.max() >= V:
        raise ValueError(f"the chosen tokens must lie between 0 and {V - 1}")
    final = trace.logits.log_softmax(dim=-1)
    rows = [_read(model, stream, wanted, final) for stream in streams]
    return Lens(*(torch.stack(column).numpy() for column in zip(*rows, strict=True)))


def _read(model: Transformer, stream: Tensor, wanted: Tensor, final: Tensor) -> tuple[Tensor, ...]:
    """The six fields of Lens for one layer, each (T,), from its stream (T, D), the chosen tokens (T,) and the logarithm
    of the model's output (T, V)."""
    weight = model.unembed.weight
    logits = model.unembed(model.ln_final(stream.to(weight))).float().cpu()  # (T, V)
    logs = logits.log_softmax(dim=-1)  # (T, V)
    top_log, top = logs.max(dim=-1)
    score = logits.gather(1, wanted[:, None])  # (T, 1)
    tied = (logits == score).cumsum(dim=-1).gather(1, wanted[:, None])[:, 0] - 1  # equals of a lower id
    rank = (logits > score).sum(dim=-1) + tied
    probs = logs.exp()
    entropy = -(probs * logs.nan_to_num(neginf=0.0)).sum(dim=-1)
    # where the output is impossible (log -inf) nothing is lost: 0 · anything is 0
    kl = (final.exp() * (final - logs).nan_to_num(nan=0.0, neginf=0.0)).sum(dim=-1).clamp(min=0)
    return top, top_log.exp(), rank, logs.gather(1, wanted[:, None])[:, 0].exp(), entropy, kl
