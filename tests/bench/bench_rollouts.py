"""Tokens a second drawn from 64 prompts in one batch, beside one text after another. On a busy machine trust ratios.

python -m tests.bench.bench_rollouts
"""

import statistics
import time
from collections.abc import Callable

import torch

from core.generation import Sampler, generate
from core.generation.rollouts import rollouts
from core.model import load_checkpoint

PROMPTS, NEW, ROUNDS = 64, 40, 5


def speed(draw: Callable[[], int]) -> float:
    """Tokens a second."""
    start = time.perf_counter()
    return draw() / (time.perf_counter() - start)


def main() -> None:
    torch.set_num_threads(1)
    model = load_checkpoint("tinyland").model
    prompts = torch.randint(0, model.config.vocab_size, (PROMPTS, 35)).tolist()
    ways = {
        "64 prompts in one batch": lambda: sum(len(s.ids) for s in rollouts(model, prompts, range(PROMPTS), NEW)),
        "one prompt, the same code": lambda: len(rollouts(model, prompts[:1], [0], 2 * NEW)[0].ids),
        "one prompt, generate()": lambda: sum(1 for _ in generate(model, prompts[0], Sampler(), 2 * NEW, 0)),
    }
    for draw in ways.values():
        draw()
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, draw in ways.items():
            found[name].append(speed(draw))
    for name, speeds in found.items():
        print(f"{name:<28} {statistics.median(speeds):>8,.0f} tokens/s")


if __name__ == "__main__":
    main()
