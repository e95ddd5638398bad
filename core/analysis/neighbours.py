"""The geometry of a set of vectors (token embeddings, residual streams): neighbours, PCA, alignment. Pure NumPy."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Projection:
    """points (N, dims) = (matrix − mean) @ axes.T; axes (dims, D) orthonormal rows, mean (D,);
    explained (dims,): the share of the total variance along each axis. All float64."""

    points: Floats
    axes: Floats
    mean: Floats
    explained: Floats


def nearest(
    matrix: NDArray[np.floating], id: int, k: int, metric: Literal["cosine", "euclidean"] = "cosine"
) -> tuple[NDArray[np.intp], Floats]:
    """The k rows of matrix (N, D) nearest to row id, itself left out, and their distances: (k,) ids, (k,) float64.

    Cosine distance is 1 − cosine similarity, from 0 to 2; a zero vector is at distance 1 from everything. Nearest
    first, the lower id among equals; fewer than k when there are fewer rows. ValueError: unknown metric, no such row,
    k < 1.
    """
    rows = np.asarray(matrix)
    if not 0 <= id < len(rows) or k < 1:
        raise ValueError(f"need a row from 0 to {len(rows) - 1} and k of at least 1, not row {id} and k {k}")
    if metric == "euclidean":
        distances = np.linalg.norm(rows - rows[id], axis=1).astype(np.float64)
    elif metric == "cosine":
        lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(rows[id])
        products = rows @ rows[id]
        distances = 1.0 - np.divide(products, lengths, out=np.zeros(len(rows)), where=lengths > 0)
        distances = distances.clip(0, 2)
    else:
        raise ValueError(f"the metric is cosine or euclidean, not {metric!r}")
    order = np.argsort(distances, kind="stable")
    order = order[order != id][:k]
    return order, distances[order]


def project(matrix: NDArray[np.floating], dims: Literal[2, 3] = 2) -> Projection:
    """Principal components of matrix (N, D), exactly: a singular value decomposition of the centred rows.

    Each axis points to the side where its largest coefficient is positive, so that the same matrix always gives the
    same picture. ValueError: fewer than dims rows or columns, or numbers that are not finite.
    """
    rows = np.asarray(matrix, dtype=np.float64)
    if rows.ndim != 2 or min(rows.shape) < dims or not np.isfinite(rows).all():
        raise ValueError(f"need at least {dims} finite rows and columns, not an array of shape {rows.shape}")
    mean = rows.mean(axis=0)
    centred = rows - mean
    # A tall matrix and its triangular factor R have the same singular values and right vectors; R is only (D, D).
    factor = np.linalg.qr(centred, mode="r") if len(rows) > rows.shape[1] else centred
    _, values, axes = np.linalg.svd(factor, full_matrices=False)
    axes = axes[:dims]
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.where(axes[np.arange(dims), largest] < 0, -1.0, 1.0)[:, None]
    total = (centred**2).sum()
    explained = values[:dims] ** 2 / total if total > 0 else np.zeros(dims)
    return Projection(centred @ axes.T, axes, mean, explained)


def align(points: NDArray[np.floating], reference: NDArray[np.floating]) -> Floats:
    """Turn, mirror and shift points (N, d) as a rigid body, as near as possible to reference (N, d): Procrustes.

    Keeps every distance within points: a cloud that grew stays larger. Used so that a projection does not spin from
    one training step to the next. Schönemann 1966; (N, d) float64. ValueError: the shapes differ.
    """
    moving, fixed = np.asarray(points, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if moving.shape != fixed.shape or moving.ndim != 2:
        raise ValueError(f"cannot align points of shape {moving.shape} to a reference of shape {fixed.shape}")
    centred = moving - moving.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T @ (fixed - fixed.mean(axis=0)))
    return centred @ (left @ right) + fixed.mean(axis=0)
