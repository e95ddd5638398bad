"""Group relative policy optimisation: Shao et al. 2024 (arXiv:2402.03300), section 4.1.

For each prompt a group of answers is drawn from the policy and rewarded. An answer's advantage is how much better it is
than its group, so that no second model has to guess what a prompt is worth. The loss is PPO's (Schulman et al. 2017,
arXiv:1707.06347) for every token, with a penalty on the distance from the frozen reference.
"""

import torch
from torch import Tensor

from core.tuning.kl import kl_estimates

EPSILON, BETA = 0.2, 0.04  # of the clipping (PPO's), and of the penalty (section 4.2 of the paper)
TINY = 1e-4  # added to the standard deviation, so that a group whose rewards are all equal has advantages of 0


def grpo_advantages(rewards: Tensor, *, scale: bool = True) -> Tensor:
    """(r - mean) / (std + TINY) within each group, one row for each prompt: (P, G) -> (P, G), G at least 2.

    scale False leaves out the division, which gives more weight to prompts that are nearly always, or nearly never,
    answered right (Liu et al. 2025, arXiv:2503.20783). std is that of a sample, with G - 1.
    """
    if rewards.dim() != 2 or rewards.shape[1] < 2:
        raise ValueError(f"advantages need groups of at least two rewards (P, G), not {tuple(rewards.shape)}")
    centred = rewards - rewards.mean(dim=1, keepdim=True)
    return centred / (rewards.std(dim=1, keepdim=True) + TINY) if scale else centred


def grpo_loss(
    log_probs: Tensor,
    old_log_probs: Tensor,
    ref_log_probs: Tensor,
    advantages: Tensor,
    mask: Tensor,
    epsilon: float = EPSILON,
    beta: float = BETA,
) -> tuple[Tensor, dict[str, float]]:
    """The loss, equation 3 with its sign turned, and what it tells.

    log_probs, old_log_probs, ref_log_probs (B, T): of the drawn tokens, under the policy, under the policy that drew
    them, and under the reference. advantages (B,): one for each answer. mask (B, T): 1 for tokens of the answer.

    The mean is over the tokens of each answer, then over answers. Statistics: `kl`, the estimate k3 per token, mean
    over answers; `clip_share`, of the tokens whose ratio was clipped; `ratio`, its mean. At the first update after
    drawing the ratio is 1 and the loss is β · kl minus the mean advantage, which is 0: a loss of 0 is no failure.
    """
    per_answer = mask / mask.sum(dim=1, keepdim=True).clamp(min=1)  # weights of the tokens of an answer: they sum to 1
    ratio = (log_probs - old_log_probs).exp()
    clipped = ratio.clamp(1 - epsilon, 1 + epsilon)
    gain = torch.minimum(ratio * advantages[:, None], clipped * advantages[:, None])  # (B, T)
    kl = kl_estimates(log_probs, ref_log_probs).k3
    loss = -((gain - beta * kl) * per_answer).sum(dim=1).mean()
    acts = (ratio * advantages[:, None] > clipped * advantages[:, None]).float()
    statistics = {
        "kl": (kl * per_answer).sum(dim=1).mean(),
        "clip_share": (acts * mask).sum() / mask.sum().clamp(min=1),
        "ratio": (ratio * mask).sum() / mask.sum().clamp(min=1),
    }
    return loss, {name: float(value.detach()) for name, value in statistics.items()}
