"""How the true reward rises and falls while a proxy is optimised: Gao, Schulman & Hilton 2023 (arXiv:2210.10760).

With d = √KL(π ‖ π₀) the gain in true reward follows, for best of n, R(d) = d (α - β d), and for reinforcement learning
R(d) = d (α - β log d). Both are linear in α and β, so least squares finds them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Law:
    """One of the two forms, with its coefficients."""

    form: str
    alpha: float
    beta: float

    def at(self, d: np.ndarray) -> np.ndarray:
        """R(d), (N,) -> (N,); R(0) = 0."""
        d = np.asarray(d, dtype=float)
        gain: np.ndarray = d * self.alpha - self.beta * d * _bend(self.form, d)
        return gain

    @property
    def turnover(self) -> float:
        """The d at which R is highest; infinite where it never falls."""
        if self.beta <= 0:
            return math.inf
        if self.form == "best of n":
            return max(0.0, self.alpha / (2 * self.beta))
        return math.exp(min(self.alpha / self.beta - 1, 700.0))


FORMS = ("best of n", "reinforcement learning")


def _bend(form: str, d: np.ndarray) -> np.ndarray:
    return d if form == "best of n" else np.log(np.maximum(d, 1e-12))


def fit_law(form: str, d: Sequence[float] | np.ndarray, gains: Sequence[float] | np.ndarray) -> Law:
    """The law through gains (N,) in true reward at distances d (N,), by least squares. ValueError: another form, or
    fewer than two different distances above 0."""
    if form not in FORMS:
        raise ValueError(f"the form must be one of {', '.join(FORMS)}, not {form!r}")
    at, values = np.asarray(d, dtype=float), np.asarray(gains, dtype=float)
    kept = at > 0
    if len(set(at[kept].tolist())) < 2:
        raise ValueError("a law needs at least two different distances above 0")
    columns = np.stack([at[kept], -at[kept] * _bend(form, at[kept])], axis=1)
    (alpha, beta), *_ = np.linalg.lstsq(columns, values[kept], rcond=None)
    return Law(form, float(alpha), float(beta))
