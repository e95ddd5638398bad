"""A patching map, one batched pass a layer against one pass a cell: python -m tests.bench.bench_patching

Same model (the shipped model's shape, random weights), same places, interleaved; medians of ROUNDS, and their ratio.
The prompts differ from the first token after the start on, so that no place is left out.
"""

import statistics
import time
from collections.abc import Callable

import torch

from core.analysis.interventions.patching import What, patch_everywhere
from core.model import ModelConfig, Site, Transformer, run_trace

ROUNDS = 5
LENGTHS = (16, 32)
KINDS: tuple[What, ...] = ("residual", "head")
CONFIG = ModelConfig(vocab_size=2048, context_length=256, n_layers=4, n_heads=5, d_model=160)


def cell_by_cell(model: Transformer, clean: list[int], corrupted: list[int], what: What) -> None:
    """What a loop over layers, positions and heads would do."""
    name = {"residual": "resid_pre", "attention": "attn_out", "mlp": "mlp_out", "head": "z"}[what]
    source = getattr(run_trace(model, clean), name)
    heads = [(h,) for h in range(model.config.n_heads)] if what == "head" else [()]
    ids = torch.tensor([corrupted])
    for layer in range(model.config.n_layers):
        for head in heads:
            for position in range(1, len(clean)):
                place, at = (0, *head, position), Site(name, layer)

                def tap(site: Site, tensor: torch.Tensor) -> torch.Tensor:
                    if site != at:  # noqa: B023
                        return tensor
                    tensor = tensor.clone()
                    tensor[place] = source[(layer, *head, position)]  # noqa: B023
                    return tensor

                with torch.inference_mode():
                    model(ids, tap=tap)


def seconds(task: Callable[[], object]) -> float:
    begun = time.perf_counter()
    task()
    return time.perf_counter() - begun


def main() -> None:
    torch.manual_seed(0)
    model = Transformer(CONFIG).requires_grad_(False).eval()
    for weight in model.parameters():
        if weight.dim() == 2:
            weight.normal_(0, 0.05)
    for what in KINDS:
        for length in LENGTHS:
            clean, corrupted = ([0, *torch.randint(2048, (length - 1,)).tolist()] for _ in range(2))
            corrupted[1] = (clean[1] + 1) % 2048
            batched, single = [], []
            for _ in range(ROUNDS):
                batched.append(seconds(lambda: patch_everywhere(model, clean, corrupted, 3, 4, what)))  # noqa: B023
                single.append(seconds(lambda: cell_by_cell(model, clean, corrupted, what)))  # noqa: B023
            ours, theirs = statistics.median(batched), statistics.median(single)
            places = 4 * (length - 1) * (5 if what == "head" else 1)
            print(
                f"{what:9} T={length:3} {places:4} places   one pass a layer {1000 * ours:7.0f} ms   "
                f"one pass a cell {1000 * theirs:7.0f} ms   {theirs / ours:4.1f} times as fast"
            )


if __name__ == "__main__":
    main()
