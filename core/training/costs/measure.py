"""What an update costs and how far it moves the weights: peak of the machine, energy, update-to-weight ratios."""

import math
import os
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch
from torch import Tensor

from core.training.data.batches import MicroBatch

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


def product_seconds(square: Tensor) -> float:
    """Seconds of one product of a matrix with itself, in this thread."""
    start = time.perf_counter()
    torch.mm(square, square)
    return time.perf_counter() - start


@cache
def working_dtype(precision: str) -> torch.dtype:
    """The dtype of a `precision` of TrainConfig. "auto" is measured: bfloat16 where the processor has instructions for
    it and is several times as fast (490 GF/s beside 110), float32 elsewhere (82 GF/s beside 2 on cores with no more
    than AVX2). The fastest of rounds in turn, in this thread, so that a busy machine does not decide it."""
    if precision != "auto":
        return {"bfloat16": torch.bfloat16, "float32": torch.float32}[precision]
    squares = [torch.ones(256, 256, dtype=dtype) for dtype in (torch.float32, torch.bfloat16)]
    fastest = [math.inf] * len(squares)
    for _ in range(5):
        for i, square in enumerate(squares):
            fastest[i] = min(fastest[i], product_seconds(square))
    return squares[fastest.index(min(fastest))].dtype


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
