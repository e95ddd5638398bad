"""What visitors predicted and what was measured then: a JSON file for each, which outlives page and server."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from core.files import write_atomically
from core.model import runs_root
from core.runs.records import fingerprint

MOST = 200  # predictions that are kept


@dataclass(frozen=True)
class Prediction:
    """Of the effect of what is `said`: what was guessed, and what was measured ("" until it is)."""

    said: str
    guess: str
    measured: str = ""


def predictions_file(key: str) -> Path:
    """Where the predictions of the holder of a key are kept; the key itself is not."""
    return runs_root() / "predictions" / f"{fingerprint(key)}.json"


def read_predictions(path: Path) -> dict[str, Prediction]:
    """By name, the oldest first; none where there is no such file, or none that can be read."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        found = {str(name): Prediction(**row) for name, row in rows.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
    return {n: one for n, one in found.items() if all(isinstance(text, str) for text in vars(one).values())}


def write_predictions(path: Path, kept: Mapping[str, Prediction]) -> None:
    """Keep the newest MOST of these, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = {name: asdict(one) for name, one in list(kept.items())[-MOST:]}
    write_atomically(path, json.dumps(rows, ensure_ascii=False).encode())
