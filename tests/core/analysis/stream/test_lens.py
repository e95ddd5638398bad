"""The logit lens against the model's own output and against the formula in NumPy."""

import numpy as np
import pytest
import torch

from core.analysis.stream.lens import logit_lens
from core.model import ModelConfig, Transformer, run_trace

IDS = [3, 1, 4, 1, 5, 9, 2, 6]


@pytest.fixture(scope="module", params=["rmsnorm", "layernorm"])
def model(request) -> Transformer:
    model = Transformer(
        ModelConfig(
            vocab_size=30, context_length=16, n_layers=3, n_heads=2, n_kv_heads=2, d_model=12, d_mlp=24, d_head=6,
            norm=request.param, norm_eps=1e-5, position="rotary", rope_theta=10000.0, activation="gelu",
            tie_embeddings=False, bias=True, qk_norm=False,
        )
    )  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    return model


@pytest.mark.parametrize("chosen", [None, 7, [0, 29, 3, 3, 8, 1, 2, 5]])
def test_the_last_row_is_the_models_own_output(model, chosen):
    trace = run_trace(model, IDS)
    lens = logit_lens(model, trace, chosen)
    probs = trace.probs.numpy()
    wanted = np.broadcast_to(probs.argmax(axis=1) if chosen is None else chosen, len(IDS))
    np.testing.assert_array_equal(lens.top[-1], probs.argmax(axis=1))
    np.testing.assert_allclose(lens.top_probability[-1], probs.max(axis=1), rtol=1e-4)
    np.testing.assert_allclose(lens.probability[-1], probs[np.arange(8), wanted], rtol=1e-4)
    order = (-trace.logits.numpy()).argsort(axis=1, kind="stable")
    assert lens.rank[-1].tolist() == [row.tolist().index(token) for row, token in zip(order, wanted, strict=True)]
    np.testing.assert_allclose(lens.entropy[-1], -(probs * np.log(probs)).sum(axis=1), rtol=1e-4)
    np.testing.assert_allclose(lens.kl[-1], 0, atol=1e-6)
    if chosen is None:
        assert not lens.rank[-1].any()


def test_every_row_follows_the_formula(model):
    trace = run_trace(model, IDS)
    lens = logit_lens(model, trace, 7)
    output = trace.probs.double().numpy()
    assert {field.shape for field in vars(lens).values()} == {(4, 8)}
    for row, stream in enumerate([trace.resid_pre[0], *trace.resid_post]):
        x = stream.double().numpy()
        if model.config.norm == "layernorm":
            x = x - x.mean(axis=1, keepdims=True)
        x = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-5) * model.ln_final.weight.detach().numpy()
        if model.config.norm == "layernorm":
            x = x + model.ln_final.bias.detach().numpy()
        logits = x @ model.unembed.weight.detach().double().numpy().T
        probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_array_equal(lens.top[row], probs.argmax(axis=1))
        np.testing.assert_allclose(lens.top_probability[row], probs.max(axis=1), rtol=1e-4)
        np.testing.assert_allclose(lens.probability[row], probs[:, 7], rtol=1e-4)
        np.testing.assert_array_equal(lens.rank[row], (logits > logits[:, 7:8]).sum(axis=1))
        np.testing.assert_allclose(lens.entropy[row], -(probs * np.log(probs)).sum(axis=1), rtol=1e-4)
        np.testing.assert_allclose(lens.kl[row], (output * np.log(output / probs)).sum(axis=1), rtol=1e-3, atol=1e-5)


def test_an_untrained_model_ranks_equals_by_id():
    model = Transformer(ModelConfig(vocab_size=9, context_length=8, n_layers=1, n_heads=1, n_kv_heads=1, d_model=4,
                                    d_mlp=8, d_head=4, norm="rmsnorm", norm_eps=1e-5, position="rotary",
                                    rope_theta=10000.0, activation="relu2", tie_embeddings=False, bias=False,
                                    qk_norm=True))  # fmt: skip
    lens = logit_lens(model, run_trace(model, [1, 2]), 5)  # the unembedding starts at zero: all nine are equal
    assert (lens.rank == 5).all() and (lens.top == 0).all()
    np.testing.assert_allclose(lens.probability, 1 / 9, rtol=1e-6)
    np.testing.assert_allclose(lens.entropy, np.log(9), rtol=1e-6)
    np.testing.assert_allclose(lens.kl, 0, atol=1e-6)


@pytest.mark.parametrize("chosen", [-1, 30, [0] * 7 + [30]])
def test_a_token_outside_the_vocabulary_is_refused(model, chosen):
    with pytest.raises(ValueError, match="between 0 and 29"):
        logit_lens(model, run_trace(model, IDS), chosen)


def test_too_few_chosen_tokens_are_refused(model):
    with pytest.raises(ValueError, match="each of the 8 positions"):
        logit_lens(model, run_trace(model, IDS), [1, 2])
