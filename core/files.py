"""Writing files so that nobody ever reads half of one, and JSON that every reader takes."""

import contextlib
import json
import math
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old one or the new one."""
    with written_whole(path) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary name beside a file, to be written to: it gets the file's own name when all went well."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def finite_json(value: object) -> str:
    """`value` as JSON, in which not-a-number and infinity, which JSON does not have, are null."""
    return json.dumps(finite(value), allow_nan=False)


def json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """A row on each line, as JSONL files have them."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def finite(value: object) -> object:
    """`value` with None for every number in it, however deep, that is not finite."""
    if isinstance(value, dict):
        return {name: finite(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
