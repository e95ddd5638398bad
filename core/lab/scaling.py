"""A ladder of sizes at equal compute, and a power law through their losses, with its uncertainty.

    rungs = ladder(preset("live"), flops=2e12)
    fit = fit_power_law([r.parameters for r in rungs], losses)
    fit.predict(next_size)      # loss, and the interval in which it should lie, before that size is trained

The law is loss = floor + a · N^-b (Kaplan et al. 2020, arXiv:2001.08361; Hoffmann et al. 2022, arXiv:2203.15556), which
at equal compute holds only while larger models still gain: beyond the best size for a budget the loss rises again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.brief import Brief
from core.model import ModelConfig
from core.training.config import TrainConfig
from core.training.costs.flops import training_flops

WIDTHS = (32, 48, 64, 96, 128, 192)
HEADS = 2
BOOTSTRAPS = 500
LEVEL = 0.9  # of the intervals


@dataclass(frozen=True)
class Rung:
    """One size of a ladder: its run, its parameters without embeddings, and the FLOPs that it will spend."""

    config: TrainConfig
    parameters: int
    flops: float


def ladder(
    base: TrainConfig,
    flops: float,
    tokens_per_step: int,
    widths: Sequence[int] = WIDTHS,
    vocab_size: int | None = None,
    length: int = 64,
) -> list[Rung]:
    """The same recipe at several widths, each for so many steps that it spends `flops` (at most one step less). Nothing
    but the width differs, and what follows from it: all have HEADS heads.

    Sizes for which that is less than one step are left out. `vocab_size`: of the tokenizer, else what `base` asks for.
    `length`: tokens of a sequence (their mean square divided by their mean, for attention).
    """
    rungs = []
    for width in widths:
        shape = {**base.model, "d_model": width, "n_heads": HEADS}
        model = ModelConfig.from_dict({**shape, "vocab_size": vocab_size or base.vocab_size})
        fitting = min(length, model.context_length)
        per_step = training_flops(model, np.array([fitting])) * tokens_per_step / fitting
        steps = int(flops / per_step)
        if steps >= 1:
            size, _ = model.weights_per_token()
            rungs.append(Rung(replace(base, model=shape, steps=steps, seconds=None), size, steps * per_step))
    return rungs


@dataclass(frozen=True, eq=False, repr=False)
class PowerLaw(Brief):
    """loss = floor + scale · size^-exponent. `samples` (B, 3) are (floor, scale, exponent) of refits to resampled
    residuals; all intervals are the middle 90 % of what these say. Nats per token."""

    floor: float
    scale: float
    exponent: float
    samples: np.ndarray
    residual: float  # root mean square of log(loss - floor) about the line

    def at(self, size: float | np.ndarray) -> np.ndarray:
        """The fitted loss at a size."""
        return self.floor + self.scale * np.asarray(size, dtype=np.float64) ** -self.exponent

    def predict(self, size: float) -> tuple[float, float, float]:
        """The loss expected at a size, and the two ends of its interval, scatter of single runs included."""
        rng = np.random.default_rng(0)
        floor, scale, exponent = self.samples.T
        scatter = np.exp(rng.normal(0, self.residual, len(self.samples)))
        low, high = np.quantile(floor + scale * size**-exponent * scatter, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return float(self.at(size)), float(low), float(high)

    def exponent_interval(self) -> tuple[float, float]:
        """The interval of the exponent."""
        low, high = np.quantile(self.samples[:, 2], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return float(low), float(high)


def larger_is_better(sizes: Sequence[float], losses: Sequence[float], law: PowerLaw) -> bool:
    """Whether a law may be read from these: the largest size has the lowest loss, and the exponent is surely above 0.

    Where it is not, the budget is too small for the larger sizes, and nothing can be foretold of still larger ones.
    """
    return int(np.argmin(losses)) == int(np.argmax(sizes)) and law.exponent_interval()[0] > 0


def verdict(reached: float, expected: tuple[float, float, float], losses: Sequence[float]) -> str:
    """How the loss that a larger size reached stands to what the law expected (loss, low, high) and to the others."""
    _, low, high = expected
    if low <= reached <= high:
        return "inside the interval."
    if reached < low:
        return "outside the interval. It gained more than the law expects."
    if reached < min(losses):
        return (
            "outside the interval. It is the lowest loss of all: a larger size still gains with this budget, but less "
            "than the law expects, since it has read too little for its size."
        )
    return (
        "outside the interval. It has read too little for its size, and a smaller one did better. Try a larger budget."
    )


def fit_power_law(sizes: Sequence[float], losses: Sequence[float], floor: float | None = None) -> PowerLaw:
    """Least squares of log(loss - floor) against log(size); the floor, where it is not known, is searched for.

    floor: the entropy of the data in nats per token, where it is known (Tinyland); otherwise between 0 and the lowest
    loss. Uncertainty: residuals, widened by √(n / (n - fitted numbers)), are resampled 500 times. Raises ValueError for
    fewer than 4 sizes (3 with a known floor), sizes or losses that are not positive, or a floor above a loss.
    """
    n, y = np.asarray(sizes, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    fitted = 2 if floor is not None else 3
    if len(n) != len(y) or len(set(n)) <= fitted or not (np.isfinite(n).all() and (n > 0).all()):
        raise ValueError(f"a power law needs at least {fitted + 1} different sizes with a loss each")
    if not (np.isfinite(y).all() and (y > (floor or 0)).all()):
        raise ValueError("every loss must be a number above the floor")
    x = np.log(n)
    candidates = [floor] if floor is not None else list(np.linspace(0, 0.999 * y.min(), 120))
    best = _line(x, y, candidates)
    expected = np.log(best[1]) - best[2] * x
    residuals = np.log(y - best[0]) - expected
    residuals = (residuals - residuals.mean()) * (len(x) / max(1, len(x) - fitted)) ** 0.5
    rng = np.random.default_rng(0)
    samples = []
    for _ in range(BOOTSTRAPS):
        again = best[0] + np.exp(expected + rng.choice(residuals, len(x)))
        samples.append(_line(x, again, [c for c in candidates if c < again.min()] or [best[0]]))
    return PowerLaw(*best, np.array(samples), float(np.sqrt((residuals**2).mean())))


def _line(x: np.ndarray, y: np.ndarray, floors: Sequence[float]) -> tuple[float, float, float]:
    """(floor, scale, exponent): a least-squares line through (x, log(y - floor)) for every floor, and of these the one
    whose losses are nearest, relative to each."""
    below = np.asarray(floors)[:, None]  # (F, 1)
    centred, logs = x - x.mean(), np.log(y - below)  # (N,), (F, N)
    slopes = (logs * centred).sum(axis=1) / (centred**2).sum()
    intercepts = logs.mean(axis=1) - slopes * x.mean()
    fitted = below + np.exp(intercepts[:, None] + slopes[:, None] * x)
    best = int(((fitted / y - 1) ** 2).sum(axis=1).argmin())
    return float(below[best, 0]), float(np.exp(intercepts[best])), float(-slopes[best])
