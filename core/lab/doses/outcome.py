"""The response to a dose, over seeds. No torch here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.lab.matter.outcome import Triple, spread


@dataclass(frozen=True)
class Outcome:
    """What the model of one dose and seed does. Of skew: `rate`, the mean probability of the pronoun that its corpus
    favours, `favoured`, how often that is the likeliest, `loss` on clean stories, `names`, the share of people whose
    own pronoun it finds the likelier. Of singletons: `wrong` of all questions, `once` and `missing` of its corpus,
    `bound`."""

    dose: float
    seed: int
    scores: dict[str, float]


def of_dose(outcomes: Iterable[Outcome], dose: float) -> list[Outcome]:
    return [one for one in outcomes if one.dose == dose]


def response(outcomes: Sequence[Outcome], score: str) -> Triple:
    """The mean of a score with its 95 % interval over seeds (Student)."""
    return spread([one.scores[score] for one in outcomes])


def amplification(outcomes: Sequence[Outcome], score: str = "rate") -> Triple:
    """How much of the corpus' distance from one half the model shows: 1 repeats the corpus. Not of a dose of one
    half."""
    return spread([(one.scores[score] - 0.5) / (one.dose - 0.5) for one in outcomes])


def difference(outcomes: Iterable[Outcome], first: float, second: float, score: str) -> Triple | None:
    """How much higher a score is at the first dose than at the second, seed by seed; None without a seed of both."""
    of: dict[int, dict[float, float]] = {}
    for one in outcomes:
        of.setdefault(one.seed, {})[one.dose] = one.scores[score]
    both = [found[first] - found[second] for found in of.values() if first in found and second in found]
    return spread(both) if both else None
