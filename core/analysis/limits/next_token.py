"""A model beside the truth, token by token: what the grammar says may come next, and what the model believes.

Calibration can then be read against true probabilities instead of outcomes: with no noise of a sample in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.analysis.skills.cases import TEST_SEED
from core.analysis.skills.chats import kinds_read
from core.arrays import Floats
from core.brief import Brief
from core.model import Checkpoint, Transformer
from core.text import tinyland
from core.text.tinyland.ahead import Ahead, Foresight
from core.text.tinyland.stream import Stream

OPEN = 1e-3  # of the probability, at most, may lie in lists too long to follow
SEED = TEST_SEED + 7  # held-out documents used for nothing else
DOCUMENTS = 30
Report = Callable[[float, str], object]


@dataclass(frozen=True, eq=False, repr=False)
class Beside(Brief):
    """Of P places in texts, each (P,): entropy of the true distribution q (nats), kl: KL(q ‖ p) of the model's p,
    confidence: p of the token that the model finds likeliest, truth: q of it, right: whether it is what came; drawn_p,
    drawn_q: both of what came."""

    entropy: Floats
    kl: Floats
    confidence: Floats
    truth: Floats
    right: np.ndarray
    drawn_p: Floats
    drawn_q: Floats

    @property
    def calibration_gap(self) -> float:
        """The mean distance of the model's confidence and the true probability of its first choice."""
        return float(np.abs(self.confidence - self.truth).mean())


def foresight(checkpoint: Checkpoint) -> Foresight:
    """The grammar as this model's pre-training read it, in the model's own tokens."""
    data = checkpoint.read
    stream = Stream(SEED, kinds_read(checkpoint), tinyland.WORLD, data.get("documents"))
    return Foresight(checkpoint.tokenizer, stream)


def truths(
    ahead: Foresight, texts: Sequence[Sequence[int]], report: Report = lambda *_: None
) -> list[list[Ahead | None]]:
    """The true distribution of every token of the texts (ids without the start token); None where the list of what may
    come is too long to follow, or the text could not begin so."""
    found = []
    for place, ids in enumerate(texts):
        report(place / len(texts), f"{place} of {len(texts)} texts")
        found.append([look(ahead, ids[:k]) for k in range(len(ids))])
    return found


def look(ahead: Foresight, ids: Sequence[int]) -> Ahead | None:
    """What may follow; None where that cannot be listed."""
    try:
        known = ahead.after(ids)
    except ValueError:
        return None
    return known if known.open <= OPEN else None


def held_out_texts(checkpoint: Checkpoint, count: int | None = None) -> list[list[int]]:
    """The ids of held-out documents, their end included, that the model can read whole."""
    tokenizer, longest, found = checkpoint.tokenizer, checkpoint.config.context_length, []
    data = checkpoint.read
    for document in tinyland.documents(SEED, 0, 400, kinds_read(checkpoint), total=data.get("documents")):
        ids = [*tokenizer.encode(document.text), tokenizer.eot]
        if len(ids) <= longest:
            found.append(ids)
        if len(found) == (count or DOCUMENTS):
            return found
    return found


@torch.inference_mode()
def compare(
    model: Transformer, start: int, texts: Sequence[Sequence[int]], known: Sequence[Sequence[Ahead | None]]
) -> Beside:
    """The model beside the truth at every place where this is known. start: the id that begins a document."""
    rows = []
    for ids, true in zip(texts, known, strict=True):
        log_p = model(torch.tensor([[start, *ids[:-1]]]))[0].double().log_softmax(-1).numpy()  # (T, V)
        for k, ahead in enumerate(true):
            if ahead is not None:
                rows.append(_row(ahead, log_p[k], ids[k]))
    columns = np.array(rows, dtype=np.float64).reshape(-1, 7).T
    entropy, kl, confidence, truth, right, drawn_p, drawn_q = columns
    return Beside(entropy, kl, confidence, truth, right.astype(bool), drawn_p, drawn_q)


def _row(ahead: Ahead, log_p: Floats, came: int) -> tuple[float, ...]:
    tokens, q = list(ahead.probs), np.array(list(ahead.probs.values()))
    kl = float((q * (np.log(q) - log_p[tokens])).sum())
    top = int(log_p.argmax())
    p = np.exp(log_p[[top, came]])
    return ahead.entropy, kl, p[0], ahead.probs.get(top, 0.0), float(top == came), p[1], ahead.probs.get(came, 0.0)
