"""Trains the pairs of models of every experiment and records what they know: `python -m core.lab.matter`.

python -m core.lab.matter                     # five seeds of five experiments: about 20 minutes of one core
python -m core.lab.matter --only duplicates --seeds 2

It can be stopped at any time and goes on where it was: each pair is written when it is finished.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from core.lab.matter import measure, recorded
from core.lab.matter.corpora import EXPERIMENTS
from core.lab.matter.outcome import SIDES, STEPS, Outcome, difference
from core.model import describe
from core.training import train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=EXPERIMENTS, default=list(EXPERIMENTS))
    parser.add_argument("--steps", type=int, default=STEPS, help="fewer only to try it out: not recorded")
    options = parser.parse_args()
    outcomes = recorded.read() if recorded.is_of_this_code() else {}
    for name, seed in recorded.missing(outcomes, options.only, options.seeds):
        start = time.perf_counter()
        found = pair(name, seed, options.steps)
        outcomes.setdefault(name, []).append(found)
        if options.steps == STEPS:
            recorded.write(outcomes)
        print(f"{name}, seed {seed}, {time.perf_counter() - start:.0f} s", *lines(found), sep="\n  ", flush=True)
    for name in options.only:
        if len(outcomes.get(name, [])) > 1:
            mean, low, high = difference(name, outcomes[name])
            print(f"{name}: {mean:+.3f} without the stage (95 %: {low:+.3f} to {high:+.3f})")


def pair(name: str, seed: int, steps: int) -> Outcome:
    """Trains both models in a folder that is removed. The budget is the steps alone: no busy machine shortens them."""
    known = describe("tinyland")
    with tempfile.TemporaryDirectory() as root:
        for side in SIDES:
            folder = Path(root) / side
            folder.mkdir()
            (folder / measure.FILE).write_text(measure.training_text(name, side, seed, known.tokenizer))
            list(train(replace(measure.settings(seed, str(folder), steps=steps), seconds=None)))
        return measure.outcome(name, seed, *(Path(root) / side for side in SIDES))


def lines(found: Outcome) -> list[str]:
    told = []
    for side in SIDES:
        score = getattr(found, side)
        rates = ", ".join(f"{group} {rate:.0%}" for group, rate in score.rates.items())
        told.append(f"{side:10} loss {score.loss:.3f}; {rates}")
    return told


if __name__ == "__main__":
    main()
