"""Maps of vectors in 2 or 3 dimensions: PCA, t-SNE, UMAP; snapshots of training laid over one another; silhouettes.

>>> import numpy as np
>>> square = np.array([[0.0, 0], [0, 1], [9, 0], [9, 1]])
>>> silhouettes(square, ["left", "left", "right", "right"], "euclidean").round(2).tolist()
[0.89, 0.89, 0.89, 0.89]
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.arrays import Floats
from core.brief import Brief

Method = Literal["PCA", "t-SNE", "UMAP"]
Report = Callable[[float, str], None]  # a share from 0 to 1, and what is being done

PERPLEXITY = 30  # t-SNE: about how many neighbours each point is held to
NEIGHBOURS = 15  # UMAP: how many neighbours make the graph
FEWEST = 8  # rows that t-SNE and UMAP need


@dataclass(frozen=True, eq=False, repr=False)
class Projection(Brief):
    """points (N, dims) = (matrix − mean) @ axes.T; axes (dims, D) orthonormal rows, mean (D,);
    explained (dims,): the share of the total variance along each axis. All float64."""

    points: Floats
    axes: Floats
    mean: Floats
    explained: Floats


@dataclass(frozen=True, eq=False, repr=False)
class Journey(Brief):
    """points (S, N, dims) float32: the same N words at S steps of training, each map laid over the next one.

    explained (S, dims): the share of the variance along each axis of the PCA before it was turned; None for the others.
    """

    points: NDArray[np.float32]
    explained: Floats | None


def project(matrix: NDArray[np.floating], dims: int = 2) -> Projection:
    """Principal components of matrix (N, D), exactly: the eigenvectors of its covariance, in float64.

    Each axis points to the side where its largest coefficient is positive, so that the same matrix always gives the
    same picture. ValueError: fewer than dims rows or columns, or numbers that are not finite.
    """
    rows = np.asarray(matrix)
    if rows.ndim != 2 or min(rows.shape) < dims or not np.isfinite(rows).all():
        raise ValueError(f"need at least {dims} finite rows and columns, not an array of shape {rows.shape}")
    mean = rows.mean(axis=0, dtype=np.float64)
    centred = rows - mean  # float64
    if len(rows) > rows.shape[1]:
        squares, axes = np.linalg.eigh(centred.T @ centred)  # (D,), (D, D): ascending, in columns
        squares, axes = squares[::-1].clip(0), axes.T[::-1]
    else:
        _, values, axes = np.linalg.svd(centred, full_matrices=False)
        squares = values**2
    total, squares, axes = squares.sum(), squares[:dims], axes[:dims]
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.where(axes[np.arange(dims), largest] < 0, -1.0, 1.0)[:, None]
    return Projection(centred @ axes.T, axes, mean, squares / total if total > 0 else np.zeros(dims))


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
    turned: Floats = centred @ (left @ right) + fixed.mean(axis=0)
    return turned


def tsne(matrix: NDArray[np.floating], dims: int = 2) -> Floats:
    """t-SNE (van der Maaten & Hinton 2008) of matrix (N, D) by cosine distance, (N, dims); the same every time.

    It starts from the matrix's own PCA, which holds nothing that the matrix does not. Rows that all point one way are
    one point. ValueError: see `_start`.
    """
    from sklearn.manifold import TSNE  # half a second to import

    start, unit = _start(matrix, dims, 1e-4), _unit_rows(matrix)
    if _one_direction(unit):
        return np.zeros(start.shape)
    made = TSNE(
        dims, init=start, metric="cosine", perplexity=min(PERPLEXITY, (len(start) - 1) / 3), random_state=0, n_jobs=1
    )
    points: Floats = made.fit_transform(unit.astype(np.float32)).astype(np.float64)
    return points


def umap(matrix: NDArray[np.floating], dims: int = 2) -> Floats:
    """UMAP (McInnes, Healy & Melville 2018) of matrix (N, D) by cosine distance, (N, dims); the same every time.

    It starts from the matrix's own PCA; an axis along which that does not spread starts from noise, for UMAP divides by
    the spread. Rows that all point one way are one point. The first call compiles for many seconds. ValueError: see
    `_start`.
    """
    from umap import UMAP

    start, unit = _start(matrix, dims, 5.0), _unit_rows(matrix)
    if _one_direction(unit):
        return np.zeros(start.shape)
    flat = np.ptp(start, axis=0) < 1e-5
    start[:, flat] = np.random.default_rng(0).normal(size=(len(start), int(flat.sum())))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a seed means one thread, which is what we want
        made = UMAP(
            n_neighbors=min(NEIGHBOURS, len(start) - 1), n_components=dims, metric="cosine", init=start, random_state=0
        )
        points: Floats = made.fit_transform(unit.astype(np.float32)).astype(np.float64)
    return points


def _start(matrix: NDArray[np.floating], dims: int, spread: float) -> NDArray[np.float32]:
    """PCA of matrix with a standard deviation of `spread` along the first axis. ValueError: fewer than FEWEST rows."""
    if len(matrix) < FEWEST:
        raise ValueError(f"t-SNE and UMAP need at least {FEWEST} words, not {len(matrix)}")
    points = project(matrix, dims).points
    return (points / (points[:, 0].std() or 1.0) * spread).astype(np.float32)


def _unit_rows(matrix: NDArray[np.floating]) -> Floats:
    """The rows at length 1, which changes no cosine, so that float32 can hold them; zero rows stay."""
    rows = np.asarray(matrix, dtype=np.float64)
    rows = rows / (np.abs(rows).max() or 1.0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit


def _one_direction(unit: Floats) -> bool:
    return bool(np.ptp(unit, axis=0).max() < 1e-6)


def journey(
    tables: Sequence[NDArray[np.floating]], method: Method, dims: int, report: Report = lambda *_: None
) -> Journey:
    """The maps of S tables (N, D), earliest first, each turned to lie like the next: only the turn is shared.

    Every map is made from its own table alone, so that order seen at a step is order of that step. `report` hears of
    each map. ValueError: an unknown method, or tables that cannot be projected.
    """
    if method not in ("PCA", "t-SNE", "UMAP"):
        raise ValueError(f"the method is PCA, t-SNE or UMAP, not {method!r}")
    maps: list[Floats] = []
    explained: list[Floats] = []
    for done, table in enumerate(reversed(tables)):
        report(done / len(tables), f"map {done + 1} of {len(tables)}")
        if method == "PCA":
            found = project(table, dims)
            points = found.points
            explained.append(found.explained)
        else:
            points = tsne(table, dims) if method == "t-SNE" else umap(table, dims)
        centred = points - points.mean(axis=0)
        maps.append(align(centred, maps[-1]) if maps else centred)
    shares = np.stack(explained[::-1]) if explained else None
    return Journey(np.stack(maps[::-1]).astype(np.float32), shares)


def silhouettes(
    matrix: NDArray[np.floating], labels: Sequence[str], metric: Literal["cosine", "euclidean"] = "cosine"
) -> Floats:
    """How much nearer each row of matrix (N, D) is to its own group than to the next nearest one: (N,), from −1 to 1.

    (b − a) / max(a, b), with a the mean distance to the others of its group and b the smallest mean distance to
    another group; 0 for a group of one (Rousseeuw 1987). ValueError: fewer than two groups, or an unknown metric.
    """
    names, group = np.unique(np.asarray(labels), return_inverse=True)  # (G,), (N,)
    if len(names) < 2 or len(group) != len(matrix):
        raise ValueError(f"need a label for each row and at least two groups, not {len(names)}")
    rows = np.asarray(matrix, dtype=np.float64)
    sizes = np.bincount(group)  # (G,)
    member = np.eye(len(names))[group]  # (N, G), 1 where the row is of the group
    means = distances(rows, metric) @ member  # (N, G): sums so far; a row is at distance 0 from itself
    own = means[np.arange(len(rows)), group] / np.maximum(sizes[group] - 1, 1)  # (N,)
    means /= sizes
    means[np.arange(len(rows)), group] = np.inf
    other = means.min(axis=1)  # (N,)
    larger = np.maximum(own, other)
    found = np.divide(other - own, larger, out=np.zeros(len(rows)), where=larger > 0)
    return np.where(sizes[group] == 1, 0.0, found)


def distances(rows: NDArray[np.floating], metric: Literal["cosine", "euclidean"]) -> Floats:
    """Between all pairs of rows (N, D): (N, N), 0 on the diagonal. A zero vector is at cosine distance 1."""
    rows = np.asarray(rows, dtype=np.float64)
    if metric == "cosine":
        unit = _unit_rows(rows)
        found = (1.0 - unit @ unit.T).clip(0, 2)
    elif metric == "euclidean":
        squares = (rows**2).sum(axis=1)
        found = np.sqrt((squares[:, None] + squares - 2 * rows @ rows.T).clip(0))
    else:
        raise ValueError(f"the metric is cosine or euclidean, not {metric!r}")
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)
