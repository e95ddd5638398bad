"""What the two models of a seed know, and what the stage changed, with its interval over seeds. No torch here."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.intervals import mean_interval
from core.lab.matter.corpora import EXPERIMENTS

SIDES = ("without", "with_stage")
STEPS = 300  # the budget of each model
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Score:
    """rates: by group, the share of its probes that the model would write exactly. loss: nats per token of clean text
    that it has not read."""

    rates: dict[str, float]
    loss: float


@dataclass(frozen=True)
class Outcome:
    """The two models of one seed."""

    seed: int
    without: Score
    with_stage: Score


def value(experiment: str, score: Score) -> float:
    """The one number of which the verdict speaks: a rate, or the loss."""
    judged = EXPERIMENTS[experiment].judged
    return score.rates[judged] if judged else score.loss


def difference(experiment: str, outcomes: Sequence[Outcome]) -> Triple:
    """How much more there is of it without the stage, seed by seed; with the 95 % interval of Student's t. At least
    two outcomes."""
    found = [value(experiment, one.without) - value(experiment, one.with_stage) for one in outcomes]
    mean, low, high = mean_interval(found)
    return float(mean), float(low), float(high)


def spread(values: Sequence[float]) -> Triple:
    """A mean over seeds with its interval, which for a single seed is nothing but the value."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    mean, low, high = mean_interval(values)
    return float(mean), float(low), float(high)
