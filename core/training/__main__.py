"""Train a model from a terminal, or as the subprocess of a server.

python -m core.training --preset tinyland --out runs/tinyland
python -m core.training --out runs/tinyland --resume
python -m core.training --stage sft --parent runs/tinyland@34000 --out runs/taught     # or --parent NAME, its last step
python -m core.training --preset grpo --parent runs/taught --out runs/shaped           # or dpo
python -m core.training.life --out runs/life                                           # all three, one after another
torchrun --nproc-per-node 2 -m core.training --preset live --out runs/team    # one model, two processes
"""

import argparse
import contextlib
import errno
import json
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from core.messages import without_folders
from core.training.config import PRESETS, STAGES, TrainConfig, preset
from core.training.disk import control
from core.training.disk.folder import LockedFolder
from core.training.disk.rows import FILE, Row, RowWriter, read_rows
from core.training.stages import parse_parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when the run finished or was stopped, 1 when it failed or could not start."""
    options = parse(arguments)
    if options.give_way:
        control.give_way()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    if options.control:  # a server sees to control.json; in a terminal, an old wish to stop is over
        threading.Thread(target=obey, args=(stop,), daemon=True).start()
    elif (Path(options.out) / control.FILE).exists():
        control.go(Path(options.out))
    try:
        return run(configuration(options), options, stop)
    except (ValueError, OSError) as error:
        message = explain(error)
        print(f"error: {message}", file=sys.stderr)
        with contextlib.suppress(OSError):  # a full disk may have no room for the reason either
            report_failure(Path(options.out), message)
        return 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options, validated as far as argparse can."""
    parser = argparse.ArgumentParser(prog="python -m core.training", description="Train a language model.")
    parser.add_argument("--out", required=True, help="folder of the run")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--preset", choices=PRESETS, help="a named recipe")
    source.add_argument("--config", help="a JSON file with fields of TrainConfig")
    parser.add_argument("--stage", choices=STAGES, help="with the preset of that stage (preference: dpo)")
    parser.add_argument("--parent", metavar="NAME[@STEP]", help="model or folder that the stage goes on from")
    parser.add_argument("--resume", action="store_true", help="go on from the saved state in --out")
    parser.add_argument("--steps", type=int, help="number of updates")
    parser.add_argument("--seconds", type=float, help="end after this time, or after --steps")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=JSON", help="change any field")
    parser.add_argument("--threads", type=int, help="cores to use")
    parser.add_argument("--give-way", action="store_true", help="let everything else on this machine go first")
    parser.add_argument("--control", action="store_true", help="obey lines on stdin (stop); its end means stop")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args(arguments)


def configuration(options: argparse.Namespace) -> TrainConfig:
    """From train.json when resuming, a file or a preset otherwise, changed by the other options."""
    if options.resume:
        config = TrainConfig.load(Path(options.out) / "train.json")
    elif options.config:
        config = TrainConfig.load(options.config)
    else:
        config = preset(options.preset or {"sft": "sft", "preference": "dpo"}.get(options.stage, "tinyland"))
    values = config.to_dict() | {"out": options.out}
    if options.stage:
        values["stage"] = options.stage
    if options.parent:
        values["parent"] = parse_parent(options.parent)
    for change in options.set:
        name, _, value = change.partition("=")
        try:
            values[name] = json.loads(value)
        except json.JSONDecodeError:
            values[name] = value
    chosen = {name: getattr(options, name) for name in ("steps", "seconds", "threads")}
    return replace(TrainConfig.from_dict(values), **{k: v for k, v in chosen.items() if v is not None})


def run(config: TrainConfig, options: argparse.Namespace, stop: threading.Event) -> int:
    """Train, showing a bar; rows with a validation loss are printed above it."""
    from core.training import team
    from core.training.trainer import train

    if team.rank() > 0:
        team.follow(config, options.resume)
        return 0
    status = None
    with tqdm(total=config.steps, unit="step", disable=options.quiet, dynamic_ncols=True) as bar:
        for progress in train(config, resume=options.resume, stop=stop.is_set):
            bar.total = progress.steps  # a stage counts on from its parent
            if not bar.n:
                bar.initial = bar.n = progress.step  # what was done before took none of this time
            bar.update(progress.step - bar.n)
            row = progress.row
            if "val_loss_per_token" in row and not options.quiet:
                tqdm.write(describe(row))
            elif "loss_per_token" in row:
                rates = {"loss": f"{row['loss_per_token']:.4f}", "tokens_per_s": f"{row['tokens_per_second']:.0f}"}
                bar.set_postfix(rates, refresh=False)
            status = progress.status
    if not options.quiet:
        print(row.get("message", status))
    return int(status == "failed")


def describe(row: Row) -> str:
    """An evaluation in one line."""
    line = f"step {row['step']:>6}  held-out loss {row['val_loss_per_token']:.4f} nats per token"
    if "floor_per_document" in row:
        line += f", {row['val_loss_per_document']:.3f} per document (floor {row['floor_per_document']:.3f})"
    return line


def obey(stop: threading.Event) -> None:
    """Wait for the line "stop" on stdin, or for its end: whoever started us is gone."""
    for line in sys.stdin:
        if line.strip() == "stop":
            break
    stop.set()


def explain(error: Exception) -> str:
    """The error as a sentence for the person whose run it ended."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            "The disk is full: the last file could not be written. Every snapshot before it is intact. "
            "Free some space, then resume the run."
        )
    return without_folders(str(error))


def report_failure(folder: Path, message: str) -> None:
    """Leave the reason where whoever reads the run will look, unless another process owns the folder."""
    try:
        locked = LockedFolder(folder)
    except (ValueError, OSError):
        return
    rows = read_rows(folder / FILE)
    if not rows or "status" not in rows[-1]:
        step = rows[-1]["step"] if rows else 0
        writer = RowWriter(folder, keep_until=step)
        writer.write({"step": step, "status": "failed", "message": message})
        writer.close()
    locked.close()


if __name__ == "__main__":
    sys.exit(main())
