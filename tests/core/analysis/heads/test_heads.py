"""Head scores on patterns made by hand, and on a model whose head is built to be a previous-token head."""

import numpy as np
import pytest
import torch

from core.analysis.heads import scores as heads
from core.model import ModelConfig, Transformer, run_trace


def looking_back(length: int, offset: int) -> np.ndarray:
    """A pattern (T, T) whose every position looks `offset` back, or at position 0 where that does not exist."""
    pattern = np.zeros((length, length))
    for t in range(length):
        pattern[t, max(t - offset, 0)] = 1.0
    return pattern


def uniform_causal(length: int) -> np.ndarray:
    return np.tril(np.ones((length, length))) / np.arange(1, length + 1)[:, None]


def test_hand_built_patterns_score_one_where_they_should_and_zero_elsewhere():
    half, T = 5, 11  # one starting token, then two copies of five
    patterns = np.stack([looking_back(T, 1), looking_back(T, half), looking_back(T, half - 1), looking_back(T, T)])
    np.testing.assert_allclose(heads.previous_token_score(patterns), [1, 0.1, 0.1, 0.1])  # position 1 has only 0 to see
    np.testing.assert_array_equal(heads.duplicate_score(patterns, half), [0, 1, 0, 0])
    np.testing.assert_array_equal(heads.induction_score(patterns, half), [0, 0, 1, 0])
    np.testing.assert_allclose(heads.first_token_score(patterns), [0.1, 0.5, 0.4, 1])


def test_uniform_attention_scores_its_closed_form():
    pattern = uniform_causal(11)
    later = [1 / (t + 1) for t in range(1, 11)]
    second_copy = [1 / (t + 1) for t in range(6, 11)]
    assert heads.previous_token_score(pattern) == pytest.approx(np.mean(later))
    assert heads.first_token_score(pattern) == pytest.approx(np.mean(later))
    assert heads.duplicate_score(pattern, 5) == pytest.approx(np.mean(second_copy))
    assert heads.induction_score(pattern, 5) == pytest.approx(np.mean(second_copy))


def test_patterns_too_short_to_score_are_refused():
    for score in (heads.previous_token_score, heads.first_token_score):
        with pytest.raises(ValueError):
            score(np.ones((1, 1)))
    for score in (heads.duplicate_score, heads.induction_score):
        with pytest.raises(ValueError, match="two copies"):
            score(looking_back(7, 1), 4)


def test_repeated_sequences_repeat_distinct_tokens():
    ids = heads.repeated_sequences(range(10, 40), 8, 20, seed=3, start=(1, 2))
    assert ids.shape == (20, 18) and (ids[:, :2] == [1, 2]).all()
    np.testing.assert_array_equal(ids[:, 2:10], ids[:, 10:])
    assert all(len(set(row[2:10])) == 8 for row in ids.tolist())
    assert set(ids[:, 2:].ravel().tolist()) <= set(range(10, 40)) and len({tuple(row) for row in ids.tolist()}) == 20
    np.testing.assert_array_equal(ids, heads.repeated_sequences(range(10, 40), 8, 20, seed=3, start=(1, 2)))
    for wrong in ({"half": 31, "cases": 5}, {"half": 1, "cases": 5}, {"half": 5, "cases": 1}):
        with pytest.raises(ValueError, match="need"):
            heads.repeated_sequences(range(10, 40), seed=0, **wrong)


@pytest.mark.parametrize(
    ("freedom", "table"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (9, 2.262), (29, 2.045), (99, 1.984)],
)
def test_students_t_equals_the_printed_table(freedom, table):
    samples = np.random.default_rng(1).normal(size=freedom + 1)
    mean, low, high = heads.mean_interval(samples)
    error = samples.std(ddof=1) / np.sqrt(freedom + 1)
    assert (high - mean) / error == pytest.approx((mean - low) / error) == pytest.approx(table, rel=3e-4)


def test_the_interval_covers_the_mean_as_often_as_it_says():
    samples = np.random.default_rng(0).normal(3.0, 2.0, size=(8, 20_000))
    mean, low, high = heads.mean_interval(samples)
    np.testing.assert_allclose(mean, samples.mean(axis=0))
    assert np.mean((low <= 3) & (high >= 3)) == pytest.approx(0.95, abs=0.006)  # four standard errors
    with pytest.raises(ValueError, match="two cases"):
        heads.mean_interval(samples[:1])


@pytest.fixture(scope="module")
def model() -> Transformer:
    """One layer, two heads over learned positions: head 0 is built to look one position back, head 1 looks evenly."""
    config = ModelConfig(
        vocab_size=40, context_length=24, n_layers=1, n_heads=2, n_kv_heads=2, d_model=64, d_mlp=64, d_head=32,
        norm="rmsnorm", norm_eps=1e-5, position="learned", rope_theta=10000.0, activation="relu2",
        tie_embeddings=False, bias=False, qk_norm=False,
    )  # fmt: skip
    model = Transformer(config)
    attention = model.blocks[0].attn
    with torch.no_grad():
        for parameter in (attention.wq.weight, attention.wk.weight, model.embed.weight, model.pos_embed.weight):
            parameter.zero_()
        model.embed.weight[:, 24:] = torch.randn(40, 40, generator=torch.Generator().manual_seed(0)) * 0.01
        model.pos_embed.weight[torch.arange(24), torch.arange(24)] = 1.0  # position t is the t-th unit vector
        for t in range(1, 24):
            attention.wq.weight[t, t] = 8.0  # head 0: position t asks for the t-th number,
            attention.wk.weight[t, t - 1] = 8.0  # which position t − 1 offers
    return model


def test_a_head_built_to_look_back_is_found(model):
    scores = {score.name: score for score in heads.head_scores(model, half=8, cases=12, seed=1, start=(0,))}
    assert list(scores) == ["previous", "first", "duplicate", "induction"]
    assert all(score.mean.shape == score.low.shape == score.high.shape == (1, 2) for score in scores.values())
    assert all(score.cases == 12 and (score.low <= score.mean).all() for score in scores.values())
    evenly = [1 / (t + 1) for t in range(17)]
    assert scores["previous"].mean[0, 0] > 0.99 and scores["induction"].mean[0, 0] < 0.01
    assert scores["previous"].mean[0, 1] == pytest.approx(np.mean(evenly[1:]), rel=1e-4)
    assert scores["induction"].mean[0, 1] == pytest.approx(np.mean(evenly[9:]), rel=1e-4)


def test_scores_of_a_model_equal_those_of_its_traces():
    torch.manual_seed(0)
    config = ModelConfig(
        vocab_size=40, context_length=24, n_layers=2, n_heads=2, n_kv_heads=1, d_model=16, d_mlp=32, d_head=8,
        norm="rmsnorm", norm_eps=1e-5, position="rotary", rope_theta=10000.0, activation="relu2",
        tie_embeddings=False, bias=False, qk_norm=True,
    )  # fmt: skip
    model = Transformer(config)
    tokens = range(5, 40)
    ids = heads.repeated_sequences(tokens, 10, 6, seed=2, start=(1,))
    found = {s.name: s for s in heads.head_scores(model, half=10, cases=6, seed=2, start=(1,), tokens=tokens)}
    patterns = np.stack([run_trace(model, row).pattern.numpy() for row in ids])  # (6, L, H, T, T)
    mean, low, high = heads.mean_interval(heads.induction_score(patterns, 10))
    np.testing.assert_allclose(found["induction"].mean, mean, rtol=1e-4)
    np.testing.assert_allclose(found["induction"].low, low, rtol=1e-4)
    np.testing.assert_allclose(found["induction"].high, high, rtol=1e-4)
    np.testing.assert_allclose(found["first"].mean, heads.first_token_score(patterns).mean(axis=0), rtol=1e-4)
    with pytest.raises(ValueError, match="do not fit"):
        heads.head_scores(model, half=12, start=(1,))
