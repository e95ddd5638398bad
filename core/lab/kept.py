"""A record that the repository keeps of experiments: a JSON file of the outcomes of each, and of the code that ran."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core.files import write_atomically

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
FOLDER = Path(__file__).resolve().parents[2] / "assets" / "experiments"


def digest(files: Iterable[Path], more: str = "") -> str:
    """A hash of the code that decides what is read and asked: a record of other code is not gone on with."""
    whole = hashlib.sha256(more.encode())
    for file in files:
        whole.update(file.read_bytes())
    return whole.hexdigest()[:16]


def read(path: Path, outcome: Callable[[dict[str, Any]], T]) -> dict[str, list[T]]:
    """The outcomes by experiment; {} where nothing is recorded, or what is cannot be read."""
    try:
        kept = json.loads(path.read_bytes())["outcomes"]
        return {name: [outcome(one) for one in ones] for name, ones in kept.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def is_of(path: Path, code: str) -> bool:
    try:
        return bool(json.loads(path.read_bytes())["code"] == code)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write(path: Path, code: str, outcomes: Mapping[str, Sequence["DataclassInstance"]], **about: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: [asdict(one) for one in ones] for name, ones in outcomes.items()}
    write_atomically(path, f"{json.dumps({'code': code, **about, 'outcomes': kept}, indent=1)}\n".encode())
