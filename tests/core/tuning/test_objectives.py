"""The objectives against their formulas written out in plain Python, closed forms, and finite differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.tuning import (
    dpo_loss,
    exact_kl,
    grpo_advantages,
    grpo_loss,
    kl_estimates,
    reward_loss,
    sequence_log_probs,
    token_log_probs,
)  # fmt: skip
from core.tuning.log_probs import IGNORE

NATS = st.floats(-30, -0.1)


def sigma(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# ---- log-probabilities ----


def test_log_probabilities_are_those_of_the_softmax_one_position_at_a_time():
    logits, targets = random(3, 5, 7).float(), torch.randint(0, 7, (3, 5), generator=torch.Generator().manual_seed(1))
    targets[0, 2:] = IGNORE
    targets[2, 0] = IGNORE
    found = token_log_probs(logits, targets)
    for b in range(3):
        for t in range(5):
            row = [float(x) for x in logits[b, t]]
            target = int(targets[b, t])
            wanted = 0.0 if target == IGNORE else row[target] - math.log(sum(map(math.exp, row)))
            assert float(found[b, t]) == pytest.approx(wanted, abs=1e-5)
    torch.testing.assert_close(sequence_log_probs(logits, targets), found.sum(1))


# ---- DPO ----


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NATS, NATS, NATS, NATS), min_size=1, max_size=5), st.floats(0.01, 2))
def test_dpo_is_equation_7(pairs, beta):
    columns = [torch.tensor(column, dtype=torch.float64) for column in zip(*pairs, strict=True)]
    loss, told = dpo_loss(*columns, beta)
    margins = [beta * ((pc - rc) - (pr - rr)) for pc, pr, rc, rr in pairs]
    assert float(loss) == pytest.approx(sum(math.log1p(math.exp(-m)) for m in margins) / len(pairs), rel=1e-9)
    assert told["rewards_margin"] == pytest.approx(told["rewards_chosen"] - told["rewards_rejected"], abs=1e-9)
    assert told["rewards_margin"] == pytest.approx(sum(margins) / len(pairs), rel=1e-9, abs=1e-12)
    assert told["accuracy"] == pytest.approx(sum(m > 0 for m in margins) / len(pairs))
    assert told["log_probs_chosen"] == pytest.approx(sum(p[0] for p in pairs) / len(pairs))
    assert told["log_probs_rejected"] == pytest.approx(sum(p[1] for p in pairs) / len(pairs))


def test_dpo_is_ln_2_while_the_policy_is_the_reference():
    chosen, rejected = -random(4).abs(), -random(4, seed=1).abs()
    assert float(dpo_loss(chosen, rejected, chosen, rejected, 0.3)[0]) == pytest.approx(math.log(2))


def test_the_gradient_of_dpo_is_that_of_the_paper():
    """Section 4: -β σ(r(rejected) - r(chosen)) [∇ log π(chosen) - ∇ log π(rejected)], here over the mean of B pairs."""
    pc, pr, rc, rr = (-random(6, seed=i).abs() * 5 for i in range(4))
    beta = 0.7
    worse = (beta * ((pr - rr) - (pc - rc))).tolist()
    pc.requires_grad_(), pr.requires_grad_()
    dpo_loss(pc, pr, rc, rr, beta)[0].backward()
    on_chosen, on_rejected = pc.grad, pr.grad
    weight = torch.tensor([sigma(x) for x in worse], dtype=torch.float64)
    torch.testing.assert_close(on_chosen, -beta * weight / 6)
    torch.testing.assert_close(on_rejected, beta * weight / 6)


def test_the_gradient_of_dpo_agrees_with_finite_differences():
    numbers = [(-random(5, seed=i).abs() * 3).requires_grad_(i < 2) for i in range(4)]
    assert torch.autograd.gradcheck(lambda c, r: dpo_loss(c, r, *numbers[2:], 0.4)[0], numbers[:2])


# ---- reward model ----


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=6), st.floats(0, 1))
def test_the_reward_loss_is_that_of_bradley_and_terry(pairs, centring):
    chosen, rejected = (torch.tensor(column, dtype=torch.float64) for column in zip(*pairs, strict=True))
    loss, told = reward_loss(chosen, rejected, centring)
    wanted = [-math.log(math.exp(c) / (math.exp(c) + math.exp(r))) + centring * (c + r) ** 2 for c, r in pairs]
    assert float(loss) == pytest.approx(sum(wanted) / len(pairs), rel=1e-6, abs=1e-9)
    assert told["accuracy"] == pytest.approx(sum(c > r for c, r in pairs) / len(pairs))


def test_the_reward_loss_is_least_where_it_predicts_the_shares_that_were_seen():
    """Of 100 comparisons of one pair 73 went one way: the difference of rewards is then ln(73 / 27)."""
    difference = torch.zeros((), dtype=torch.float64, requires_grad=True)
    signs = torch.tensor([1.0] * 73 + [-1.0] * 27, dtype=torch.float64)
    optimizer = torch.optim.LBFGS([difference], max_iter=100, tolerance_grad=1e-12)

    def closure():
        optimizer.zero_grad()
        loss, _ = reward_loss(signs * difference, torch.zeros(100, dtype=torch.float64))
        loss.backward()
        return loss

    optimizer.step(closure)
    assert float(difference.detach()) == pytest.approx(math.log(73 / 27), abs=1e-6)


# ---- KL ----


def test_the_exact_kl_is_the_sum_over_the_vocabulary():
    p, q = random(4, 9), random(4, 9, seed=1)
    for i in range(4):
        a, b = (np.exp(x[i].numpy()) / np.exp(x[i].numpy()).sum() for x in (p, q))
        assert float(exact_kl(p, q)[i]) == pytest.approx(float((a * np.log(a / b)).sum()), rel=1e-5)
    assert float(exact_kl(p, p).abs().max()) < 1e-6


def test_the_estimators_have_the_means_that_theory_says():
    """Expectations under the policy, summed over all tokens instead of sampled: k1 and k3 give the KL, k2 does not."""
    p, q = random(9).log_softmax(0), random(9, seed=1).log_softmax(0)
    k1, k2, k3 = kl_estimates(p, q)
    exact = float((p.exp() * (p - q)).sum())
    assert float((p.exp() * k1).sum()) == pytest.approx(exact)
    assert float((p.exp() * k3).sum()) == pytest.approx(exact)
    assert float((p.exp() * k2).sum()) == pytest.approx(float((p.exp() * (p - q) ** 2 / 2).sum()))
    assert float((p.exp() * k2).sum()) != pytest.approx(exact, rel=0.01)
    assert bool((k3 >= 0).all()) and bool((k2 >= 0).all()) and bool((k1 < 0).any())


# ---- GRPO ----


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(-3, 3), min_size=4, max_size=4), min_size=1, max_size=3))
def test_advantages_are_standardised_group_by_group(rewards):
    given_ = torch.tensor(rewards, dtype=torch.float64)
    found, centred = grpo_advantages(given_), grpo_advantages(given_, scale=False)
    for p, group in enumerate(rewards):
        mean = sum(group) / 4
        std = math.sqrt(sum((r - mean) ** 2 for r in group) / 3)
        for g, r in enumerate(group):
            assert float(found[p, g]) == pytest.approx((r - mean) / (std + 1e-4), rel=1e-6, abs=1e-7)
            assert float(centred[p, g]) == pytest.approx(r - mean, abs=1e-9)


def test_a_group_without_variance_has_no_advantage_and_one_answer_is_no_group():
    assert float(grpo_advantages(torch.full((2, 8), 0.7)).abs().max()) < 1e-2
    with pytest.raises(ValueError, match="at least two rewards"):
        grpo_advantages(torch.ones(4, 1))


def answers(seed: int = 0):
    """Three answers of 4, 2 and 1 tokens: log-probabilities now, when drawn, of the reference; mask; advantages."""
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 1]], dtype=torch.float64)
    now, old, ref = (-(random(3, 4, seed=seed + i).abs() + 0.1) * mask for i in range(3))
    return now, old, ref, mask, torch.tensor([1.3, -0.8, 0.4], dtype=torch.float64)


def test_grpo_is_equation_3_token_by_token():
    for seed in range(5):
        now, old, ref, mask, advantages = answers(10 * seed)
        loss, told = grpo_loss(now, old, ref, advantages, mask, epsilon=0.2, beta=0.3)
        total, kl_total = 0.0, 0.0
        for i in range(3):
            own, kls = [], []
            for t in range(4):
                if not mask[i, t]:
                    continue
                ratio, a = math.exp(now[i, t] - old[i, t]), float(advantages[i])
                r = math.exp(ref[i, t] - now[i, t])
                kls.append(r - math.log(r) - 1)
                own.append(min(ratio * a, min(max(ratio, 0.8), 1.2) * a) - 0.3 * kls[-1])
            total += sum(own) / len(own)
            kl_total += sum(kls) / len(kls)
        assert float(loss) == pytest.approx(-total / 3)
        assert told["kl"] == pytest.approx(kl_total / 3)


def test_grpo_does_not_depend_on_what_is_masked():
    now, old, ref, mask, advantages = answers()
    spoilt = torch.where(mask > 0, now, torch.full_like(now, -7.0))
    assert float(grpo_loss(spoilt, old, ref, advantages, mask)[0]) == pytest.approx(
        float(grpo_loss(now, old, ref, advantages, mask)[0])
    )


def test_the_first_gradient_of_grpo_is_the_policy_gradient():
    """Right after drawing, ratio = 1 and reference = policy: the gradient of each token is -A / (length · answers)."""
    now, _, _, mask, advantages = answers()
    free = now.clone().requires_grad_()
    grpo_loss(free, now, now, advantages, mask)[0].backward()
    torch.testing.assert_close(free.grad, -(advantages / mask.sum(1) / 3)[:, None] * mask)
    loss, told = grpo_loss(now, now, now, advantages, mask)
    assert float(loss) == pytest.approx(-float(advantages.mean())) and told["ratio"] == 1 and told["clip_share"] == 0


def test_the_gradient_of_grpo_agrees_with_finite_differences_and_stops_where_it_is_clipped():
    now, old, ref, mask, advantages = answers(3)
    free = now.clone().requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: grpo_loss(x, old, ref, advantages, mask)[0], (free,))
    grpo_loss(free, old, ref, advantages, mask, beta=0.0)[0].backward()
    ratio, a = (now - old).exp(), advantages[:, None]
    clipped = (((ratio > 1.2) & (a > 0)) | ((ratio < 0.8) & (a < 0))) & (mask > 0)
    assert bool(clipped.any()) and bool((free.grad[clipped] == 0).all())
    assert bool((free.grad[(mask > 0) & ~clipped] != 0).all())


# ---- a policy whose best is known ----


@pytest.mark.slow
def test_policy_gradient_finds_the_known_optimum_of_a_bandit():
    """With a penalty β on KL(π ‖ π_ref), the best policy is π_ref · exp(r / β), normalised. The expected gradient of
    GRPO's loss over all arms, with the reward less that penalty as advantage, leads there."""
    ref, reward, beta = random(6).log_softmax(0), random(6, seed=1), 0.5
    wanted = (ref + reward / beta).softmax(0)
    logits = ref.clone().requires_grad_(True)
    optimizer = torch.optim.SGD([logits], lr=0.5)
    for _ in range(4000):
        policy = logits.log_softmax(0)
        probs = policy.detach().exp()
        signal = reward - beta * (policy.detach() - ref)
        advantages = (signal - (probs * signal).sum()) * probs * 6  # weights make the mean over arms an expectation
        loss, _ = grpo_loss(policy[:, None], policy.detach()[:, None], ref[:, None], advantages,
                            torch.ones(6, 1, dtype=torch.float64), beta=0.0)  # fmt: skip
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.testing.assert_close(logits.detach().softmax(0), wanted, atol=1e-4, rtol=1e-3)


def test_dpo_finds_the_same_optimum_from_comparisons():
    """Pairs labelled by σ(r₁ - r₂) in expectation: the policy of least loss is π_ref · exp(r / β) too."""
    ref, reward, beta = random(5).log_softmax(0), random(5, seed=1), 0.5
    first, second = torch.triu_indices(5, 5, 1)
    first, second = torch.cat([first, second]), torch.cat([second, first])
    share = torch.sigmoid(reward[first] - reward[second])  # how often the first of each pair wins
    logits = ref.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS([logits], max_iter=500, tolerance_grad=1e-10, tolerance_change=1e-14)

    def closure():
        optimizer.zero_grad()
        policy = logits.log_softmax(0)
        terms = [share[i] * dpo_loss(policy[a : a + 1], policy[b : b + 1], ref[a : a + 1], ref[b : b + 1], beta)[0]
                 for i, (a, b) in enumerate(zip(first.tolist(), second.tolist(), strict=True))]  # fmt: skip
        loss = torch.stack(terms).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    torch.testing.assert_close(logits.detach().softmax(0), (ref + reward / beta).softmax(0), atol=1e-4, rtol=1e-3)
