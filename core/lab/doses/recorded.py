"""What the repository keeps of the experiments: one JSON file, to which every finished model is added."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from core.lab import kept
from core.lab.doses.experiments import EXPERIMENTS
from core.lab.doses.outcome import Outcome

PATH = kept.FOLDER / "doses.json"
LAB = Path(__file__).parents[1]
TINYLAND = LAB.parent / "text" / "tinyland"


@cache
def made_by() -> str:
    own = ("doses/experiments.py", "doses/measure.py", "matter/measure.py", "matter/reading.py")
    return kept.digest([*sorted(TINYLAND.rglob("*.py")), *(LAB / name for name in own)])


def read(path: Path | None = None) -> dict[str, list[Outcome]]:
    return kept.read(path or PATH, lambda one: Outcome(**one))


def is_of_this_code(path: Path | None = None) -> bool:
    return kept.is_of(path or PATH, made_by())


def write(outcomes: dict[str, list[Outcome]], path: Path | None = None) -> None:
    ordered = {name: sorted(ones, key=lambda one: (one.dose, one.seed)) for name, ones in outcomes.items()}
    kept.write(path or PATH, made_by(), ordered)


def missing(outcomes: dict[str, list[Outcome]], names: Iterable[str], seeds: int) -> list[tuple[str, float, int]]:
    """(experiment, dose, seed) of the models that are not there yet: the first seed of each first."""
    there = {(name, one.dose, one.seed) for name, ones in outcomes.items() for one in ones}
    wanted = [(name, dose, seed) for seed in range(seeds) for name in names for dose in EXPERIMENTS[name].doses]
    return [one for one in wanted if one not in there]
