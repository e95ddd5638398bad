"""Neighbours against brute force, and the vectors "as spoken" against the logits themselves."""

import math

import numpy as np
import pytest

from core.analysis.embeddings.neighbours import nearest, to_logit_geometry


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


def test_only_some_rows_may_count():
    matrix, some = cloud(60, 5), [3, 4, 5, 17, 30, 31, 59]
    for id in (17, 18):
        ids, distances = nearest(matrix, id, 4, among=some)
        everyone = sorted((brute_distance(matrix[id], matrix[n], "cosine"), n) for n in some if n != id)
        assert ids.tolist() == [n for _, n in everyone[:4]]
        np.testing.assert_allclose(distances, [d for d, _ in everyone[:4]], atol=1e-12)
    assert nearest(matrix, 17, 9, among=[17])[0].tolist() == []


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


def test_lengths_may_be_given():
    matrix = cloud(40, 6).astype(np.float32)
    plain, given = nearest(matrix, 3, 7), nearest(matrix, 3, 7, lengths=np.linalg.norm(matrix, axis=1))
    np.testing.assert_array_equal(plain[0], given[0])
    np.testing.assert_array_equal(plain[1], given[1])


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_spoken_vectors_have_the_geometry_of_their_logits(metric):
    vectors, unembed = cloud(50, 6), cloud(80, 6, seed=1) * np.linspace(0.2, 3, 6)
    logits = vectors @ unembed.T  # (50, 80)
    short, long = nearest(to_logit_geometry(vectors, unembed), 4, 49, metric), nearest(logits, 4, 49, metric)
    np.testing.assert_array_equal(short[0], long[0])
    np.testing.assert_allclose(short[1], long[1], atol=1e-9)
    assert to_logit_geometry(vectors, unembed).shape == vectors.shape


def test_spoken_rows_are_those_of_the_model():
    import torch

    from core.analysis.embeddings.words import spoken_rows
    from core.model import ModelConfig, Transformer

    for norm in ("rmsnorm", "layernorm"):
        model = Transformer(
            ModelConfig(
                vocab_size=30, context_length=8, n_layers=1, n_heads=2, d_model=8, norm=norm, tie_embeddings=False
            )
        )
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for weight in model.parameters():
                weight.normal_(0, 1, generator=generator)
            logits = model.unembed(model.ln_final(model.embed.weight)).numpy()  # (30, 30)
        rows = spoken_rows(model)
        np.testing.assert_allclose(rows @ rows.T, logits @ logits.T, rtol=1e-3, atol=1e-2)
