"""How proxy and true reward went while one of them was optimised, from the rows of a run: over-optimisation as Gao et
al. 2023 draw it, with the turnover that the first half foretells."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.training.disk.rows import Row
from core.tuning.overoptimisation import Law, fit_law

FEWEST = 5  # evaluations that a law is fitted to, and checked against


@dataclass(frozen=True)
class Course:
    """At each evaluation: the step, d = √KL of whole answers, and the gains of proxy and true reward in their standard
    deviations at the beginning. `law` is fitted to what lies within the first half of the greatest distance; None where
    there is too little of it."""

    steps: list[int]
    d: list[float]
    proxy: list[float]
    true: list[float]
    law: Law | None

    @property
    def best(self) -> float:
        """The d at which the true reward was highest."""
        return self.d[int(np.argmax(self.true))]


def course(rows: Sequence[Row]) -> Course | None:
    """None where nobody knows the true reward, or before there are FEWEST evaluations."""
    told = {row["step"]: row["statistics"] for row in rows if "true_spread" in row.get("statistics", {})
            and "val_loss_per_token" in row}  # fmt: skip
    if len(told) < FEWEST:
        return None
    first = told[min(told)]
    spread = [max(first[name], 1e-9) for name in ("reward_spread", "true_spread")]
    d = [math.sqrt(max(0.0, one["kl_answer"])) for one in told.values()]
    proxy, true = ([(one[name] - first[name]) / scale for one in told.values()]
                   for name, scale in zip(("reward", "true_reward"), spread, strict=True))  # fmt: skip
    early = [i for i, one in enumerate(d) if 0 < one <= max(d) / 2]
    fits = len({d[i] for i in early}) > 1
    law = fit_law("reinforcement learning", [d[i] for i in early], [true[i] for i in early]) if fits else None
    return Course(list(told), d, proxy, true, law)
