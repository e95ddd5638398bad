"""Neurons against brute force: every document alone, every activation sorted, every output weight added by hand."""

import numpy as np
import pytest
import torch

from core.analysis.stream import neurons
from core.model import run_trace
from tests.core.model.models import FAMILIES, make
from tests.core.model.reference import Reference


def documents(count: int, seed: int = 0) -> list[list[int]]:
    dice = np.random.default_rng(seed)
    return [dice.integers(0, 37, dice.integers(1, 20)).tolist() for _ in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["ours", "llama", "biased swiglu"])
@pytest.mark.parametrize("limit", [1, 10**9])  # a document at a time, and all at once
def test_scan_finds_what_brute_force_finds(family, limit, monkeypatch):
    monkeypatch.setattr(neurons, "BATCH_NUMBERS", limit)
    model, texts, shares = make(family), documents(9), []
    found = neurons.scan(model, texts, k=4, progress=shares.append)
    assert shares == sorted(shares) and shares[-1] == 1
    each = [run_trace(model, ids).mlp_post.numpy() for ids in texts]  # (L, T, M) of each document
    assert found.tokens == sum(map(len, texts))
    above = sum((post > 0).sum(axis=1) for post in each)
    np.testing.assert_allclose(found.active, above / found.tokens, rtol=1e-6)
    highest = np.stack([post.max(axis=1) for post in each], axis=-1)  # (L, M, documents)
    np.testing.assert_allclose(found.value, -np.sort(-highest, axis=-1)[..., :4], rtol=1e-4, atol=1e-5)
    for layer, neuron, rank in np.ndindex(found.value.shape):
        post = each[found.document[layer, neuron, rank]][layer, :, neuron]
        where = found.position[layer, neuron, rank]
        np.testing.assert_allclose(post[where], found.value[layer, neuron, rank], rtol=1e-4, atol=1e-5)
    for row in found.document.reshape(-1, 4):
        assert len(set(row)) == 4, "at most one place from each document"


def test_fewer_documents_than_places():
    found = neurons.scan(make("ours"), documents(2), k=8)
    assert found.value.shape[-1] == 2 and np.isfinite(found.value).all()


@pytest.mark.parametrize("texts, k", [([], 3), ([[1], []], 3), ([[1]], 0)])
def test_an_impossible_scan_is_refused(texts, k):
    with pytest.raises(ValueError, match="at least one document"):
        neurons.scan(make("ours"), texts, k=k)


@pytest.mark.parametrize("family", FAMILIES)
def test_activations_and_writes_are_those_of_the_trace(family):
    model, ids = make(family), documents(1)[0]
    trace, last = run_trace(model, ids), make(family).config.n_layers - 1
    np.testing.assert_array_equal(neurons.activations(model, ids, last, 5), trace.mlp_post[last, :, 5])
    written = neurons.writes(model, trace, 2)
    vector = model.blocks[last].mlp.w_out.weight[:, 5] * trace.mlp_post[last, 2, 5]  # what neuron 5 adds to the stream
    np.testing.assert_allclose(written[last, 5], vector.norm(), rtol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_vocabulary_effect_is_a_unit_more_of_the_neuron(family):
    """In NumPy: the last stream with one unit more of the neuron, the final norm's scale held at 1."""
    model = make(family)
    reference = Reference(model.config.to_dict(), {n: p.numpy() for n, p in model.named_parameters()})
    added = reference.w["blocks.0.mlp.w_out.weight"][:, 3]
    if model.config.norm == "layernorm":
        added = added - added.mean()
    unembed = reference.w["embed.weight" if model.config.tie_embeddings else "unembed.weight"]
    expected = unembed @ (added * reference.w["ln_final.weight"])
    np.testing.assert_allclose(neurons.vocabulary_effect(model, 0, 3), expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="no neuron"):
        neurons.vocabulary_effect(model, 0, model.config.d_mlp)


def test_a_hand_made_neuron_promotes_its_token():
    """A neuron whose output is the unembedding of token 11 asks for token 11, and nothing else as much."""
    model = make("llama")
    with torch.no_grad():
        model.ln_final.weight.fill_(1)
        model.blocks[1].mlp.w_out.weight[:, 4] = model.unembed.weight[11] * 3
    effect = neurons.vocabulary_effect(model, 1, 4)
    np.testing.assert_allclose(effect[11], 3 * model.unembed.weight[11].square().sum(), rtol=1e-5)
    wanted = model.unembed.weight.numpy() @ model.unembed.weight[11].numpy()
    assert effect.argmax() == wanted.argmax() and effect.argmin() == wanted.argmin()
