"""Batches whose loss is not that of each token: pairs of answers (DPO) and answers with rewards (GRPO, REINFORCE)."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor, nn

from core.training.batches import IGNORE, MicroBatch
from core.tuning import dpo_loss, grpo_loss, reinforce_loss, sequence_log_probs, token_log_probs


@dataclass(frozen=True)
class PairBatch(MicroBatch):
    """Rows 0, 2, 4, … are preferred to rows 1, 3, 5, …; only the answers have targets. `reference` (B,): their
    log-probabilities under the frozen model."""

    reference: Tensor
    beta: float


@dataclass(frozen=True)
class AnswerBatch(MicroBatch):
    """Answers with their advantages (B,); `old` and `reference` (B, T): log-probabilities when drawn, and of the frozen
    model."""

    advantages: Tensor
    old: Tensor
    reference: Tensor
    beta: float
    epsilon: float


@dataclass(frozen=True)
class ReinforceBatch(MicroBatch):
    """Answers with their advantages (B,), from which the distance from the reference has been taken."""

    advantages: Tensor


def units(micro: MicroBatch) -> int:
    """What a mean is taken over: pairs, answers, or tokens that count."""
    if isinstance(micro, (PairBatch, AnswerBatch, ReinforceBatch)):
        return len(micro.rows) // (2 if isinstance(micro, PairBatch) else 1)
    return int((micro.targets != IGNORE).sum())


def totals(batch: Iterable[MicroBatch]) -> Counter[type]:
    """The units of a whole batch, by the kind of micro-batch: the loss is the sum of the means of all kinds."""
    found: Counter[type] = Counter()
    for micro in batch:
        found[type(micro)] += units(micro)
    return found


def part_of_loss(
    model: nn.Module,
    micro: MicroBatch,
    whole: Counter[type],
    token_losses: Callable[[nn.Module, MicroBatch], Tensor],
) -> Tensor:
    """What a micro-batch adds to the loss of a batch with these totals."""
    if isinstance(micro, PairBatch):
        log_probs = sequence_log_probs(model(micro.inputs), micro.targets)  # (B,)
        reference = micro.reference
        loss, _ = dpo_loss(log_probs[0::2], log_probs[1::2], reference[0::2], reference[1::2], micro.beta)
        return loss * (units(micro) / whole[PairBatch])
    if isinstance(micro, AnswerBatch):
        log_probs = token_log_probs(model(micro.inputs), micro.targets)  # (B, T)
        mask = (micro.targets != IGNORE).to(log_probs.dtype)
        loss, _ = grpo_loss(
            log_probs, micro.old, micro.reference, micro.advantages, mask, micro.epsilon, micro.beta
        )  # fmt: skip
        return loss * (units(micro) / whole[AnswerBatch])
    if isinstance(micro, ReinforceBatch):
        loss = reinforce_loss(sequence_log_probs(model(micro.inputs), micro.targets), micro.advantages)
        return loss * (units(micro) / whole[ReinforceBatch])
    return token_losses(model, micro).sum() / whole[MicroBatch]
