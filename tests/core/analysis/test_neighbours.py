"""Neighbours, PCA and alignment against brute force and closed forms."""

import math

import numpy as np
import pytest

from core.analysis.neighbours import align, nearest, project


def cloud(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns))


def brute_distance(a, b, metric):
    if metric == "euclidean":
        return math.dist(a, b)
    return 1 - sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_nearest_equals_brute_force(metric):
    matrix = cloud(60, 5)
    for id in (0, 17, 59):
        ids, distances = nearest(matrix, id, 10, metric)
        everyone = sorted((brute_distance(matrix[id], row, metric), n) for n, row in enumerate(matrix) if n != id)
        assert ids.tolist() == [n for _, n in everyone[:10]]
        np.testing.assert_allclose(distances, [d for d, _ in everyone[:10]], atol=1e-12)


def test_the_two_metrics_disagree_where_they_should():
    matrix = np.array([[1.0, 0.0], [10.0, 0.0], [1.0, 0.5]])
    assert nearest(matrix, 0, 1, "cosine")[0].tolist() == [1]
    assert nearest(matrix, 0, 1, "euclidean")[0].tolist() == [2]


def test_nearest_at_the_edges():
    matrix = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 0.0]], dtype=np.float32)
    ids, distances = nearest(matrix, 2, 99)
    assert ids.tolist() == [0, 3, 1]  # equals in order of id, itself left out, k beyond the end
    np.testing.assert_array_equal(distances, [0, 0, 1])  # a zero vector is at distance 1
    assert nearest(matrix, 1, 1)[1].tolist() == [1.0]
    for wrong in ({"id": 4, "k": 1}, {"id": -1, "k": 1}, {"id": 0, "k": 0}, {"id": 0, "k": 1, "metric": "manhattan"}):
        with pytest.raises(ValueError):
            nearest(matrix, **wrong)


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
