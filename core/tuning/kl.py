"""How far a policy has moved from its reference: the Kullback–Leibler divergence, exactly and from samples.

The estimators are Schulman's (2020, http://joschu.net/blog/kl-approx.html), for tokens that were drawn from the policy,
with r = p_ref / p_policy of the drawn token: k1 = -log r has the right mean and may be negative; k2 = (log r)² / 2 has
little variance and a bias; k3 = (r - 1) - log r has the right mean and is never negative.
"""

from typing import NamedTuple

from torch import Tensor


class KlEstimates(NamedTuple):
    """The three estimates for every drawn token, shaped like the log-probabilities they were made from."""

    k1: Tensor
    k2: Tensor
    k3: Tensor


def kl_estimates(policy_log_probs: Tensor, ref_log_probs: Tensor) -> KlEstimates:
    """Estimates of KL(policy ‖ reference) in nats, from the log-probabilities of tokens that the policy drew."""
    log_ratio = ref_log_probs - policy_log_probs  # log r
    return KlEstimates(-log_ratio, 0.5 * log_ratio.square(), log_ratio.expm1() - log_ratio)


def exact_kl(policy_logits: Tensor, ref_logits: Tensor) -> Tensor:
    """KL(policy ‖ reference) in nats of each distribution, over the whole vocabulary: (..., V) twice -> (...)."""
    policy, reference = policy_logits.float().log_softmax(-1), ref_logits.float().log_softmax(-1)
    return (policy.exp() * (policy - reference)).sum(-1)
