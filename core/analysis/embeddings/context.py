"""The vector of one word on its way through the layers, in one text and in another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.analysis.embeddings.projection import project
from core.brief import Brief
from core.model import Trace


@dataclass(frozen=True, eq=False, repr=False)
class Paths(Brief):
    """A word in two texts. similarity (L+1,): cosine of its two vectors before the first block and after each block;
    others (L+1,): the mean cosine of the first text's vector with those of other tokens of the second, the yardstick;
    points (2, L+1, 2): both ways on the two axes that hold most of them; explained (2,): the variance along each."""

    similarity: NDArray[np.float64]
    others: NDArray[np.float64]
    points: NDArray[np.float64]
    explained: NDArray[np.float64]


def stream(trace: Trace) -> NDArray[np.float64]:
    """The residual stream before the first block and after each block, (L+1, T, D), every vector at length 1.

    Each block reads the stream through a norm, so only directions matter to it.
    """
    rows = np.concatenate([trace.resid_pre[:1].numpy(), trace.resid_post.numpy()]).astype(np.float64)
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0))


def paths(first: Trace, second: Trace, at: tuple[int, int]) -> Paths:
    """Follow position at[0] of `first` and position at[1] of `second`. IndexError: no such position."""
    one, two = stream(first), stream(second)
    a, b = one[:, at[0]], two[:, at[1]]  # (L+1, D)
    rest = [
        i for i in range(1, two.shape[1]) if second.ids[i] != second.ids[at[1]]
    ]  # not the start, not the word itself
    products = np.einsum("ld,ltd->lt", a, two[:, rest])  # (L+1, rest)
    others = products.mean(axis=1) if rest else np.full(len(a), np.nan)
    found = project(np.concatenate([a, b]), 2)
    return Paths((a * b).sum(axis=1), others, found.points.reshape(2, len(a), 2), found.explained)


def shared_words(first: Sequence[int], second: Sequence[int]) -> list[tuple[int, int]]:
    """Places (i, j) of tokens that stand in both texts, each token once: its last place in each; the start left out."""
    there = {id: j for j, id in enumerate(second) if j}
    last = {id: i for i, id in enumerate(first) if i}
    return [(i, there[id]) for id, i in last.items() if id in there]
