"""What the repository keeps of the experiments: one JSON file, to which every finished pair of models is added."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from core.data.plan import code
from core.lab import kept
from core.lab.matter.outcome import STEPS, Outcome, Score

PATH = kept.FOLDER / "matter.json"


@cache
def made_by() -> str:
    own = ("corpora.py", "measure.py", "outcome.py", "reading.py")
    return kept.digest((Path(__file__).parent / name for name in own), f"{code()} {STEPS}")


def read(path: Path | None = None) -> dict[str, list[Outcome]]:
    """Seeds in order."""
    return kept.read(path or PATH, _outcome)


def is_of_this_code(path: Path | None = None) -> bool:
    return kept.is_of(path or PATH, made_by())


def write(outcomes: dict[str, list[Outcome]], path: Path | None = None) -> None:
    ordered = {name: sorted(ones, key=lambda one: one.seed) for name, ones in outcomes.items()}
    kept.write(path or PATH, made_by(), ordered, steps=STEPS)


def missing(outcomes: dict[str, list[Outcome]], names: Iterable[str], seeds: int) -> list[tuple[str, int]]:
    """Which pairs are not there yet: the first seed of every experiment first."""
    there = {(name, one.seed) for name, ones in outcomes.items() for one in ones}
    return [(name, seed) for seed in range(seeds) for name in names if (name, seed) not in there]


def _outcome(one: dict[str, Any]) -> Outcome:
    return Outcome(int(one["seed"]), *(Score(**one[side]) for side in ("without", "with_stage")))
