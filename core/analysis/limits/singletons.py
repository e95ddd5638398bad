"""What cannot be known from a sample: facts seen once foretell how much was never seen, and how often a model must err.

Good & Turing: the share of a sample that is seen exactly once estimates the chance that the next draw is new. Kalai,
Nachum, Vempala and Zhang (2025, arXiv:2509.04664): on arbitrary facts a calibrated model that always answers errs at
least about so often.
"""

import math
from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from core.arrays import Floats


def singleton_rate(sample: Sequence[Hashable]) -> float:
    """The share of the draws whose fact occurs exactly once in the sample: the Good–Turing estimate of the chance that
    the next draw is a fact never seen."""
    counts = Counter(sample)
    return sum(n == 1 for n in counts.values()) / len(sample)


def missing_mass(sample: Sequence[int], probs: Floats) -> float:
    """The true chance that the next draw from probs (F,) is none of the facts in the sample."""
    seen = np.zeros(len(probs), dtype=bool)
    seen[list(set(sample))] = True
    return float(probs[~seen].sum())


def zipf(facts: int, exponent: float) -> Floats:
    """Chances of `facts` facts, the n-th in proportion to n^-exponent: 0 is all alike, 1 as words are."""
    weights = np.arange(1, facts + 1, dtype=np.float64) ** -exponent
    chances: Floats = weights / weights.sum()
    return chances


def draw(probs: Floats, size: int, seed: int) -> list[int]:
    """A sample of facts by number."""
    return [int(fact) for fact in np.random.default_rng(seed).choice(len(probs), size, p=probs)]


def kalai_bound(rate: float, size: int, answers: int, calibration: float = 0.0) -> float:
    """The least rate of errors of a model that always answers (theorem 3 of the paper, which holds with a chance of
    99 %): rate − 2 ÷ wrong answers − (35 + 6 ln N) ÷ √N − δ. Not below 0. size: N, the number of draws. answers: how
    many there are to a question, one of them right. calibration: δ, the gap of the model's calibration."""
    slack = 2 / (answers - 1) + (35 + 6 * math.log(size)) / math.sqrt(size) + calibration
    return max(0.0, rate - slack)


def least_errors(unseen: float, answers: int) -> float:
    """The mean rate of errors of the best model that always answers: right on all it has seen, a guess on the rest."""
    return unseen * (1 - 1 / answers)
