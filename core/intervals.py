"""Intervals of measured rates and means. No torch here."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from core.arrays import Floats

Z = 1.959964  # 95 % of a normal distribution lie within so many standard deviations


def wilson(hits: float, total: float, z: float = Z) -> tuple[float, float]:
    """The score interval of Wilson (JASA 22, 1927) for a rate, honest near 0 and 1 and for few observations. Of cases
    that hang together both numbers are those of as many independent ones, so they need not be whole."""
    if not total:
        return 0.0, 1.0
    rate, spread = hits / total, z * z / total
    middle = (rate + spread / 2) / (1 + spread)
    half = z * math.sqrt(rate * (1 - rate) / total + spread / total / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def paired_difference(more: int, less: int, total: int, z: float = Z) -> tuple[float, float, float]:
    """The difference of two rates of the same `total` cases, and its interval: `more` cases were right in the first
    alone, `less` in the second alone. Half a case is added to each cell (Agresti and Min, Statistics in Medicine 24,
    2005), so that it is honest where few cases tell the two apart."""
    if not total:
        return 0.0, -1.0, 1.0
    n, a, b = total + 2, more + 0.5, less + 0.5
    middle, half = (a - b) / n, z * math.sqrt(a + b - (a - b) ** 2 / n) / n
    return (more - less) / total, max(-1.0, middle - half), min(1.0, middle + half)


def mean_interval(samples: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Mean, and the ends of its 95 % interval by Student's t, over the first axis: (n, ...) -> three (...); n ≥ 2."""
    values = np.asarray(samples, dtype=np.float64)
    if len(values) < 2:
        raise ValueError("an interval needs at least two cases")
    mean = values.mean(axis=0)
    margin = stdtrit(len(values) - 1, 0.975) * values.std(axis=0, ddof=1) / math.sqrt(len(values))
    return mean, mean - margin, mean + margin
