"""Positions taken away, moved and measured, against the model's own forward pass and closed forms."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from core.analysis.embeddings.positions import (
    effect,
    energy,
    frequencies,
    move_positions,
    preference,
    rotate,
    similarity,
    upright,
)
from core.model import ModelConfig, Transformer, run_trace
from core.model.transformer import rotary_tables


def model_of(position: str = "rotary", **fields) -> Transformer:
    model = Transformer(
        ModelConfig(vocab_size=40, context_length=32, n_layers=2, n_heads=2, d_model=16, position=position, **fields)
    )
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 0.5, generator=generator)
    return model.requires_grad_(False).eval()


def ids(length: int = 12) -> torch.Tensor:
    return torch.randint(0, 40, (length,), generator=torch.Generator().manual_seed(1))


def nowhere(model: Transformer) -> Transformer:
    """The same weights in a model that was built without positions."""
    bare = Transformer(dataclasses.replace(model.config, position="none"), seed=None)
    bare.load_state_dict({name: w for name, w in model.state_dict().items() if not name.startswith("pos_embed")})
    return bare.requires_grad_(False).eval()


@pytest.mark.parametrize(
    "fields", [{"position": "rotary"}, {"position": "rotary", "n_kv_heads": 1}, {"position": "learned"}]
)
def test_removed_positions_are_those_of_a_model_built_without(fields):
    model = model_of(**fields)
    found = run_trace(model, ids(), move_positions(model, None))
    np.testing.assert_allclose(found.logits, run_trace(nowhere(model), ids()).logits, atol=1e-4)
    assert not np.allclose(found.logits, run_trace(model, ids()).logits, atol=1e-2)


def test_tokens_moved_where_they_stand_change_nothing():
    for position in ("rotary", "learned", "none"):
        model = model_of(position)
        here = run_trace(model, ids(), move_positions(model, torch.arange(12)))
        np.testing.assert_allclose(here.logits, run_trace(model, ids()).logits, atol=1e-5)


def test_rotary_positions_are_relative_and_learned_ones_are_not():
    rotary, learned = model_of("rotary"), model_of("learned")
    later = torch.arange(12) + 17
    plain = run_trace(rotary, ids())
    np.testing.assert_allclose(run_trace(rotary, ids(), move_positions(rotary, later)).logits, plain.logits, atol=1e-4)
    far = run_trace(learned, ids(), move_positions(learned, later)).logits
    assert (far - run_trace(learned, ids()).logits).abs().max() > 0.1


def test_moved_learned_positions_take_those_rows():
    model = model_of("learned")
    trace = run_trace(model, ids(), move_positions(model, torch.arange(11, -1, -1)))
    assert trace.pos_embed is not None
    np.testing.assert_array_equal(trace.pos_embed, model.pos_embed.weight[:12].flip(0))
    for wrong in (torch.arange(12) + 30, torch.arange(12) / 2, torch.arange(12) - 1):
        with pytest.raises(ValueError, match="whole numbers from 0 to 31"):
            move_positions(model, wrong)


def test_frequencies_are_those_of_the_model():
    config = model_of().config
    cos, sin = rotary_tables(config)
    angles = np.outer(np.arange(config.context_length), frequencies(config))
    np.testing.assert_allclose(cos[:, :4], np.cos(angles), atol=1e-6)
    np.testing.assert_allclose(sin[:, 4:], np.sin(angles), atol=1e-6)
    with pytest.raises(ValueError, match="learned"):
        frequencies(model_of("learned").config)


def test_a_quarter_turn():
    turned = rotate(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), torch.tensor([[math.pi / 2, 0.0]]))
    np.testing.assert_allclose(turned, [[-3, 2, 1, 4]], atol=1e-6)


def test_preference_is_the_mean_score_at_that_distance():
    model = model_of()
    trace = run_trace(model, ids())
    q, k = upright(trace, model.config)
    found = preference(trace, model.config, 1, 0, 9)
    for back in range(9):
        one = rotate(q[1, 0], torch.from_numpy(np.outer(np.full(12, back), frequencies(model.config))))
        mean = (one @ k[1, 0].T / math.sqrt(model.config.d_head)).mean()
        assert found[back] == pytest.approx(float(mean), abs=1e-5)


def test_upright_queries_and_keys_give_the_scores_back():
    model = model_of()
    trace = run_trace(model, ids())
    q, k = upright(trace, model.config)
    for m, n in ((5, 2), (11, 0), (3, 3)):
        angle = torch.from_numpy((m - n) * frequencies(model.config))[None]
        score = (rotate(q[0, 1, m][None], angle) * k[0, 1, n]).sum() / math.sqrt(model.config.d_head)
        assert float(score) == pytest.approx(float(trace.attn_scores[0, 1, m, n]), abs=1e-4)
    assert energy(trace, model.config, 0, 1).shape == (4,) and (energy(trace, model.config, 0, 1) > 0).all()


def test_similarity_of_positions():
    model = model_of()
    found, turns = similarity(model, 20), frequencies(model.config)
    vector = torch.ones(1, model.config.d_head)
    for m, n in ((0, 0), (7, 3), (19, 1)):
        a, b = (rotate(vector, torch.from_numpy(p * turns)[None])[0] for p in (m, n))
        assert found[m, n] == pytest.approx(float(torch.cosine_similarity(a, b, dim=0)), abs=1e-5)
    learned = model_of("learned")
    rows = learned.pos_embed.weight
    expected = torch.cosine_similarity(rows[4], rows[9], dim=0)
    assert similarity(learned, 12)[4, 9] == pytest.approx(float(expected), abs=1e-6)
    assert (similarity(model_of("none"), 5) == 1).all()


def test_effect_reads_the_losses_of_the_text():
    model = model_of()
    trace = run_trace(model, ids())
    found = effect(model, trace, None)
    assert found.losses.shape == (2, 11) and found.probs.shape == (2, 40)
    after = trace.probs[4, trace.ids[5]]
    assert found.losses[0, 4] == pytest.approx(-math.log(after), abs=1e-5)
    np.testing.assert_allclose(found.probs[1], run_trace(nowhere(model), ids()).probs[-1], atol=1e-5)
