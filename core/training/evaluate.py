"""How good the model is on held-out text, and what it says."""

from dataclasses import dataclass

import numpy as np
import torch

from core.model import Transformer
from core.text import Tokenizer
from core.training.compute import Scorers
from core.training.data.batches import IGNORE, HeldOut, MicroBatch
from core.training.disk.rows import KindLoss
from core.training.losses import token_losses


@dataclass(frozen=True)
class Evaluation:
    """Losses in nats. The document fields are None for plain text; in a mixture they are about Tinyland's documents.

    The floors are what the generator itself would score on the same documents; per token only where every token is of
    such a document. excess_error: the standard error of the paired difference loss_per_document - floor_per_document.
    """

    loss_per_token: float
    loss_per_document: float | None = None
    floor_per_token: float | None = None
    floor_per_document: float | None = None
    excess_error_per_document: float | None = None
    by_kind: dict[str, KindLoss] | None = None


def evaluate(model: Transformer, workers: Scorers, held_out: HeldOut) -> Evaluation:
    """Score every held-out sequence with `model`, in float32, from its first token."""
    nats, tokens = sequence_nats(model, workers, held_out)
    loss = float(nats.sum() / tokens)
    if held_out.true_nats is None or held_out.kinds is None or np.isnan(held_out.true_nats).all():
        return Evaluation(loss)
    known = ~np.isnan(held_out.true_nats)
    true, excess = held_out.true_nats[known], (nats - held_out.true_nats)[known]
    kinds = np.array(held_out.kinds)
    by_kind: dict[str, KindLoss] = {}
    for kind in sorted(set(kinds[known])):
        its, floor = nats[kinds == kind], held_out.true_nats[kinds == kind]
        by_kind[kind] = {
            "loss_per_document": float(its.mean()), "floor_per_document": float(floor.mean()), "documents": len(its)
        }  # fmt: skip
    return Evaluation(
        loss_per_token=loss,
        loss_per_document=float(nats[known].mean()),
        floor_per_token=float(true.sum() / tokens) if known.all() else None,
        floor_per_document=float(true.mean()),
        excess_error_per_document=float(excess.std(ddof=1) / len(excess) ** 0.5) if len(excess) > 1 else None,
        by_kind=by_kind,
    )


def sequence_nats(model: Transformer, workers: Scorers, held_out: HeldOut) -> tuple[np.ndarray, int]:
    """What each held-out sequence costs the model, in its order: (N,) float64; and how many tokens that are."""

    @torch.no_grad()
    def score(micro: MicroBatch) -> tuple[np.ndarray, int]:
        nats = token_losses(model, micro, causal=workers.causal).sum(dim=1, dtype=torch.float64)  # (B,)
        return nats.numpy(), int((micro.targets != IGNORE).sum())

    batches = held_out.micro_batches
    scored = workers.map(score, batches)
    nats = np.zeros(sum(len(m.rows) for m in batches))
    for micro, (values, _) in zip(batches, scored, strict=True):
        nats[list(micro.rows)] = values[: len(micro.rows)]
    return nats, sum(tokens for _, tokens in scored)


def sample_text(model: Transformer, tokenizer: Tokenizer, opening: int, seed: int, tokens: int = 80) -> str:
    """What the model writes after the token `opening`, always with the same draws; an end of text is not shown."""
    from core.generation import Sampler, generate

    limit = min(tokens, model.config.context_length - 1)
    steps = generate(model, [opening], Sampler(temperature=0.8), limit, seed, stop=(tokenizer.eot,))
    return tokenizer.decode([id for id in (opening, *(step.id for step in steps)) if id != tokenizer.eot])
