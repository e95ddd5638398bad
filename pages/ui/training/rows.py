"""The rows of models whose training is over, as browsers fetch them: compressed, and kept by them for good.

They are thousands, and the same at every rerun: so they do not travel with it. Their address carries a hash of them:
what lies at an address never changes. The rows of runs are another matter: they grow (`jobs.read_since`).
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.model.folders import checkpoint_folder
from core.training.disk.rows import FILE, read_rows

FIELDS = (
    "step", "tokens", "seconds", "loss_per_token", "val_loss_per_token", "val_loss_per_document", "floor_per_token",
    "floor_per_document", "lr", "grad_norm", "tokens_per_second", "utilisation", "update_ratio", "flops", "sample",
    "event", "was", "baselines_per_token",
)  # fmt: skip


def address(name: str) -> str:
    """Where the rows of the model lie, below the address of the app."""
    return f"models/{name}/rows/{_written(name)[0]}.json"


def served(name: str, version: str) -> tuple[bytes, bool]:
    """The rows as gzipped JSON, and whether they are those of `version`. ValueError: no such model."""
    now, body = _written(name)
    return body, now == version


def _written(name: str) -> tuple[str, bytes]:
    path = checkpoint_folder(name) / FILE
    try:
        stat = path.stat()
        return _compressed(path, (stat.st_ino, stat.st_mtime_ns, stat.st_size))
    except OSError:
        return _compressed(path, None)


def _tuned(row: Mapping[str, Any]) -> dict[str, Any]:
    """Of the statistics of preference tuning only that there are some: such an update minimised no loss of a text."""
    return {"statistics": {}} if "statistics" in row else {}


@lru_cache(maxsize=16)
def _compressed(path: Path, stamp: tuple[int, int, int] | None) -> tuple[str, bytes]:
    """The hash of the rows in a file, and the rows; `stamp` is another once the file has been written to."""
    rows = [{key: x for key, x in row.items() if key in FIELDS} | _tuned(row) for row in read_rows(path)]
    body = json.dumps(rows, separators=(",", ":"), allow_nan=False).encode()
    return hashlib.sha256(body).hexdigest()[:12], gzip.compress(body, 6)
