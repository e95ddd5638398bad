"""Batches whose loss is not that of each token: pairs of answers (DPO) and answers with rewards (GRPO, REINFORCE)."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from core.training.data.batches import IGNORE, MicroBatch
from core.tuning import dpo_loss, grpo_loss, reinforce_loss, sequence_log_probs, token_log_probs


@dataclass(frozen=True)
class PairBatch(MicroBatch):
    """Rows 0, 2, 4, … are preferred to rows 1, 3, 5, …; only the answers have targets. `reference` (B,): their
    log-probabilities under the frozen model. `policy`: those under the model, (B,), put there by the pass that gives
    the gradient, so that nobody has to compute them again."""

    reference: Tensor
    beta: float
    policy: list[Tensor] = field(default_factory=list)


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


def pair_loss(policy: Tensor, reference: Tensor, beta: float) -> tuple[Tensor, dict[str, float]]:
    """`dpo_loss` of log-probabilities (B,) in the order of PairBatch."""
    return dpo_loss(policy[0::2], policy[1::2], reference[0::2], reference[1::2], beta)


def pair_statistics(batch: Iterable[MicroBatch]) -> dict[str, float]:
    """What `dpo_loss` tells of all pairs of a batch whose gradient has been computed; nothing where there are none."""
    pairs = [micro for micro in batch if isinstance(micro, PairBatch)]
    if not pairs:
        return {}
    policy = torch.cat([micro.policy[0] for micro in pairs])
    return pair_loss(policy, torch.cat([micro.reference for micro in pairs]), pairs[0].beta)[1]


def part_of_loss(
    model: nn.Module,
    micro: MicroBatch,
    whole: Counter[type],
    token_losses: Callable[[nn.Module, MicroBatch], Tensor],
) -> Tensor:
    """What a micro-batch adds to the loss of a batch with these totals."""
    if isinstance(micro, PairBatch):
        log_probs = sequence_log_probs(model(micro.inputs), micro.targets)  # (B,)
        micro.policy[:] = [log_probs.detach()]
        loss, _ = pair_loss(log_probs, micro.reference, micro.beta)
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
