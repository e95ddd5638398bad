"""Is 80 % sure right in 80 % of the cases? Reliability, expected calibration error, Brier, temperature.

    ece(confidence, correct)                  # Guo et al. 2017, arXiv:1706.04599
    ece_interval(confidence, correct)         # bootstrap
    ece_if_calibrated(confidence)             # what a calibrated model of this sample would show, by chance alone

Arrays of N cases: `confidence` in [0, 1], `correct` true or false. Bins are equal in width; a confidence of exactly 1
belongs to the last. ECE is never 0 for a finite sample, so it is read beside what a calibrated model would show.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from core.arrays import Floats
from core.brief import Brief

BINS = 15
REPEATS = 500
LEVEL = 0.95  # of intervals
COLDEST, HOTTEST = 0.05, 20.0  # temperatures that are looked through


@dataclass(frozen=True, eq=False, repr=False)
class Reliability(Brief):
    """Of each bin: its edges (B + 1,), and how many cases it has, their mean confidence and the share that is right
    (B,); NaN where there is no case."""

    edges: Floats
    count: Floats
    confidence: Floats
    accuracy: Floats

    @property
    def error(self) -> float:
        """The expected calibration error."""
        filled = self.count > 0
        gaps = np.abs(self.confidence[filled] - self.accuracy[filled])
        return float((self.count[filled] * gaps).sum() / self.count.sum())


def reliability(confidence: ArrayLike, correct: ArrayLike, bins: int = BINS) -> Reliability:
    """The reliability diagram. `correct` may also hold the true probability of being right."""
    confidence, correct = _cases(confidence, correct)
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, bins - 1)
    weights = (np.ones(len(confidence)), confidence, correct)
    count, sure, right = (np.bincount(place, w, bins).astype(np.float64) for w in weights)
    with np.errstate(invalid="ignore"):
        return Reliability(edges, count, sure / count, right / count)


def ece(confidence: ArrayLike, correct: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error: the mean distance of confidence and accuracy over the bins, by how many they hold."""
    return reliability(confidence, correct, bins).error


def ece_interval(confidence: ArrayLike, correct: ArrayLike, bins: int = BINS, seed: int = 0) -> tuple[float, float]:
    """The middle 95 % of the ECE of samples drawn again from these cases (bootstrap)."""
    confidence, correct = _cases(confidence, correct)
    rng = np.random.default_rng(seed)
    rows = (rng.integers(len(confidence), size=len(confidence)) for _ in range(REPEATS))
    return _middle([ece(confidence[row], correct[row], bins) for row in rows])


def ece_if_calibrated(confidence: ArrayLike, bins: int = BINS, seed: int = 0) -> tuple[float, float, float]:
    """(mean, low, high) of the ECE of a model that is right exactly as often as it is confident: by chance alone."""
    confidence, _ = _cases(confidence, confidence)
    rng = np.random.default_rng(seed)
    found = [ece(confidence, rng.random(len(confidence)) < confidence, bins) for _ in range(REPEATS)]
    return (float(np.mean(found)), *_middle(found))


def brier(confidence: ArrayLike, correct: ArrayLike) -> float:
    """The mean squared distance of confidence and outcome (Brier 1950), of right or wrong: 0 is best, 0.25 a coin's."""
    confidence, correct = _cases(confidence, correct)
    return float(((confidence - correct) ** 2).mean())


def fit_temperature(log_probs: ArrayLike, targets: ArrayLike) -> float:
    """The temperature at which the targets (N,) are likeliest under log_probs (N, C), from COLDEST to HOTTEST.

    Dividing logits by one number changes no first choice, only how sure the model is of it (Guo et al. 2017)."""
    logits, rows = np.asarray(log_probs, dtype=np.float64), np.arange(len(np.asarray(targets)))
    own = logits[rows, np.asarray(targets)]

    def nats(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        top = scaled.max(axis=1)
        normaliser = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
        return float((normaliser - own / np.exp(log_temperature)).mean())

    found = minimize_scalar(nats, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def at_temperature(log_probs: ArrayLike, temperature: float) -> Floats:
    """Probabilities (N, C) at another temperature."""
    scaled = np.asarray(log_probs, dtype=np.float64) / temperature
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    normal: Floats = weights / weights.sum(axis=1, keepdims=True)
    return normal


def _middle(values: list[float]) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _cases(confidence: ArrayLike, correct: ArrayLike) -> tuple[Floats, Floats]:
    """Both as floats. ValueError: no cases, not as many of both, or numbers outside [0, 1]."""
    sure, right = np.asarray(confidence, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    if sure.ndim != 1 or sure.shape != right.shape or not len(sure):
        raise ValueError(f"confidence and correct must be as long, and not empty: {sure.shape} and {right.shape}")
    if not all(((x >= 0) & (x <= 1)).all() for x in (sure, right)):
        raise ValueError("a confidence, and being right, must lie between 0 and 1")
    return sure, right
