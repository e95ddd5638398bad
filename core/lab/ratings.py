"""Comparisons that people made: a JSONL file for each rater, one line a comparison, so that they outlive page and
server."""

import json
from dataclasses import asdict
from pathlib import Path

from core.files import json_lines, write_atomically
from core.model import runs_root
from core.runs.records import fingerprint
from core.tuning.comparisons import Pair

CHOICES = ("a", "b", "tie")
MOST = 5000  # comparisons that are kept


def ratings_file(key: str) -> Path:
    """Where the comparisons of the holder of a key are kept; the key itself is not."""
    return runs_root() / "ratings" / f"{fingerprint(key)}.jsonl"


def read_ratings(path: Path) -> list[Pair]:
    """All whole comparisons of a file, the oldest first; none where there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            pair = Pair(**json.loads(line))
        except (ValueError, TypeError, RecursionError):
            continue
        if pair.choice in CHOICES and all(isinstance(x, str) for x in (pair.prompt, pair.a, pair.b)):
            found.append(pair)
    return found


def write_ratings(path: Path, pairs: list[Pair]) -> None:
    """Keep these comparisons, the newest MOST of them, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json_lines(map(asdict, pairs[-MOST:])).encode())
