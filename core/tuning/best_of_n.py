"""Best of n: draw n answers, keep the one that the reward model likes best. No training, and its KL is known.

KL(best of n ‖ one draw) = log n - (n - 1) / n in nats, where no two answers score alike (Stiennon et al. 2020, appendix
G.3; an upper bound otherwise: Beirami et al. 2024, arXiv:2401.01879).
"""

import math
from collections.abc import Sequence

import numpy as np


def best_of_n_kl(n: int) -> float:
    """In nats. ValueError for n below 1."""
    if n < 1:
        raise ValueError(f"best of n needs at least one answer, not {n}")
    return math.log(n) - (n - 1) / n


def best_of_n_mean(proxy: Sequence[float] | np.ndarray, values: Sequence[float] | np.ndarray, n: int) -> float:
    """The expected value of the answer with the highest `proxy` among n of these N, drawn without replacement: over all
    subsets, not a few (Gao et al. 2023, appendix, the unbiased estimator). ValueError: n is not from 1 to N."""
    scores, found = np.asarray(proxy, dtype=float), np.asarray(values, dtype=float)
    total = len(scores)
    if not 1 <= n <= total:
        raise ValueError(f"of {total} answers the best of n can be drawn for n from 1 to {total}, not {n}")
    order = np.argsort(scores, kind="stable")
    # The i-th worst (from 0) is the best of a subset that has n - 1 of the i below it.
    weights = np.array([math.comb(i, n - 1) / math.comb(total, n) for i in range(total)])
    return float((weights * found[order]).sum())
