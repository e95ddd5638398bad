"""The smallest policy: one prompt, a few answers, a logit for each; what its best policy is, is known.

Maximising E_π[r] - β KL(π ‖ π_ref) has the solution π* ∝ π_ref · exp(r / β) (Rafailov et al. 2023, equation 4; here the
answers can be counted, so the normaliser can). The methods run on it through the same loss functions as on a language
model, whose answers are sequences of tokens: here each answer is one token.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from core.tuning.dpo import dpo_loss
from core.tuning.grpo import grpo_advantages, grpo_loss
from core.tuning.reinforce import leave_one_out_advantages, reinforce_loss

METHODS = ("exact", "reinforce", "grpo", "dpo")


def optimum(reference: Tensor, rewards: Tensor, beta: float) -> Tensor:
    """π* of each answer: reference probabilities and rewards, (K,) each."""
    return (reference.log() + rewards / beta).softmax(-1)


def grpo_rest(reference: Tensor, rewards: Tensor, beta: float) -> Tensor:
    """Where GRPO comes to rest, which is not π*: with k3 as a loss its gradient is that of KL(π_ref ‖ π), the other way
    round (Liu et al. 2025, "Rethinking KL Regularization in RLHF"). There π (c - r) = β π_ref, c = β + E_π[r]."""
    low, high = float(rewards.max()), float(rewards.max()) + beta * len(rewards)
    high = max(high, low + beta + 1.0)
    for _ in range(100):  # the sum falls as c grows, from infinity to below 1
        c = (low + high) / 2
        low, high = (c, high) if float((beta * reference / (c - rewards)).sum()) > 1 else (low, c)
    found = beta * reference / (high - rewards)
    return found / found.sum()


def objective(policy: Tensor, reference: Tensor, rewards: Tensor, beta: float) -> Tensor:
    """E_π[r] - β KL(π ‖ π_ref), of probabilities (K,)."""
    return (policy * (rewards - beta * (policy.log() - reference.log()))).sum()


def train_bandit(
    method: str, reference: Tensor, rewards: Tensor, beta: float, steps: int, *, group: int = 8, lr: float = 0.05,
    seed: int = 0,
) -> Iterator[Tensor]:  # fmt: skip
    """The policy's probabilities (K,) after each of `steps` updates of Adam, from the reference on.

    "exact": the gradient of the objective itself; "reinforce" and "grpo": from a group of drawn answers, the first with
    the penalty in the reward, the second beside it; "dpo": from pairs of answers drawn from the reference, of which the
    better is preferred as Bradley and Terry say, with probability σ(r₁ - r₂).
    """
    if method not in METHODS:
        raise ValueError(f"the method must be one of {', '.join(METHODS)}, not {method!r}")
    generator = torch.Generator().manual_seed(seed)
    ref_log = reference.log()
    logits = ref_log.clone().requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=lr)
    for _ in range(steps):
        loss = _loss(method, logits.log_softmax(-1), ref_log, rewards, beta, group, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield logits.detach().softmax(-1)


def _loss(
    method: str, log_probs: Tensor, ref_log: Tensor, rewards: Tensor, beta: float, group: int, dice: torch.Generator
) -> Tensor:
    if method == "exact":
        return -objective(log_probs.exp(), ref_log.exp(), rewards, beta)
    if method == "dpo":
        pairs = torch.multinomial(ref_log.exp(), 2 * group, replacement=True, generator=dice).view(group, 2)
        first = torch.rand(group, generator=dice) < (rewards[pairs[:, 0]] - rewards[pairs[:, 1]]).sigmoid()
        chosen = torch.where(first, pairs[:, 0], pairs[:, 1])
        rejected = torch.where(first, pairs[:, 1], pairs[:, 0])
        return dpo_loss(log_probs[chosen], log_probs[rejected], ref_log[chosen], ref_log[rejected], beta)[0]
    drawn = torch.multinomial(log_probs.detach().exp(), group, replacement=True, generator=dice)  # (G,)
    if method == "reinforce":
        penalised = rewards[drawn] - beta * (log_probs - ref_log)[drawn].detach()
        return reinforce_loss(log_probs[drawn], leave_one_out_advantages(penalised[None])[0])
    advantages = grpo_advantages(rewards[drawn][None], scale=False)[0]
    one = torch.ones(group, 1)  # an answer is one token
    now = log_probs[drawn][:, None]
    return grpo_loss(now, now.detach(), ref_log[drawn][:, None], advantages, one, beta=beta)[0]


def compare_policies(
    reference: Sequence[float], rewards: Sequence[float], beta: float, steps: int, group: int
) -> dict[str, list[float]]:
    """Probabilities after `steps` updates by every method, and what they can be held against: "optimum", and "rest" of
    GRPO."""
    ref, worth = torch.tensor(list(reference)), torch.tensor(list(rewards))
    found = {"optimum": optimum(ref, worth, beta).tolist(), "rest": grpo_rest(ref, worth, beta).tolist()}
    for method in METHODS:
        *_, last = train_bandit(method, ref, worth, beta, steps, group=group)
        found[method] = last.tolist()
    return found
