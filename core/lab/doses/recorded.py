"""What the repository keeps of the experiments: one JSON file, to which every finished model is added."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path

from core.files import write_atomically
from core.lab.doses.experiments import EXPERIMENTS
from core.lab.doses.outcome import Outcome

PATH = Path(__file__).resolve().parents[3] / "assets" / "experiments" / "doses.json"
LAB = Path(__file__).parents[1]
TINYLAND = LAB.parent / "text" / "tinyland"


@cache
def made_by() -> str:
    """A hash of the code that decides what is read and asked: a record of other code is not gone on with."""
    whole = hashlib.sha256()
    own = ("doses/experiments.py", "doses/measure.py", "matter/measure.py", "matter/reading.py")
    for file in (*sorted(TINYLAND.rglob("*.py")), *(LAB / name for name in own)):
        whole.update(file.read_bytes())
    return whole.hexdigest()[:16]


def read(path: Path = PATH) -> dict[str, list[Outcome]]:
    """The outcomes by experiment; {} where nothing is recorded, or what is cannot be read."""
    try:
        kept = json.loads(path.read_bytes())["outcomes"]
        return {name: [Outcome(**one) for one in ones] for name, ones in kept.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def is_of_this_code(path: Path = PATH) -> bool:
    try:
        return bool(json.loads(path.read_bytes())["code"] == made_by())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write(outcomes: dict[str, list[Outcome]], path: Path = PATH) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {n: [asdict(one) for one in sorted(ones, key=lambda o: (o.dose, o.seed))] for n, ones in outcomes.items()}
    write_atomically(path, f"{json.dumps({'code': made_by(), 'outcomes': kept}, indent=1)}\n".encode())


def missing(outcomes: dict[str, list[Outcome]], names: Iterable[str], seeds: int) -> list[tuple[str, float, int]]:
    """(experiment, dose, seed) of the models that are not there yet: the first seed of each first."""
    there = {(name, one.dose, one.seed) for name, ones in outcomes.items() for one in ones}
    wanted = [(name, dose, seed) for seed in range(seeds) for name in names for dose in EXPERIMENTS[name].doses]
    return [one for one in wanted if one not in there]
