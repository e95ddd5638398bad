"""Knowledge in bits: how much a world holds, and how much of it a model can answer."""

import numpy as np
from numpy.typing import ArrayLike

BITS_PER_PARAMETER = 2.0  # the ceiling that Allen-Zhu & Li (2024, arXiv:2404.05405) found, when each fact is told often


def bits_of(values: int, facts: int) -> float:
    """Bits of so many facts, each one of `values` equally likely ones."""
    return facts * float(np.log2(values))


def bits_answered(true_probs: ArrayLike, values: int) -> float:
    """Bits that a model saves somebody who must name each of these facts, from its probabilities of the truth (N,).

    Whoever asks a model that is sometimes sure and wrong believes it only in part: a share of even chances is mixed
    into what it says, the best one for all N together. So what it does not know counts as 0, and not as less.
    """
    gain = values * np.asarray(true_probs, dtype=np.float64)  # how much likelier than by chance

    def saved(trust: float) -> float:
        return float(np.log2(1 - trust + trust * gain).sum())

    low, high = 0.0, 1 - 1e-9  # concave in the trust, so its best value is found by thirds
    for _ in range(60):
        third = (high - low) / 3
        low, high = (low + third, high) if saved(low + third) < saved(high - third) else (low, high - third)
    return max(0.0, saved((low + high) / 2))


def ceiling(parameters: int) -> float:
    """Bits that a model of this size holds at most, by that rule."""
    return BITS_PER_PARAMETER * parameters
