"""What turns a model of text into an assistant: objectives as pure functions, each from the formula of its paper.

    mask       which tokens of a chat count in supervised fine-tuning (SFT): those that the assistant says
    log_probs  the log-probability of a sequence under a model
    dpo        direct preference optimisation: from pairs, without a reward model
    reward     a reward model from pairs (Bradley–Terry)
    lora       low-rank updates of matrices
    messages   chats as JSONL, and as ids
    bandit     one prompt, a few answers: the smallest policy, whose optimum is known
    best_of_n  drawing many and keeping the best: its KL in closed form
    reinforce  the policy gradient
    overoptimisation  how the true reward falls while a proxy rises
    grpo       group relative policy optimisation: from sampled answers and their rewards
    kl         how far a model has moved from its reference: exactly, and by the estimators k1, k2, k3

They know tensors, nothing of runs: `core.training` builds its stages on them. A sequence is as in training: at position
t the model, having read the inputs up to t, gives a probability to targets[t].
"""

from core.tuning.best_of_n import best_of_n_kl, best_of_n_mean
from core.tuning.dpo import dpo_loss
from core.tuning.grpo import grpo_advantages, grpo_loss
from core.tuning.kl import exact_kl, kl_estimates
from core.tuning.log_probs import sequence_log_probs, token_log_probs
from core.tuning.mask import MaskError, assistant_mask, check_mask
from core.tuning.reinforce import leave_one_out_advantages, reinforce_loss
from core.tuning.reward import reward_loss

__all__ = [
    "MaskError",
    "assistant_mask",
    "best_of_n_kl",
    "best_of_n_mean",
    "check_mask",
    "dpo_loss",
    "exact_kl",
    "grpo_advantages",
    "grpo_loss",
    "kl_estimates",
    "leave_one_out_advantages",
    "reinforce_loss",
    "reward_loss",
    "sequence_log_probs",
    "token_log_probs",
]
