"""What people add to a run: whose it is, its name, its tags, where it was forked from (run.json). No torch here.

The browser that starts a run holds an unguessable key; the run keeps only its SHA-256, so reading the folder, or any
page, gives nobody the right to steer. A fast hash is enough for a key of 256 random bits, which nobody can try out.
"""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from core.files import write_atomically
from core.training.disk.folder import RunError

LONGEST_NAME, LONGEST_TAG, MOST_TAGS = 60, 24, 8
NOBODY = "unknown"  # the owner of a run whose owner cannot be read: the fingerprint of no key


class NotYours(RunError):
    """Somebody else's run: anyone may look at it, only the browser that started it may change it."""


@dataclass(frozen=True)
class Record:
    """run.json. `owner` is the SHA-256 of the key, None for a run started by code on this machine.

    `parent`: {"run": id, "step": int, "changes": {field: value}} for a fork. `created` is in seconds since 1970.
    """

    owner: str | None = None
    name: str = ""
    tags: tuple[str, ...] = ()
    created: float = field(default_factory=time.time)
    parent: dict[str, Any] | None = None


def new_key() -> str:
    """A key of 256 random bits, for a browser to keep."""
    return secrets.token_urlsafe(32)


def fingerprint(key: str | None) -> str | None:
    """The SHA-256 of a key in hexadecimal; None for None."""
    return None if key is None else hashlib.sha256(key.encode("utf-8", errors="replace")).hexdigest()


def read_record(folder: Path) -> Record:
    """run.json; a run without one (from a terminal) has no owner and no name. Of a damaged one, what can be read: where
    that is not the owner, nobody is."""
    return _read(folder)[0]


def problem(folder: Path) -> str | None:
    """What is wrong with run.json, None where nothing is."""
    return _read(folder)[1]


def _read(folder: Path) -> tuple[Record, str | None]:
    created = folder.stat().st_ctime if folder.is_dir() else 0.0
    nothing = Record(owner=NOBODY, created=created)
    try:
        values = json.loads((folder / "run.json").read_bytes())
    except FileNotFoundError:
        return Record(created=created), None
    except (OSError, ValueError, RecursionError):
        return nothing, "run.json cannot be read"
    if not isinstance(values, dict):
        return nothing, "run.json is damaged"
    wrong = [name for name, fits in FITS.items() if name in values and not fits(values[name])]
    kept = {name: values[name] for name in FITS if name in values and name not in wrong}
    read = Record(**{"created": created} | ({"owner": NOBODY} if "owner" in wrong else {}) | kept)
    read = with_tags(with_name(read, read.name), read.tags)
    return read, f"run.json is damaged: {', '.join(wrong)}" if wrong else None


def _parent(value: object) -> bool:
    if not isinstance(value, dict):
        return value is None
    step, changes = value.get("step"), value.get("changes")
    return isinstance(value.get("run"), str) and type(step) is int and step >= 0 and isinstance(changes, dict)


FITS: dict[str, Callable[[Any], bool]] = {
    "owner": lambda value: value is None or isinstance(value, str),
    "name": lambda value: isinstance(value, str),
    "tags": lambda value: isinstance(value, list) and all(isinstance(tag, str) for tag in value),
    "created": lambda value: type(value) in (int, float) and 0 <= value < 1e11,
    "parent": _parent,
}


def write_record(folder: Path, record: Record) -> None:
    """Write run.json, whole or not at all."""
    write_atomically(folder / "run.json", json.dumps(asdict(record), ensure_ascii=False).encode())


def owned_by(record: Record, key: str | None) -> bool:
    """Whether `key` is the one that the run was started with. A run without an owner obeys only callers without a key:
    code on this machine, never a visitor."""
    if record.owner is None or key is None:
        return record.owner is None and key is None
    return hmac.compare_digest(record.owner, fingerprint(key) or "")


def with_name(record: Record, name: str) -> Record:
    """The record under a new name: printable, at most 60 characters, "" for none."""
    return replace(record, name=_plain(name, LONGEST_NAME))


def with_tags(record: Record, tags: tuple[str, ...] | list[str]) -> Record:
    """The record with these tags instead of those it had: at most 8 different ones of 24 characters."""
    plain = [tag for tag in (_plain(tag, LONGEST_TAG) for tag in tags) if tag]
    return replace(record, tags=tuple(dict.fromkeys(plain))[:MOST_TAGS])


def _plain(text: str, most: int) -> str:
    if not isinstance(text, str):
        raise RunError(f"a name or a tag is a text, not {type(text).__name__}")
    return "".join(c if c.isprintable() else " " for c in text).strip()[:most]
