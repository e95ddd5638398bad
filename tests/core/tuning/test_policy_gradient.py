"""REINFORCE and the bandit: gradients beside the exact one, and policies beside the known optimum."""

import itertools

import pytest
import torch

from core.tuning.bandit import METHODS, grpo_rest, objective, optimum, train_bandit
from core.tuning.reinforce import leave_one_out_advantages, reinforce_loss

REFERENCE = torch.tensor([0.4, 0.3, 0.2, 0.1])
REWARDS = torch.tensor([0.0, 1.0, 0.5, 2.0])


def test_advantages_leave_the_answer_itself_out():
    rewards = torch.tensor([[1.0, 4.0, 7.0], [2.0, 2.0, 2.0]])
    wanted = torch.tensor([[1 - 5.5, 4 - 4.0, 7 - 2.5], [0.0, 0.0, 0.0]])
    torch.testing.assert_close(leave_one_out_advantages(rewards), wanted)
    with pytest.raises(ValueError, match="at least two"):
        leave_one_out_advantages(torch.ones(3, 1))


def test_the_mean_gradient_over_all_groups_is_that_of_the_expected_reward():
    """Every group of two answers, weighted by its probability: no sampling."""
    logits = REFERENCE.double().log().requires_grad_()
    rewards, probs = REWARDS.double(), logits.softmax(-1)
    (exact,) = torch.autograd.grad((probs * rewards).sum(), logits, retain_graph=True)
    total = torch.zeros_like(exact)
    for group in itertools.product(range(4), repeat=2):
        drawn = torch.tensor(group)
        loss = reinforce_loss(logits.log_softmax(-1)[drawn], leave_one_out_advantages(rewards[drawn][None])[0])
        (gradient,) = torch.autograd.grad(loss, logits)
        total += probs.detach()[drawn].prod() * gradient
    torch.testing.assert_close(-total, exact, atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("beta", [0.3, 1.0, 5.0])
def test_nothing_beats_the_optimum_and_its_value_is_the_log_of_the_normaliser(beta):
    best = optimum(REFERENCE, REWARDS, beta)
    value = objective(best, REFERENCE, REWARDS, beta)
    normaliser = (REFERENCE * (REWARDS / beta).exp()).sum()
    torch.testing.assert_close(value, beta * normaliser.log(), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(best, REFERENCE * (REWARDS / beta).exp() / normaliser, atol=1e-6, rtol=1e-5)
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        other = torch.randn(4, generator=generator).softmax(-1)
        assert objective(other, REFERENCE, REWARDS, beta) <= value + 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "group", "near"), [("exact", 8, 0.005), ("reinforce", 64, 0.06), ("dpo", 256, 0.08)]
)
def test_every_method_finds_the_known_optimum(method, group, near):
    *_, last = train_bandit(method, REFERENCE, REWARDS, 1.0, 500, group=group, lr=0.02)
    best = optimum(REFERENCE, REWARDS, 1.0)
    assert 0.5 * float((last - best).abs().sum()) < near  # total variation
    assert 0.5 * float((REFERENCE - best).abs().sum()) > 0.25


@pytest.mark.slow
def test_grpo_rests_where_its_own_gradient_vanishes_not_at_the_optimum():
    """Its penalty k3, taken as a loss, pulls towards the reference in the other direction of the KL."""
    *_, last = train_bandit("grpo", REFERENCE, REWARDS, 1.0, 500, group=64, lr=0.02)
    rest, best = grpo_rest(REFERENCE, REWARDS, 1.0), optimum(REFERENCE, REWARDS, 1.0)
    assert 0.5 * float((last - rest).abs().sum()) < 0.06 < 0.5 * float((rest - best).abs().sum())
    mean = float((rest * REWARDS).sum())
    torch.testing.assert_close(rest * (REWARDS - mean) + 1.0 * (REFERENCE - rest), torch.zeros(4), atol=1e-5, rtol=0)


def test_methods_that_do_not_exist_are_refused():
    assert len(METHODS) == 4
    with pytest.raises(ValueError, match="method"):
        next(train_bandit("ppo", REFERENCE, REWARDS, 1.0, 1))
