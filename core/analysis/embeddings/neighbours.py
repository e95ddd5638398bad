"""The tokens nearest to one: by cosine or Euclidean distance, between the vectors or between what they would say."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.arrays import Floats


def nearest(
    matrix: NDArray[np.floating],
    id: int,
    k: int,
    metric: Literal["cosine", "euclidean"] = "cosine",
    lengths: NDArray[np.floating] | None = None,
    among: Sequence[int] | None = None,
) -> tuple[NDArray[np.intp], Floats]:
    """The k rows of matrix (N, D) nearest to row id, itself left out, and their distances: (k,) ids, (k,) float64.

    Cosine distance is 1 − cosine similarity, from 0 to 2; a zero vector is at distance 1 from everything. Nearest
    first, the lower id among equals; fewer than k when there are fewer rows. `lengths` (N,): the rows' norms, if they
    are known already, which saves half the time of the cosine on a large table. `among`: the only rows that count, all
    if left out. ValueError: unknown metric, no such
    row, k < 1.
    """
    rows = np.asarray(matrix)
    if not 0 <= id < len(rows) or k < 1:
        raise ValueError(f"need a row from 0 to {len(rows) - 1} and k of at least 1, not row {id} and k {k}")
    if metric == "euclidean":
        distances = np.linalg.norm(rows - rows[id], axis=1).astype(np.float64)
    elif metric == "cosine":
        lengths = np.linalg.norm(rows, axis=1) if lengths is None else lengths
        products, scale = rows @ rows[id], lengths * lengths[id]
        distances = 1.0 - np.divide(products, scale, out=np.zeros(len(rows)), where=scale > 0)
        distances = distances.clip(0, 2)
    else:
        raise ValueError(f"the metric is cosine or euclidean, not {metric!r}")
    order = np.argsort(distances, kind="stable")
    counts = np.ones(len(rows), dtype=bool) if among is None else np.isin(np.arange(len(rows)), among)
    counts[id] = False
    order = order[counts[order]][:k]
    return order, distances[order]


def to_logit_geometry(vectors: NDArray[np.floating], unembed: NDArray[np.floating]) -> NDArray[np.floating]:
    """Vectors (N, D) in coordinates (N, D) whose angles and distances are those of their logits (N, V).

    The logits of x are unembed @ x, with unembed (V, D); their inner products are xᵀ M y with M = unembedᵀ unembed, so
    x @ M^½ has the same ones in D numbers instead of V. The square root is that of the eigenvalues of M.
    """
    weight = np.asarray(unembed)
    values, axes = np.linalg.eigh((weight.T @ weight).astype(np.float64))  # (D,), (D, D)
    root = (axes * np.sqrt(values.clip(0))) @ axes.T
    turned: NDArray[np.floating] = np.asarray(vectors) @ root.astype(np.asarray(vectors).dtype)
    return turned
