"""A word's way through the layers, against sums by hand."""

import numpy as np
import pytest
import torch

from core.analysis.embeddings.context import paths, shared_words, stream
from core.model import ModelConfig, Transformer, run_trace


def traces(first: list[int], second: list[int]):
    model = Transformer(ModelConfig(vocab_size=20, context_length=16, n_layers=3, n_heads=2, d_model=8))
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 0.6, generator=generator)
    return run_trace(model, first), run_trace(model, second)


def cosine(a, b) -> float:
    return float(a @ b / (a.norm() * b.norm()))


def test_similarity_by_layer():
    one, two = traces([0, 3, 4, 5], [0, 7, 8, 5, 9])
    found = paths(one, two, (3, 3))
    assert found.similarity[0] == pytest.approx(1)  # before the first block the same word is the same vector
    for layer in range(3):
        a, b = one.resid_post[layer], two.resid_post[layer]
        assert found.similarity[layer + 1] == pytest.approx(cosine(a[3], b[3]), abs=1e-5)
        rest = np.mean([cosine(a[3], b[i]) for i in (1, 2, 4)])
        assert found.others[layer + 1] == pytest.approx(rest, abs=1e-5)
    assert found.points.shape == (2, 4, 2) and found.explained.sum() <= 1 + 1e-9
    np.testing.assert_allclose(found.points[0, 0], found.points[1, 0], atol=1e-6)


def test_what_comes_later_changes_nothing():
    one, two = traces([0, 3, 4, 5, 6, 7], [0, 3, 4, 5, 9, 10, 11])
    np.testing.assert_allclose(paths(one, two, (3, 3)).similarity, 1, atol=1e-6)
    assert paths(one, two, (5, 6)).similarity[-1] < 0.999


def test_vectors_have_length_one():
    one, _ = traces([0, 3, 4], [0])
    np.testing.assert_allclose(np.linalg.norm(stream(one), axis=-1), 1)
    lonely = paths(*traces([0, 3], [0, 3]), (1, 1))
    assert np.isnan(lonely.others).all()


def test_shared_words_are_the_last_of_each_kind():
    assert shared_words([0, 5, 6, 5, 7], [0, 7, 5, 8]) == [(3, 2), (4, 1)]
    assert shared_words([0, 1], [0, 2]) == []
