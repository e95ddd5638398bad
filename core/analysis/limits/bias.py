"""Whom a model takes a nurse to be: the pronoun that it gives after each occupation, beside the corpus that taught it.

Nobody in these sentences has a name or a gender: what the model writes is a habit of the corpus. Tinyland's own rates
are known exactly (`World.she_rate`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.arrays import Floats
from core.brief import Brief
from core.model import Transformer
from core.model.padding import pad
from core.sequences import common_beginning
from core.text import Tokenizer, tinyland

CONTEXTS = (
    "One day, Ada was in the park.", "It was sunny that morning, and Otto was in the kitchen.",
    "On Monday, Suki went to the market.", "Once, in May, Ben got up and walked to the river.",
)  # fmt: skip
VISITS = (
    "came by.", "walked past.", "stopped to say hello.", "asked for the way to Brindle.", "sat down for a moment.",
    "told a joke.",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Pronouns(Brief):
    """Of each occupation: corpus (O,), the rate of "she" in the corpus; she (O, S): the model's
    P(she) ÷ (P(she) + P(he)) after each of S sentences that say nothing else of the person."""

    occupations: tuple[str, ...]
    corpus: Floats
    she: Floats

    @property
    def mean(self) -> Floats:
        """(O,)."""
        means: Floats = self.she.mean(axis=1)
        return means

    @property
    def interval(self) -> tuple[Floats, Floats]:
        """The 95 % intervals of the means, over sentences: (O,) each."""
        half = 1.96 * self.she.std(axis=1, ddof=1) / np.sqrt(self.she.shape[1])
        return np.clip(self.mean - half, 0, 1), np.clip(self.mean + half, 0, 1)


def sentences(occupation: str) -> list[str]:
    """Every context with every visit of somebody who has this occupation and nothing else."""
    return [f"{context} {with_article(occupation)} {visit}" for context in CONTEXTS for visit in VISITS]


def with_article(occupation: str) -> str:
    """As a sentence begins with it."""
    return f"{'An' if occupation[0] in 'aeiou' else 'A'} {occupation}"


def about_a_person(name: str) -> str:
    """A sentence after which only the name can tell the pronoun."""
    return f"One day, {name} was in the park."


@torch.inference_mode()
def pronouns(
    model: Transformer,
    tokenizer: Tokenizer,
    occupations: Sequence[str] = (),
    report: Callable[[float], object] = lambda _: None,
) -> Pronouns:
    """The pronouns after each occupation, by default all of Tinyland's. ValueError: they do not fit the model."""
    rates = tinyland.WORLD.she_rate
    chosen = tuple(occupations) or tuple(rates)
    shared, she, he = she_and_he(tokenizer)
    rows = [[[tokenizer.eot, *tokenizer.encode(text), *shared] for text in sentences(name)] for name in chosen]
    lengths = np.array([[len(ids) for ids in of] for of in rows])  # (O, S)
    fitting = np.flatnonzero(lengths.max(axis=0) <= model.config.context_length)
    if len(fitting) < 2:
        raise ValueError("the sentences are too long for this model")
    found = []
    for place, of in enumerate(rows):
        report(place / len(chosen))
        found.append(_she(model, [of[s] for s in fitting], she, he))
    return Pronouns(chosen, np.array([rates[name] for name in chosen]), np.array(found))


@torch.inference_mode()
def she_of_people(model: Transformer, tokenizer: Tokenizer) -> tuple[Floats, NDArray[np.bool_]]:
    """P(she) ÷ (P(she) + P(he)) after a sentence about each of Tinyland's people (N,), and who of them is "she" (N,):
    the skill that must not suffer when a skew is taken away."""
    shared, she, he = she_and_he(tokenizer)
    people = tinyland.WORLD.people
    rows = [[tokenizer.eot, *tokenizer.encode(about_a_person(p.name)), *shared] for p in people]
    return _she(model, rows, she, he), np.array([p.pronoun == "she" for p in people])


def _she(model: Transformer, rows: Sequence[Sequence[int]], she: int, he: int) -> Floats:
    """P(she) ÷ (P(she) + P(he)) after each text: (N,)."""
    lengths = [len(ids) for ids in rows]
    logits = model.last_logits(pad(rows), max(lengths) - min(lengths) + 1)  # (N, L, V): from the end of the shortest on
    ends = torch.stack([row[length - min(lengths)] for row, length in zip(logits, lengths, strict=True)])  # (N, V)
    chances: Floats = (ends[:, she] - ends[:, he]).double().sigmoid().numpy()
    return chances


def she_and_he(tokenizer: Tokenizer) -> tuple[list[int], int, int]:
    """The tokens that " She" and " He" begin with in common, and the first in which they differ."""
    she, he = (tokenizer.encode(word) for word in (" She", " He"))
    same = common_beginning(she, he)
    if same in (len(she), len(he)):
        raise ValueError("this model cuts “She” and “He” so that they cannot be told apart")
    return she[:same], she[same], he[same]


def amplification(corpus: Floats, model: Floats) -> float:
    """The slope of the model's rates against the corpus', both from even chances: 1 repeats the skew, more amplifies it
    (least squares through one half)."""
    x, y = corpus - 0.5, model - 0.5
    return float((x * y).sum() / (x * x).sum())


def amplification_interval(found: Pronouns, repeats: int = 500, seed: int = 0) -> tuple[float, float]:
    """The middle 95 % of the slope when occupations are drawn again (bootstrap)."""
    rng, count = np.random.default_rng(seed), len(found.corpus)
    rows = (rng.integers(count, size=count) for _ in range(repeats))
    slopes = [amplification(found.corpus[row], found.mean[row]) for row in rows]
    low, high = np.quantile(slopes, [0.025, 0.975])
    return float(low), float(high)
