"""Where inside the model the skew of its pronouns sits, and what it costs to take the part out that carries most.

Two occupations stand in the same sentences. What each part adds to logit(she) − logit(he) is known exactly (direct
logit attribution); the mean difference between the two is what that part does with the occupation. Then that part puts
out the same everywhere, its mean, and the slope and the loss are measured again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.analysis.interventions.intervene import intervene, sample_parts, token_losses
from core.analysis.interventions.values import Ablate, Part
from core.analysis.limits.bias import Pronouns, amplification, pronouns, sentences, she_and_he
from core.analysis.skills.chats import kinds_read
from core.analysis.stream.attribution import Attribution, attribute
from core.arrays import Floats
from core.brief import Brief
from core.intervals import mean_interval
from core.model import Checkpoint, Transformer, run_trace
from core.text import tinyland

PAIR = ("nurse", "blacksmith")  # of which it is recorded
TEXTS = 60  # held-out documents on which the loss is measured
Report = Callable[[float, str], object]
Triple = tuple[float, float, float]


@dataclass(frozen=True, eq=False, repr=False)
class Inside(Brief):
    """By how much more each part says "she" of the first occupation than of the second, in logits: means over
    `sentences`; embed, heads (L, H), mlps (L,). low and high (L, H + 1): 95 % intervals of heads and MLPs (Student).
    total: of the whole model."""

    embed: float
    heads: Floats
    mlps: Floats
    low: Floats
    high: Floats
    total: float
    sentences: int

    def carriers(self, count: int) -> list[Part]:
        """The heads and MLPs that argue most for what the whole model says of the two, the first first."""
        towards = np.column_stack([self.heads, self.mlps]) * (np.sign(self.total) or 1)
        layers, columns = np.unravel_index(np.argsort(-towards, axis=None)[:count], towards.shape)
        mlp = self.heads.shape[1]
        return [
            Part("mlp", layer) if column == mlp else Part("head", layer, column)
            for layer, column in zip(layers.tolist(), columns.tolist(), strict=True)
        ]

    def amount(self, part: Part) -> Triple:
        """What a head or an MLP adds, with its interval."""
        column = self.heads.shape[1] if part.head is None else part.head
        mean = self.mlps[part.layer] if part.head is None else self.heads[part.layer, part.head]
        return float(mean), float(self.low[part.layer, column]), float(self.high[part.layer, column])


@dataclass(frozen=True, eq=False)
class Without:
    """The whole model and one without `part`: slope of its pronouns against the corpus'; `loss` on held-out Tinyland,
    nats per token, and what is `added` to it with its 95 % interval over documents (Student)."""

    part: Part
    before: Pronouns
    after: Pronouns
    loss: float
    added: Triple

    @property
    def slopes(self) -> tuple[float, float]:
        before, after = (amplification(one.corpus, one.mean) for one in (self.before, self.after))
        return before, after


def inside(checkpoint: Checkpoint, first: str, second: str, report: Report = lambda *_: None) -> Inside:
    """What each part does with two occupations. ValueError: the sentences or the pronouns do not fit the model."""
    pairs = list(zip(*(_rows(checkpoint, name) for name in (first, second)), strict=True))
    pairs = [pair for pair in pairs if max(map(len, pair)) <= checkpoint.config.context_length]
    if len(pairs) < 2:
        raise ValueError("the sentences are too long for this model")
    found = []
    for place, pair in enumerate(pairs):
        report(place / len(pairs), f"sentence {place + 1} of {len(pairs)}")
        a, b = (_parts(checkpoint, ids) for ids in pair)
        cells = np.column_stack([a.heads - b.heads, a.mlps - b.mlps])  # (L, H + 1)
        found.append((a.embed + a.pos_embed - b.embed - b.pos_embed, a.logit - b.logit, cells))
    embed, total, every = zip(*found, strict=True)
    mean, low, high = mean_interval(np.array(every))
    return Inside(float(np.mean(embed)), mean[:, :-1], mean[:, -1], low, high, float(np.mean(total)), len(pairs))


def _rows(checkpoint: Checkpoint, occupation: str) -> list[list[int]]:
    shared, _, _ = she_and_he(checkpoint.tokenizer)
    return [[checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode(text), *shared] for text in sentences(occupation)]


def _parts(checkpoint: Checkpoint, ids: list[int]) -> Attribution:
    _, she, he = she_and_he(checkpoint.tokenizer)
    return attribute(checkpoint.model, run_trace(checkpoint.model, ids), len(ids) - 1, she, he)


def without(checkpoint: Checkpoint, part: Part, report: Report = lambda *_: None) -> Without:
    """The model with a part that always puts out its mean (over Tinyland's texts)."""
    report(0.0, "the mean of every part")
    changed = intervene(checkpoint, [Ablate(part, "mean")], sample_parts(checkpoint))
    before = pronouns(
        checkpoint.model, checkpoint.tokenizer, report=lambda share: report(0.2 + 0.35 * share, "the whole model")
    )
    after = pronouns(
        changed.model, checkpoint.tokenizer, report=lambda share: report(0.55 + 0.35 * share, "without the part")
    )
    report(0.9, "the loss on other text")
    loss, added = added_loss(checkpoint, [changed.model])
    return Without(part, before, after, loss, added)


def added_loss(checkpoint: Checkpoint, changed: Sequence[Transformer]) -> tuple[float, Triple]:
    """Nats per token on held-out documents, of the kinds that the model has read; and what is added to it by changed
    models, in the mean over them, with its 95 % interval over documents (Student)."""
    tokenizer, limit = checkpoint.tokenizer, checkpoint.config.context_length
    documents = tinyland.documents(tinyland.HELD_OUT_SEED, 0, TEXTS, kinds_read(checkpoint))
    texts = [[tokenizer.eot, *tokenizer.encode(document.text, special=True)][:limit] for document in documents]
    whole = np.array([_nats(checkpoint.model, ids) for ids in texts])
    others = np.array([[_nats(model, ids) for model in changed] for ids in texts])  # (N, models)
    mean, low, high = mean_interval(others.mean(axis=1) - whole)
    return float(whole.mean()), (float(mean), float(low), float(high))


@torch.inference_mode()
def _nats(model: Transformer, ids: list[int]) -> float:
    """Nats per token of a document."""
    return float(token_losses(model(torch.tensor([ids])).double().log_softmax(dim=-1), ids).mean())
