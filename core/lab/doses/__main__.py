"""Trains the model of every dose and records what it does: `python -m core.lab.doses`.

python -m core.lab.doses                     # three seeds: about 10 minutes of one core
python -m core.lab.doses --only skew --seeds 1

It can be stopped at any time and goes on where it was: each model is written when it is finished.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from core.lab.doses import measure, recorded
from core.lab.doses.experiments import EXPERIMENTS
from core.lab.doses.outcome import Outcome
from core.lab.matter.measure import FILE
from core.model import describe
from core.training import train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=EXPERIMENTS, default=list(EXPERIMENTS))
    options = parser.parse_args()
    outcomes = recorded.read() if recorded.is_of_this_code() else {}
    for name, dose, seed in recorded.missing(outcomes, options.only, options.seeds):
        start = time.perf_counter()
        found = trained(name, dose, seed)
        outcomes.setdefault(name, []).append(found)
        recorded.write(outcomes)
        scores = ", ".join(f"{score} {value:.3f}" for score, value in found.scores.items())
        print(f"{name} {dose:g}, seed {seed}, {time.perf_counter() - start:.0f} s: {scores}", flush=True)


def trained(name: str, dose: float, seed: int) -> Outcome:
    """Trains in a folder that is removed. The budget is the steps alone: no busy machine shortens them."""
    tokenizer = describe("tinyland").tokenizer
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_text(measure.training_text(name, dose, seed, tokenizer))
        list(train(replace(measure.settings(name, seed, folder), seconds=None)))
        return measure.outcome(name, dose, seed, folder)


if __name__ == "__main__":
    main()
