"""The embeddings page's core on a table of GPT-2's size: python -m tests.bench.bench_embeddings [rows]

A random table of 50,257 × 768; medians of wall seconds. "Answers" are what a click waits for; "once" is computed in the
background, one time for all. Last, the ratio to a plain NumPy search that normalises the table at every click, from
interleaved runs.
"""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from core.analysis.embeddings.analogies import Family, answer, measure_all, unit
from core.analysis.embeddings.neighbours import nearest, to_logit_geometry
from core.analysis.embeddings.projection import journey, project, silhouettes

REPEATS = 5
WIDTH = 768


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def naive(matrix: np.ndarray, id: int, k: int) -> np.ndarray:
    rows = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.argsort(-(rows @ rows[id]))[1 : k + 1]


def main(rows: int = 50_257) -> None:
    """Print one line per computation."""
    dice = np.random.default_rng(0)
    matrix = dice.normal(size=(rows, WIDTH)).astype(np.float32)
    lengths, ready = np.linalg.norm(matrix, axis=1), unit(matrix)
    words, labels = matrix[:500], [str(i % 9) for i in range(500)]
    families = [Family(f"family {i}", "grammar", tuple((2 * n, 2 * n + 1) for n in range(40))) for i in range(12)]
    work: dict[str, Callable[[], object]] = {
        "answers: 12 nearest, cosine": lambda: nearest(matrix, 7, 12, "cosine", lengths),
        "answers: 12 nearest, Euclidean": lambda: nearest(matrix, 7, 12, "euclidean"),
        "answers: a - b + c among all": lambda: np.argsort(-answer(ready, 1, 2, 3))[:10],
        "answers: rows at length 1": lambda: unit(matrix),
        "once: vectors as spoken": lambda: to_logit_geometry(matrix, matrix),
        "once: PCA of the whole table": lambda: project(matrix, 3),
        "once: PCA map of 500 words": lambda: journey([words], "PCA", 2),
        "once: silhouettes of 500 words": lambda: silhouettes(words, labels),
        "once: 12 families of analogies": lambda: measure_all(matrix, families),
    }
    print(f"{rows:,} × {WIDTH}, {REPEATS} runs each")
    for name, run in work.items():
        print(f"{name:34} {statistics.median(seconds(run) for _ in range(REPEATS)):7.3f} s", flush=True)
    pairs = [
        (seconds(lambda: nearest(matrix, 7, 12, "cosine", lengths)), seconds(lambda: naive(matrix, 7, 12)))
        for _ in range(REPEATS)
    ]
    print(f"nearest / plain NumPy search       {statistics.median(a / b for a, b in pairs):7.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
