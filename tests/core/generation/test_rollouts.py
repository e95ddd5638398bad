"""Rollouts: what each row would get alone, whatever the lengths around it; drawn from the model's own distribution."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.generation.rollouts import draw_rows, rollouts
from core.generation.streaming import greedy_batch
from tests.core.model.models import SIZES, make

V, LIMIT = SIZES["vocab_size"], SIZES["context_length"]
PROMPTS = st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=LIMIT), min_size=1, max_size=7)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(PROMPTS, st.integers(0, 9), st.sampled_from(["qwen3", "gpt2"]))
def test_each_row_is_what_it_would_be_alone(prompts, most, family):
    model, seeds = make(family), [11 + i for i in range(len(prompts))]
    together = rollouts(model, prompts, seeds, most, stop=(3, 5))
    for ids, seed, found in zip(prompts, seeds, together, strict=True):
        (alone,) = rollouts(model, [ids], [seed], most, stop=(3, 5))
        assert found.ids == alone.ids and found.ended == alone.ended
        assert len(found.ids) <= min(most, LIMIT + 1 - len(ids))
        assert not set(found.ids[:-1]) & {3, 5} and found.ended == bool(found.ids and found.ids[-1] in (3, 5))


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(PROMPTS, st.integers(0, 9))
def test_without_temperature_it_is_greedy_decoding(prompts, most):
    found = rollouts(make("qwen3"), prompts, [0] * len(prompts), most, temperature=0, stop=(3,))
    assert [list(sample.ids) for sample in found] == greedy_batch(make("qwen3"), prompts, most, (3,))


def test_log_probabilities_are_those_of_one_pass_over_the_whole():
    model, prompts = make("qwen3"), [[1, 2, 3, 4, 5], [6], [7, 8]]
    for ids, sample in zip(prompts, rollouts(model, prompts, [1, 2, 3], 6, temperature=0.7), strict=True):
        whole = torch.tensor([[*ids, *sample.ids]])
        log_probs = model(whole)[0, :-1].log_softmax(-1).gather(1, whole[0, 1:, None])[:, 0]
        torch.testing.assert_close(torch.tensor(sample.log_probs), log_probs[len(ids) - 1 :], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_draws_follow_the_distribution(temperature):
    logits = torch.tensor([[0.3, -1.0, 2.0, 0.0, -5.0]]).expand(40_000, 5)
    drawn, _ = draw_rows(logits, torch.from_numpy(np.random.default_rng(0).random(40_000)), temperature)
    wanted = (logits[0] / temperature).softmax(0).numpy()
    np.testing.assert_allclose(np.bincount(drawn, minlength=5) / 40_000, wanted, atol=0.01)
    edge, _ = draw_rows(logits[:2], torch.tensor([0.0, 1 - 2**-53], dtype=torch.float64), temperature)
    assert edge == [0, 4]


def test_impossible_prompts_are_refused():
    with pytest.raises(ValueError, match="1 to 24 tokens"):
        rollouts(make("qwen3"), [[1], []], [0, 1], 3)
    with pytest.raises(ValueError, match="1 to 24 tokens"):
        rollouts(make("qwen3"), [[1] * 25], [0], 3)
    assert rollouts(make("qwen3"), [], [], 3) == []
