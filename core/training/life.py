"""A whole life in one command: pre-training, supervised fine-tuning, preference tuning.

    python -m core.training.life --out runs/life
    python -m core.training.life --out runs/life --set sft.steps=300 --set preference.adamw_lr=0.0002 --method dpo

Each stage has a folder of its own in --out, which holds all of the life up to there: the last one is the model to ship.
The command goes on where it was stopped, in whatever stage. Each stage also runs alone, from any checkpoint:

    python -m core.training --stage sft --parent runs/life/1-pretrain@5000 --out runs/other
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from core.training.config import PRESETS, STAGES, TrainConfig, preset
from core.training.disk.rows import FILE, Progress, last_row
from core.training.preference.config import METHODS


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when every stage has finished, or the command was stopped; 1 when one failed."""
    parser = argparse.ArgumentParser(prog="python -m core.training.life", description="Train a model in three stages.")
    parser.add_argument("--out", default="runs/life", help="folder of the three runs")
    parser.add_argument("--preset", choices=PRESETS, default="tinyland", help="recipe of pre-training")
    parser.add_argument("--method", choices=METHODS, default="grpo", help="of preference tuning")
    parser.add_argument("--set", action="append", default=[], metavar="STAGE.FIELD=JSON", help="change any field")
    options = parser.parse_args(arguments)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        for progress in live(recipes(options), stop.is_set):
            if "val_loss_per_token" in progress.row:
                print(f"step {progress.step:>6}: {progress.row['val_loss_per_token']:.4f} nats per token", flush=True)
            if progress.status == "failed":
                raise ValueError(progress.row.get("message", "the stage failed"))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def recipes(options: argparse.Namespace) -> list[TrainConfig]:
    """The three stages, each the parent of the next. Raises ValueError for an impossible --set."""
    names = dict(zip(STAGES, (options.preset, "sft", options.method), strict=True))
    found: list[TrainConfig] = []
    for number, (stage, name) in enumerate(names.items(), start=1):
        config = preset(name, out=str(Path(options.out) / f"{number}-{stage}"))
        values = config.to_dict()
        for change in options.set:
            target, _, value = change.partition("=")
            of, _, field = target.partition(".")
            if of not in STAGES:
                raise ValueError(f"--set takes STAGE.FIELD=JSON, with a stage of {', '.join(STAGES)}, not {change!r}")
            if of == stage:
                values[field] = json.loads(value)
        config = TrainConfig.from_dict(values)
        parent = {"checkpoint": str(Path(found[-1].out).resolve())} if found else None
        found.append(replace(config, parent=parent))
    return found


def live(stages: Sequence[TrainConfig], stop: Callable[[], bool] = lambda: False) -> Iterator[Progress]:
    """Run the stages one after another, each in its folder. What has finished is left as it is, what was stopped goes
    on; after a stage that fails or is stopped nothing more is done."""
    from core.training.trainer import train

    for config in stages:
        folder = Path(config.out)
        if last_row(folder / FILE).get("status") == "finished":
            continue
        saved = (folder / "train.json").exists() and (folder / FILE).exists()
        config = TrainConfig.load(folder / "train.json") if saved else config
        progress = None
        for progress in train(config, resume=saved, stop=stop):
            yield progress
        if progress is None or progress.status != "finished":
            return


if __name__ == "__main__":
    sys.exit(main())
