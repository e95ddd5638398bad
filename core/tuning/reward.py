"""A reward model from comparisons: Bradley & Terry 1952 (Biometrika 39), as in Ouyang et al. 2022 (arXiv:2203.02155).

The text with reward r₁ is preferred to that with r₂ with probability σ(r₁ - r₂). Only differences count, so the rewards
float; `centring` (Eisenstein et al. 2023, arXiv:2312.09244) keeps their sum over a pair near 0.
"""

from torch import Tensor, nn


def reward_loss(chosen: Tensor, rejected: Tensor, centring: float = 0.0) -> tuple[Tensor, dict[str, float]]:
    """The mean of -log σ(chosen - rejected) over pairs of rewards, (B,) each, + centring · mean (chosen + rejected)².

    Statistics: `accuracy`, the share of pairs in which the chosen one has more; `margin`, the mean difference.
    """
    margin = chosen - rejected
    loss = -nn.functional.logsigmoid(margin).mean() + centring * (chosen + rejected).square().mean()
    return loss, {"accuracy": float((margin.detach() > 0).float().mean()), "margin": float(margin.detach().mean())}
