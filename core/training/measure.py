"""What an update costs and how far it moves the weights: peak of the machine, energy, update-to-weight ratios."""

import os
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch
from torch import Tensor

from core.training.batches import MicroBatch

WATTS_PER_CORE = 10.0  # assumed, not measured: every energy is this × cores × seconds


def batch_lengths(batch: Iterable[MicroBatch]) -> np.ndarray:
    """Tokens that every sequence of a batch reads, whether they count in the loss or not: (N,) int64."""
    return np.array([length for micro in batch for length in micro.lengths], dtype=np.int64)


def peak_flops(dtype: torch.dtype, threads: int, seconds: float = 0.15, size: int = 512) -> float:
    """Operations per second of square matrix products in `dtype`, one on each of `threads` threads, the best of several
    rounds: what "utilisation" is measured against. A busy machine gives less."""
    a, b = torch.ones(size, size, dtype=dtype), torch.ones(size, size, dtype=dtype)
    out = [torch.empty_like(a) for _ in range(threads)]

    def work(i: int) -> None:
        torch.mm(a, b, out=out[i])

    best, rounds, begun = 0.0, 0, time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        while rounds < 4 or time.perf_counter() - begun < seconds:
            rounds, start = rounds + 1, time.perf_counter()
            list(pool.map(work, range(threads)))
            best = max(best, threads * 2 * size**3 / (time.perf_counter() - start))
    return best


@cache
def working_dtype(precision: str) -> torch.dtype:
    """The dtype of a `precision` of TrainConfig. "auto" is measured, in 20 ms: bfloat16 where the processor has
    instructions for it and is twice as fast, float32 elsewhere (82 GF/s beside 2 on cores with no more than AVX2)."""
    if precision != "auto":
        return {"bfloat16": torch.bfloat16, "float32": torch.float32}[precision]
    short, full = (peak_flops(dtype, 1, seconds=0.01, size=128) for dtype in (torch.bfloat16, torch.float32))
    return torch.bfloat16 if short > full else torch.float32


class Speedometer:
    """How fast a run reads between two looks, and what part of the machine's `peak` (FLOPs per second) it uses."""

    def __init__(self, peak: float, tokens: int, flops: float, seconds: float) -> None:
        self.peak = peak
        self._seen = (tokens, flops, seconds)

    def look(self, tokens: int, flops: float, seconds: float) -> tuple[float, float]:
        """Tokens per second and the part of the peak since the last look; all three count from the start of the run."""
        then_tokens, then_flops, then_seconds = self._seen
        self._seen = (tokens, flops, seconds)
        passed = max(1e-9, seconds - then_seconds)
        return (tokens - then_tokens) / passed, (flops - then_flops) / passed / self.peak


def group_of(name: str) -> str:
    """The part of the model that a parameter belongs to: "embed", "0", "1", … for the blocks, "final"."""
    if name.startswith("blocks."):
        return name.split(".")[1]
    return "embed" if "embed" in name and not name.startswith("unembed") else "final"


def update_ratios(before: dict[str, Tensor], after: dict[str, Tensor]) -> dict[str, float]:
    """‖after - before‖ / ‖before‖ for each part of the model (see group_of); 0 where the weights were 0."""
    moved: dict[str, float] = defaultdict(float)
    size: dict[str, float] = defaultdict(float)
    for name, old in before.items():
        moved[group_of(name)] += float((after[name] - old).square().sum())
        size[group_of(name)] += float(old.square().sum())
    return {group: (moved[group] / size[group]) ** 0.5 if size[group] else 0.0 for group in moved}


def watt_hours(seconds: float, threads: int) -> float:
    """Energy from the assumed power of a busy core."""
    return WATTS_PER_CORE * threads * seconds / 3600


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
