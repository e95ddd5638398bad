"""Two or more recipes at the same budget, told apart on the same held-out documents.

    python -m core.lab.shapes tinyland tinyland-relu2 --steps 300 --out runs/shapes

Each is a preset or a JSON file with fields of TrainConfig. They are trained one after another, or from where the last
call was stopped; a recipe that has finished is not trained again. Differences are paired, document by document, which
leaves out how hard the documents are: a tenth of a per cent shows after a few thousand of them.
"""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from core.brief import Brief
from core.model import load_checkpoint
from core.training import PRESETS, TrainConfig, preset, train
from core.training.compute import Workers
from core.training.data.sources import make_data
from core.training.disk.rows import last_row
from core.training.evaluate import sequence_nats


@dataclass(frozen=True, repr=False)
class Result(Brief):
    """How a recipe ended. `nats` (N,): what each held-out document costs it; `floor` (N,): the entropy of the text."""

    name: str
    parameters: int
    tokens: int
    seconds: float
    nats: np.ndarray
    floor: np.ndarray


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m core.lab.shapes", description="Compare recipes at one budget.")
    parser.add_argument("recipes", nargs="+", help=f"presets ({', '.join(PRESETS)}) or JSON files")
    parser.add_argument("--out", default="runs/shapes", help="folder that holds a run for each recipe")
    parser.add_argument("--steps", type=int, help="updates of each (the same documents)")
    parser.add_argument("--seconds", type=float, help="time of each")
    parser.add_argument("--documents", type=int, default=2000, help="held-out documents that they are judged on")
    options = parser.parse_args(arguments)
    try:
        results = [measure(config, options.documents) for config in configurations(options)]
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(table(results))
    return 0


def configurations(options: argparse.Namespace) -> list[TrainConfig]:
    """The recipes with the common budget, each with a folder of its own. Raises ValueError."""
    found = []
    for name in options.recipes:
        config = preset(name) if name in PRESETS else TrainConfig.load(name)
        budget = {"steps": options.steps, "seconds": options.seconds}
        if options.steps and not options.seconds:  # a limit of the recipe's own would end one before the other
            config = replace(config, seconds=None)
        changes = {key: value for key, value in budget.items() if value is not None}
        found.append(replace(config, out=str(Path(options.out) / Path(name).stem), **changes))
    common = {(str(c.data), c.tokenizer, c.vocab_size, c.documents_per_step, c.model["context_length"]) for c in found}
    if len(common) > 1:
        raise ValueError("recipes can be compared only on the same data, with one vocabulary and context")
    return found


def measure(config: TrainConfig, documents: int) -> Result:
    """Train the recipe to its end, where that is not done, and score it."""
    folder = Path(config.out)
    last = last_row(folder / "metrics.jsonl")
    if last.get("status") != "finished":
        for progress in train(config, resume=(folder / "state").is_dir()):
            if "val_loss_per_token" in progress.row:
                loss = progress.row["val_loss_per_token"]
                print(f"{folder.name}: step {progress.step:,}, {loss:.4f} nats per token", flush=True)
        last = last_row(folder / "metrics.jsonl")
    if last["status"] != "finished":
        raise ValueError(f"{folder.name}: {last.get('message', last['status'])}")
    checkpoint = load_checkpoint(folder)
    held_out = make_data(checkpoint.tokenizer, config, checkpoint.config.context_length).held_out(documents)
    with contextlib.closing(Workers(checkpoint.model, config.threads, torch.float32)) as workers:
        nats, _ = sequence_nats(checkpoint.model, workers, held_out)
    floor = np.zeros(len(nats)) if held_out.true_nats is None else held_out.true_nats
    parameters = checkpoint.config.parameter_count()["total"]
    return Result(folder.name, parameters, last["tokens"], last["seconds"], nats, floor)


def compare(first: Result, second: Result) -> tuple[float, float]:
    """How much more the second costs than the first, in per cent of the floor, and the standard error of that."""
    extra = second.nats - first.nats
    unit = first.floor.mean() / 100
    return float(extra.mean() / unit), float(extra.std(ddof=1) / len(extra) ** 0.5 / unit)


def table(results: Sequence[Result]) -> str:
    """One line for each recipe, beside the first of them."""
    lines = ["recipe                parameters      tokens  seconds  nats/document  above the floor  than the first"]
    for result in results:
        above = 100 * (result.nats.mean() / result.floor.mean() - 1)
        more, error = compare(results[0], result)
        lines.append(
            f"{result.name:<20} {result.parameters:>11,} {result.tokens:>11,} {result.seconds:>8.0f} "
            f"{result.nats.mean():>14.3f} {above:>15.2f}%  {more:+.2f} ± {error:.2f} %"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
