"""Saying "I do not know": what answering only when sure costs and gains; how well a score tells wrong from right."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from core.arrays import Floats
from core.brief import Brief


@dataclass(frozen=True, eq=False, repr=False)
class RiskCoverage(Brief):
    """Answering only the surest: for each threshold, falling, (K,) the share answered and the share of these wrong."""

    threshold: Floats
    coverage: Floats
    risk: Floats

    @property
    def area(self) -> float:
        """The area under the curve (AURC, Geifman & El-Yaniv 2017): the mean risk over all coverages."""
        steps = np.diff(self.coverage, prepend=0.0)
        return float((steps * self.risk).sum())


def risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> RiskCoverage:
    """The curve; cases of equal confidence are answered together."""
    sure, right = np.asarray(confidence, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    order = np.argsort(-sure, kind="stable")
    sure, wrong = sure[order], np.cumsum(1 - right[order])
    last = np.append(sure[1:] != sure[:-1], True)  # the last case of each confidence
    answered = np.flatnonzero(last) + 1
    return RiskCoverage(sure[last], answered / len(sure), wrong[last] / answered)


@dataclass(frozen=True, eq=False, repr=False)
class Roc(Brief):
    """Of a score that should be high for `positive` cases: for each threshold, falling, (K,) the share of the others
    that is flagged too, and that of the positive ones."""

    false_alarms: Floats
    found: Floats

    @property
    def area(self) -> float:
        """The chance that a positive case has a higher score than another (ties count half)."""
        return float(np.trapezoid(self.found, self.false_alarms))


def roc(score: ArrayLike, positive: ArrayLike) -> Roc:
    """The curve from nothing flagged to everything. ValueError: cases of one kind only."""
    scores, is_positive = np.asarray(score, dtype=np.float64), np.asarray(positive, dtype=bool)
    if is_positive.all() or not is_positive.any():
        raise ValueError("a curve needs cases of both kinds")
    order = np.argsort(-scores, kind="stable")
    last = np.append(scores[order][1:] != scores[order][:-1], True)
    hits, misses = np.cumsum(is_positive[order])[last], np.cumsum(~is_positive[order])[last]
    return Roc(np.append(0.0, misses / misses[-1]), np.append(0.0, hits / hits[-1]))


def entropy(probs: ArrayLike) -> Floats:
    """Nats of distributions (…, C); over classes of meaning it is the semantic entropy (Farquhar et al. 2024)."""
    p = np.asarray(probs, dtype=np.float64)
    nats: Floats = -np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0).sum(axis=-1)
    return nats


def semantic_entropy(meanings: Sequence[Hashable]) -> float:
    """The entropy, in nats, of the meanings of several answers to one question: how much they disagree."""
    _, counts = np.unique([hash(meaning) for meaning in meanings], return_counts=True)
    return float(entropy(counts / counts.sum()))


def self_consistency(meanings: Sequence[Hashable]) -> float:
    """The share of the answers that mean what most of them mean (Wang et al. 2022)."""
    _, counts = np.unique([hash(meaning) for meaning in meanings], return_counts=True)
    return float(counts.max() / counts.sum())
