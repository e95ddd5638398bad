"""PCA, alignment, silhouettes and the journey through the steps against closed forms, brute force and scikit-learn."""

import math

import numpy as np
import pytest

from core.analysis.embeddings.projection import align, distances, journey, project, silhouettes, tsne, umap


def cloud(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns))


@pytest.mark.parametrize("shape", [(200, 6), (6, 200), (7, 7)])
@pytest.mark.parametrize("dims", [2, 3])
def test_projection_equals_the_eigenvectors_of_the_covariance(shape, dims):
    matrix = cloud(*shape) * np.linspace(1, 4, shape[1])
    found = project(matrix, dims)
    variances, vectors = np.linalg.eigh(np.cov(matrix.T))
    np.testing.assert_allclose(found.explained, variances[::-1][:dims] / variances.sum(), rtol=1e-8)
    np.testing.assert_allclose(np.abs(found.axes @ vectors[:, ::-1][:, :dims]), np.eye(dims), atol=1e-6)
    np.testing.assert_allclose(found.points, (matrix - found.mean) @ found.axes.T, atol=1e-12)
    np.testing.assert_allclose(found.points.var(axis=0, ddof=1), variances[::-1][:dims], rtol=1e-8)
    assert (found.axes.max(axis=1) > -found.axes.min(axis=1)).all()


def test_projection_of_a_plane_keeps_every_distance():
    basis = np.linalg.qr(cloud(9, 2))[0]  # (9, 2) orthonormal columns
    flat = cloud(30, 2, seed=1)
    found = project(flat @ basis.T + 5.0)
    assert math.isclose(found.explained.sum(), 1.0)
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    np.testing.assert_allclose(np.linalg.norm(found.points[:, None] - found.points[None], axis=-1), distances)


def test_projection_at_the_edges():
    still = project(np.ones((5, 4)))
    np.testing.assert_array_equal(still.points, np.zeros((5, 2)))
    np.testing.assert_array_equal(still.explained, [0, 0])
    for wrong in (np.ones((1, 4)), np.ones((4, 1)), np.ones(4), np.full((4, 4), np.nan)):
        with pytest.raises(ValueError, match="finite rows"):
            project(wrong)


@pytest.mark.parametrize("mirror", [1, -1])
def test_alignment_undoes_a_rigid_motion(mirror):
    reference = cloud(40, 2)
    turn = np.array([[math.cos(2), -math.sin(2)], [math.sin(2), math.cos(2)]]) * [1, mirror]
    np.testing.assert_allclose(align(reference @ turn + [3, -8], reference), reference, atol=1e-12)


def test_alignment_is_the_best_of_all_turns_and_keeps_the_size():
    points, reference = cloud(15, 2, seed=1) * 3, cloud(15, 2, seed=2)
    found = align(points, reference)
    np.testing.assert_allclose(np.linalg.norm(found - found.mean(0)), np.linalg.norm(points - points.mean(0)))
    best = ((found - reference) ** 2).sum()
    for angle in np.linspace(0, 2 * math.pi, 400):
        for mirror in (1, -1):
            turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) * [1, mirror]
            turned = (points - points.mean(0)) @ turn + reference.mean(0)
            assert ((turned - reference) ** 2).sum() >= best - 1e-9
    with pytest.raises(ValueError, match="shape"):
        align(points, reference[:5])


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_silhouettes_equal_those_of_scikit_learn(metric):
    matrix = cloud(90, 7) + np.repeat(np.eye(7)[:3] * 2, 30, axis=0)
    labels = ["a"] * 30 + ["b"] * 30 + ["c"] * 29 + ["alone"]
    from sklearn.metrics import silhouette_samples

    expected = silhouette_samples(matrix, labels, metric=metric)
    np.testing.assert_allclose(silhouettes(matrix, labels, metric), expected, atol=1e-12)
    assert silhouettes(matrix, labels, metric)[-1] == 0  # alone in its group


def test_silhouettes_at_the_edges():
    apart = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    np.testing.assert_array_equal(silhouettes(apart, list("aabb")), 1)
    np.testing.assert_array_equal(silhouettes(np.zeros((4, 2)), list("aabb"), "euclidean"), 0)
    for labels, metric in ((list("aaaa"), "cosine"), (list("ab"), "cosine"), (list("aabb"), "manhattan")):
        with pytest.raises(ValueError):
            silhouettes(apart, labels, metric)
    np.testing.assert_array_equal(distances(np.array([[0.0, 0], [1, 0]]), "cosine"), [[0, 1], [1, 0]])


def test_a_journey_keeps_every_distance_and_does_not_spin():
    """The same cloud seen from another side at every step, growing: after alignment only its size changes."""
    flat, tables = np.pad(cloud(40, 2) * [3, 1], ((0, 0), (0, 6))), []
    for s in range(5):
        turn = np.linalg.qr(cloud(8, 8, seed=s))[0]
        tables.append((s + 1) * flat @ turn + s)
    made = journey(tables, "PCA", 2)
    assert made.points.shape == (5, 40, 2) and made.points.dtype == np.float32
    centred = flat[:, :2] - flat[:, :2].mean(axis=0)
    for s in range(5):
        np.testing.assert_allclose(
            distances(made.points[s], "euclidean"), (s + 1) * distances(centred, "euclidean"), atol=1e-4
        )
        np.testing.assert_allclose(made.points[s] / (s + 1), made.points[0], atol=1e-4)
    np.testing.assert_allclose(made.explained.sum(axis=1), 1)


@pytest.mark.thorough
@pytest.mark.parametrize("method", ["t-SNE", "UMAP"])
def test_maps_keep_neighbours_together_and_lend_no_order_to_noise(method):
    """Three far groups stay groups; before them stands noise, which must not inherit their places."""
    groups = np.repeat(np.eye(6)[:3] * 8, 20, axis=0) + cloud(60, 6) * 0.3
    labels = ["a"] * 20 + ["b"] * 20 + ["c"] * 20
    heard = []
    made = journey([cloud(60, 6, seed=9), groups], method, 2, lambda share, doing: heard.append((share, doing)))
    assert heard == [(0, "map 1 of 2"), (0.5, "map 2 of 2")]
    noise, ordered = made.points
    assert silhouettes(ordered, labels, "euclidean").mean() > 0.5
    assert abs(silhouettes(noise, labels, "euclidean").mean()) < 0.15
    from sklearn.manifold import trustworthiness

    assert trustworthiness(groups, ordered, n_neighbors=5, metric="cosine") > 0.8
    assert made.explained is None


SPREAD = cloud(20, 6)
DEGENERATE = {
    "zeros": np.zeros((40, 6)), "identical": np.ones((40, 6)), "eight": np.ones((8, 3)),
    "one direction": np.outer(np.arange(1, 41.0), np.ones(6)),
    "opposite": np.repeat([[1.0], [-1.0]], 20, 0) * np.ones(6),
    "two points": np.repeat(SPREAD[:2], 20, axis=0), "half of it zero": np.vstack([np.zeros((20, 6)), SPREAD]),
    "huge": SPREAD * 1e30, "tiny": SPREAD * 1e-30,
}  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_rows_have_a_map_too(name, dims):
    rows = DEGENERATE[name]
    for method in (umap, tsne):
        points = method(rows, dims)
        assert points.shape == (len(rows), dims) and np.isfinite(points).all()
        if name in ("zeros", "identical", "eight", "one direction"):
            assert not points.any()  # no distances: one point
        elif name == "two points":
            assert silhouettes(points, ["a"] * 20 + ["b"] * 20, "euclidean").mean() > 0.5
        else:
            assert points.std() > 0.1
    assert np.isfinite(journey([rows, rows[::-1]], "UMAP", dims).points).all()


@pytest.mark.thorough
def test_the_size_of_the_rows_does_not_matter_for_cosine():
    for method in (umap, tsne):
        np.testing.assert_allclose(method(SPREAD * 2.0**90), method(SPREAD), rtol=1e-2, atol=1e-2)


@pytest.mark.thorough
def test_the_same_map_every_time_and_none_of_too_few_words():
    matrix = cloud(12, 5)
    np.testing.assert_array_equal(tsne(matrix), tsne(matrix))
    with pytest.raises(ValueError, match="at least 8"):
        journey([cloud(5, 3)], "UMAP", 2)
    with pytest.raises(ValueError, match="method"):
        journey([matrix], "MDS", 2)
