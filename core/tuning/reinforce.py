"""REINFORCE: Williams 1992 (Machine Learning 8), with the leave-one-out baseline of Kool et al. 2019 ("Buy 4 REINFORCE
samples, get a baseline for free!").

The gradient of the expected reward is that of E[A log π(y | x)], where A is by how much an answer's reward exceeds what
was to be expected: here the mean reward of the other answers to the same prompt, which does not depend on this one.
"""

from torch import Tensor


def leave_one_out_advantages(rewards: Tensor) -> Tensor:
    """r - mean of the others in its group, one row for each prompt: (P, G) -> (P, G), G at least 2."""
    if rewards.dim() != 2 or rewards.shape[1] < 2:
        raise ValueError(f"advantages need groups of at least two rewards (P, G), not {tuple(rewards.shape)}")
    group = rewards.shape[1]
    others = (rewards.sum(dim=1, keepdim=True) - rewards) / (group - 1)
    return rewards - others


def reinforce_loss(log_probs: Tensor, advantages: Tensor) -> Tensor:
    """-mean A log π(y | x): log-probabilities of whole answers and their advantages, (B,) each. Its value says nothing
    about how well the policy does; its gradient is minus that of the expected reward."""
    return -(advantages.detach() * log_probs).mean()
