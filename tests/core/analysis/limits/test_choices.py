"""Many answers at once, against each read on its own."""

import numpy as np
import pytest
import torch

from core.analysis.limits.choices import answer_log_probs, tree_of
from core.model import ModelConfig, Transformer

PROMPTS = [[1, 2, 3], [4, 5], [3, 3, 3], [9, 8]]
ANSWERS = [[1, 2], [1, 3, 4], [1, 3, 5], [7], [8, 1, 1, 1]]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    found = Transformer(ModelConfig(vocab_size=12, context_length=16, n_layers=2, n_heads=2, d_model=16))
    with torch.no_grad():
        for weight in found.parameters():
            weight.normal_(0, 0.5)
    return found.requires_grad_(False).eval()


def alone(model, prompt, answer):
    log_probs = model(torch.tensor([[*prompt, *answer]]))[0].double().log_softmax(-1)
    return sum(float(log_probs[len(prompt) - 1 + i, id]) for i, id in enumerate(answer))


def test_each_is_what_it_is_alone(model):
    found = answer_log_probs(model, PROMPTS, ANSWERS, least=1e-300)
    expected = [[alone(model, prompt, answer) for answer in ANSWERS] for prompt in PROMPTS]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_is_not_followed_shares_what_its_beginning_has(model):
    found = np.exp(answer_log_probs(model, PROMPTS, ANSWERS, least=0.99))
    for row, prompt in zip(found, PROMPTS, strict=True):
        first = np.exp(alone(model, prompt, [1]))
        np.testing.assert_allclose(row[:3], first / 3, rtol=1e-5)
        assert row[3] == pytest.approx(np.exp(alone(model, prompt, [7])), rel=1e-5)


@pytest.mark.parametrize("answers", [[[1], [1, 2]], [[1, 2], [1]], [[1], [1]], [[]]])
def test_answers_must_exclude_one_another(answers):
    with pytest.raises(ValueError):
        tree_of(answers)
