"""The log-probability that a model gives to tokens that it did, or might, write."""

from torch import Tensor, nn

IGNORE = -100  # a target that does not count, as F.cross_entropy has it


def token_log_probs(logits: Tensor, targets: Tensor) -> Tensor:
    """log p(target) in nats at every position, 0 where it is IGNORE: logits (B, T, V), targets (B, T) -> (B, T)."""
    flat = nn.functional.cross_entropy(
        logits.flatten(0, 1).float(), targets.flatten(), ignore_index=IGNORE, reduction="none"
    )
    return -flat.view_as(targets)


def sequence_log_probs(logits: Tensor, targets: Tensor) -> Tensor:
    """log p of all targets of a row that count, together: logits (B, T, V), targets (B, T) -> (B,)."""
    return token_log_probs(logits, targets).sum(dim=1)
