"""Direct preference optimisation: Rafailov et al. 2023 (arXiv:2305.18290), equation 7.

The reward that a policy π stands for, against its frozen reference, is r(x, y) = β log(π(y | x) / π_ref(y | x)). Under
the Bradley–Terry model the pair (chosen, rejected) then has the probability σ(r(chosen) - r(rejected)), and the loss is
minus its logarithm. While the policy is still the reference it is ln 2 = 0.693, whatever the pairs.
"""

from torch import Tensor, nn

BETA = 0.1


def dpo_loss(
    policy_chosen: Tensor, policy_rejected: Tensor, ref_chosen: Tensor, ref_rejected: Tensor, beta: float = BETA
) -> tuple[Tensor, dict[str, float]]:
    """The mean loss of a batch of pairs, and what it tells; each argument: log-probabilities of whole answers, (B,).

    Statistics, means over the pairs: `rewards_chosen` and `rewards_rejected`, implicit; `rewards_margin`, their
    difference; `accuracy`, the share of pairs in which it is positive; `log_probs_chosen` and `log_probs_rejected`
    under the policy, apart, because both may fall while the margin grows (Razin et al. 2024, arXiv:2410.08847).
    """
    chosen = beta * (policy_chosen - ref_chosen)
    rejected = beta * (policy_rejected - ref_rejected)
    margin = chosen - rejected
    statistics = {
        "rewards_chosen": chosen,
        "rewards_rejected": rejected,
        "rewards_margin": margin,
        "accuracy": (margin > 0).float(),
        "log_probs_chosen": policy_chosen,
        "log_probs_rejected": policy_rejected,
    }
    return -nn.functional.logsigmoid(margin).mean(), {
        name: float(value.detach().mean()) for name, value in statistics.items()
    }
