"""How long the vectors of the stream are, and what flows into it: the numbers of the diagram of the whole model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.model import Trace

Singles = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Flow:
    """Euclidean lengths at W tokens of a trace of T.

    stream (2L + 1, W): of what enters the first block, then of each block's resid_mid and resid_post. attention, mlp
    (L, W): of what each adds. links (L, W, T): how much each of the tokens reads from each, the mean over heads.
    """

    stream: Singles
    attention: Singles
    mlp: Singles
    links: Singles

    @property
    def longest(self) -> float:
        """The longest vector of the stream, 1 where all are zero."""
        return float(self.stream.max()) or 1.0

    @property
    def usual_addition(self) -> float:
        """Twice the median length of what attention or the MLP adds, whichever is more; 1 where both add nothing."""
        return float(max(np.median(self.attention), np.median(self.mlp)) * 2) or 1.0


def flow(trace: Trace, start: int = 0, stop: int | None = None) -> Flow:
    """The flow at the tokens from `start` up to `stop` (None: the end). ValueError: no token between them."""
    window = slice(start, stop)
    if not len(trace.ids[window]):
        raise ValueError(f"there is no token from {start} up to {stop} in a trace of {len(trace.ids)}")

    def length(vectors: Tensor) -> Singles:  # (L, T, D) -> (L, W)
        found: Singles = np.linalg.norm(vectors[:, window].numpy(), axis=-1)
        return found

    middle, after = length(trace.resid_mid), length(trace.resid_post)
    by_block = np.stack([middle, after], axis=1).reshape(-1, middle.shape[1])  # (2L, W)
    return Flow(
        np.concatenate([length(trace.resid_pre[:1]), by_block]),
        length(trace.attn_out),
        length(trace.mlp_out),
        trace.pattern[:, :, window].mean(dim=1).numpy(),
    )


def newly_written(trace: Trace) -> tuple[Singles, Singles]:
    """How much of each vector attention, and then the MLP, has newly written: two of (L, T), from 0 to 1.

    The length of what is added, beside that of the stream it is added to: |new| / (|new| + |old|); 0 where both are 0.
    """
    return _share(trace.attn_out, trace.resid_pre), _share(trace.mlp_out, trace.resid_mid)


def _share(new: Tensor, old: Tensor) -> Singles:
    """(L, T, D), (L, T, D) -> (L, T)"""
    added, there = (np.linalg.norm(vectors.numpy(), axis=-1) for vectors in (new, old))
    whole = added + there
    share: Singles = np.divide(added, whole, out=np.zeros_like(whole), where=whole > 0)
    return share
