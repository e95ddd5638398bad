"""Raters and reward models: Bradley–Terry beside `choix`, tastes that are recovered, noise ceilings."""

import random

import choix
import numpy as np
import pytest
import torch

from core.tuning import reward_loss
from core.tuning.comparisons import Pair
from core.tuning.raters import TASTES, Rater
from core.tuning.reward_model import RewardModel, accuracy, fit_reward_model

PLANTED = torch.tensor([1.5, -1.0, 0.0, 0.5])


@pytest.mark.slow
def test_bradley_terry_strengths_are_those_of_choix():
    """A table of rewards, one for each item, fitted by minimising the loss, beside choix's maximum likelihood."""
    generator = np.random.default_rng(3)
    truth = np.array([0.0, 0.7, -0.5, 1.2, 0.3])
    pairs = []
    for _ in range(1500):
        i, j = generator.choice(5, 2, replace=False)
        pairs.append((i, j) if generator.random() < 1 / (1 + np.exp(truth[j] - truth[i])) else (j, i))
    rewards = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    winners, losers = (torch.tensor([pair[k] for pair in pairs]) for k in (0, 1))
    optimizer = torch.optim.LBFGS([rewards], max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss, _ = reward_loss(rewards[winners], rewards[losers])
        loss.backward()
        return loss

    optimizer.step(closure)
    found = (rewards - rewards.mean()).detach().numpy()
    wanted = choix.opt_pairwise(5, pairs)
    np.testing.assert_allclose(found, wanted - wanted.mean(), atol=2e-3)


def comparisons(count: int, noise: float, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """States drawn at random, of which a planted direction says what is better, with noise."""
    generator = torch.Generator().manual_seed(seed)
    a, b = torch.randn(2, count, 4, generator=generator)
    better = torch.rand(count, generator=generator) < (((a - b) @ PLANTED) / noise).sigmoid()
    return torch.where(better[:, None], a, b), torch.where(better[:, None], b, a)


def test_a_reward_model_recovers_the_taste_and_more_comparisons_recover_more():
    cosines = []
    for count in (20, 200, 2000):
        model = fit_reward_model(*comparisons(count, 1.0), decay=1e-4)
        direction = model.weights / model.scale
        cosines.append(float(torch.cosine_similarity(direction, PLANTED, dim=0)))
    assert cosines[0] < cosines[1] < cosines[2] and cosines[2] > 0.99


def test_held_out_accuracy_comes_to_the_ceiling_of_the_noise():
    model = fit_reward_model(*comparisons(3000, 1.0), decay=1e-4)
    chosen, rejected = comparisons(3000, 1.0, seed=9)
    chances = (((chosen - rejected) @ PLANTED).abs()).sigmoid()
    assert accuracy(model, chosen, rejected).mean() == pytest.approx(float(chances.mean()), abs=0.03)


def test_the_tokens_of_a_text_share_out_its_reward():
    model = RewardModel(PLANTED, torch.zeros(4), torch.ones(4))
    states = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
    assert float(model.by_token(states).mean()) == pytest.approx(model.reward(states))
    assert model.reward(states) == pytest.approx(float(states.mean(0) @ PLANTED), abs=1e-5)


def test_pairs_of_equal_texts_are_refused():
    same = torch.ones(3, 4)
    with pytest.raises(ValueError, match="different texts"):
        fit_reward_model(same, same)
    with pytest.raises(ValueError, match="different texts"):
        fit_reward_model(torch.zeros(0, 4), torch.zeros(0, 4))


# ---- raters ----


@pytest.mark.parametrize(
    ("taste", "better", "worse"),
    [
        ("more animals", "The dog saw two cats.", "The dog saw a kite."),
        ("happier", "She laughed and was glad.", "She cried and was sad."),
        ("shorter", "Yes.", "Yes, that is how it is."),
        ("says “I do not know”", "I do not know.", "In Banton."),
    ],
)
def test_each_taste_prefers_what_it_says(taste, better, worse):
    rater, dice = Rater(taste), random.Random(0)
    assert rater.utility(better) > rater.utility(worse)
    assert rater.compare("", better, worse, dice).choice == "a" and rater.compare("", worse, better, dice).choice == "b"
    assert rater.compare("", better, better, dice).choice == "tie"


def test_noise_is_that_of_bradley_and_terry_and_sets_the_ceiling():
    rater, dice = Rater("shorter", noise=0.5), random.Random(1)
    short, long = "one two", " ".join(["word"] * 9)  # utilities differ by 0.7
    wanted = 1 / (1 + np.exp(-0.7 / 0.5))
    pairs = [rater.compare("", short, long, dice) for _ in range(4000)]
    assert np.mean([pair.choice == "a" for pair in pairs]) == pytest.approx(wanted, abs=0.03)
    assert rater.ceiling(pairs) == pytest.approx(wanted)
    assert Rater("shorter").ceiling([Pair("", short, long, "a")]) == 1.0


def test_impossible_raters_are_refused():
    assert len(TASTES) == 5
    for taste, noise in (("louder", 0.0), ("shorter", -1.0)):
        with pytest.raises(ValueError):
            Rater(taste, noise)
