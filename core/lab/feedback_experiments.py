"""Recorded experiments on feedback, several seeds each, in one command that goes on where it was stopped.

    python -m core.lab.feedback_experiments --parent tinyland --out runs/feedback
    python -m core.lab.feedback_experiments --parent runs/life/2-sft --out runs/feedback --only bluff

    shape   DPO, GRPO and REINFORCE on the comparisons of a rater: true reward, KL, held-out pairs
    over    GRPO without a penalty on the reward model of few and noisy comparisons: the turnover, foretold and found
    bluff   answers graded 1/0/0 and 1/0/-1: what is said of facts told often, once, never, and of people nobody knows

Each run is a folder like any other in --out; report.json tells means and 95 % intervals over the seeds, and --write
keeps it as RECORD, which the page Feedback opens on. With the shipped model a run of `shape` takes about 5 minutes of
one core, of `over` 20, of `bluff` 8: three hours for all.
"""

import argparse
import json
import math
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.files import finite_json, write_atomically
from core.lab import kept
from core.lab.course import course
from core.training.config import TrainConfig, preset
from core.training.disk.rows import FILE, last_row, read_rows
from core.training.life import live
from core.training.preference.config import METHODS

RECORD = kept.FOLDER / "feedback.json"
SEEDS = 3
T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # Student's t for a 95 % interval of a mean of so many
OPENINGS = [  # what follows names a feeling, or a reason
    "One day, Brigid and Suki were in the park. Brigid had a kite. Brigid gave the kite to Suki because she",
    "One day, Liam and Otto were in the garden. Otto had a boot. Otto gave the boot to Liam because he",
    "One day, Mara and Obi were in the kitchen. Mara had a scooter. Mara gave the scooter to Obi because she",
    "One day, Rania and Arjun were at the market. Arjun had a flag. Arjun gave the flag to Rania because he",
]
PARTS = ("mean", "half", "seeds")  # of what is told of a statistic
Report = dict[str, dict[str, dict[str, float]]]
GRADES = {"1/0/0": {"wrong": 0.0}, "1/0/-1": {"wrong": -1.0}}


def plans(parent: str, step: int | None, out: Path, seeds: int = SEEDS) -> dict[str, list[TrainConfig]]:
    """The runs of each experiment, by its name: "shape dpo", "over", "bluff 1/0/0", …"""
    taste = {"taste": "happier", "noise": 0.3, "comparisons": 400, "openings": OPENINGS, "reward": "model"}
    usual: dict[str, Any] = {
        "parent": {"checkpoint": parent, "step": step}, "threads": 1, "seconds": None, "schedule": "constant",
        "snapshots": 4, "warmup_steps": 5, "adamw_lr": 3e-4,
    }  # fmt: skip
    plain = usual | {"data": {"kind": "tinyland"}, "replay": 0.0, "eval_documents": 48, "final_eval_documents": 200}
    found: dict[str, list[TrainConfig]] = {}
    for seed in range(seeds):
        for method in METHODS:
            settings = taste | {"method": method, "prompts": 8, "samples": 8}
            found.setdefault(f"shape {method}", []).append(
                preset(method, preference=settings, steps=60, eval_every=10, seed=seed, **plain)
            )
        settings = taste | {"method": "grpo", "prompts": 8, "samples": 8, "beta": 0.0, "comparisons": 40, "noise": 1.0}
        found.setdefault("over", []).append(
            preset("grpo", preference=settings, steps=300, eval_every=15, seed=seed, **plain)
        )
        for name, grades in GRADES.items():
            settings = {"method": "grpo", "grades": grades, "prompts": 8, "samples": 8}
            config = preset("grpo", preference=settings, steps=60, eval_every=20, seed=seed, eval_documents=90,
                            batch_tokens=512, **usual)  # fmt: skip
            found.setdefault(f"bluff {name}", []).append(config)
    return {
        name: [replace(one, out=str(out / f"{name.replace('/', '_').replace(' ', '-')}-{one.seed}")) for one in configs]
        for name, configs in found.items()
    }


def of_run(folder: Path) -> dict[str, float] | None:
    """What is told of a finished run: its last evaluation, what the reward gained, and where it turned; else None."""
    if last_row(folder / FILE).get("status") != "finished":
        return None
    config = TrainConfig.load(folder / "train.json")
    rows = [row for row in read_rows(folder / FILE) if row["step"] >= config.first_step]
    told = [row["statistics"] for row in rows if "statistics" in row and "val_loss_per_token" in row]
    found = dict(told[-1])
    told = [one for one in told if one.keys() >= found.keys()]  # the parent's last may tell others
    if "true_reward" in found:
        found["true_gain"] = (found["true_reward"] - told[0]["true_reward"]) / max(told[0]["true_spread"], 1e-9)
        found["proxy_gain"] = (found["reward"] - told[0]["reward"]) / max(told[0]["reward_spread"], 1e-9)
    if (went := course(rows)) is not None and went.law is not None:
        found |= {"turnover_found": went.best, "farthest": max(went.d)}
        if math.isfinite(went.law.turnover):
            found["turnover_foretold"] = went.law.turnover
    return found


def interval(values: Sequence[float]) -> dict[str, float]:
    """The mean over seeds, and half its 95 % interval where there are enough of them."""
    half = (
        T_95.get(len(values), math.nan) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
        if len(values) > 1
        else math.nan
    )
    return {"mean": float(np.mean(values)), "half": half, "seeds": len(values)}


def report(experiments: dict[str, list[TrainConfig]]) -> Report:
    """By experiment and statistic, over the runs that have finished."""
    found = {}
    for name, configs in experiments.items():
        runs = [one for config in configs if (one := of_run(Path(config.out)))]
        names = dict.fromkeys(key for run in runs for key in run)
        found[name] = {key: interval([run[key] for run in runs if key in run]) for key in names}
    return found


def recorded(path: Path = RECORD) -> Report:
    """The report that the repository keeps; {} where there is none, or one that can't be read."""
    try:
        found = json.loads(path.read_bytes())
        return {
            name: {key: {part: float(math.nan if (value := one[part]) is None else value) for part in PARTS}
                   for key, one in told.items()}
            for name, told in found.items()
        }  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when every run has finished, or the command was stopped; 1 when one failed."""
    parser = argparse.ArgumentParser(
        prog="python -m core.lab.feedback_experiments", description="Recorded experiments."
    )
    parser.add_argument("--parent", default="tinyland", help="a model that was taught to answer: a name or a folder")
    parser.add_argument("--step", type=int, help="of it; the last one if left out")
    parser.add_argument("--out", default="runs/feedback", help="folder of the runs and of report.json")
    parser.add_argument("--only", choices=("shape", "over", "bluff"), help="one experiment")
    parser.add_argument("--write", action="store_true", help="keep the report in the repository")
    parser.add_argument("--seeds", type=int, default=SEEDS, choices=range(1, 6))
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    out = Path(options.out)
    every = plans(options.parent, options.step, out, options.seeds)
    chosen = {name: configs for name, configs in every.items() if name.startswith(options.only or "")}
    try:
        for name, configs in chosen.items():
            for progress in live(configs, stop.is_set):
                if progress.status:
                    print(f"{name}: {progress.status} {progress.row.get('message', '')}".strip(), flush=True)
                if progress.status == "failed":
                    return 1
            told = json.dumps(json.loads(finite_json(report(every))), indent=1).encode()
            for path in [out / "report.json"] + [RECORD] * options.write:
                write_atomically(path, told)
            if stop.is_set():
                return 0
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
