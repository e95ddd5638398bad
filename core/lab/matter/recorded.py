"""What the repository keeps of the experiments: one JSON file, to which every finished pair of models is added."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path

from core.data.plan import code
from core.files import write_atomically
from core.lab.matter.outcome import STEPS, Outcome, Score

PATH = Path(__file__).resolve().parents[3] / "assets" / "experiments" / "matter.json"


@cache
def made_by() -> str:
    """A hash of the code that decides what is read and asked: a record of other code is not gone on with."""
    whole = hashlib.sha256(f"{code()} {STEPS}".encode())
    for name in ("corpora.py", "measure.py", "outcome.py", "reading.py"):
        whole.update((Path(__file__).parent / name).read_bytes())
    return whole.hexdigest()[:16]


def read(path: Path | None = None) -> dict[str, list[Outcome]]:
    """The outcomes by experiment, seeds in order; {} where nothing is recorded, or what is cannot be read."""
    try:
        kept = json.loads((path or PATH).read_bytes())["outcomes"]
        return {name: [_outcome(one) for one in ones] for name, ones in kept.items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def is_of_this_code(path: Path | None = None) -> bool:
    try:
        return bool(json.loads((path or PATH).read_bytes())["code"] == made_by())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write(outcomes: dict[str, list[Outcome]], path: Path | None = None) -> None:
    path = path or PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: [asdict(one) for one in sorted(ones, key=lambda o: o.seed)] for name, ones in outcomes.items()}
    record = {"code": made_by(), "steps": STEPS, "outcomes": kept}
    write_atomically(path, f"{json.dumps(record, indent=1)}\n".encode())


def missing(outcomes: dict[str, list[Outcome]], names: Iterable[str], seeds: int) -> list[tuple[str, int]]:
    """Which pairs are not there yet: the first seed of every experiment first."""
    there = {(name, one.seed) for name, ones in outcomes.items() for one in ones}
    return [(name, seed) for seed in range(seeds) for name in names if (name, seed) not in there]


def _outcome(kept: dict[str, dict[str, object]]) -> Outcome:
    without, with_stage = (Score(**kept[side]) for side in ("without", "with_stage"))  # type: ignore[arg-type]
    return Outcome(int(kept["seed"]), without, with_stage)  # type: ignore[call-overload]
