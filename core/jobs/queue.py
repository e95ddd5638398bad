"""Runs and corpora that wait for a place: a file `queued` in the folder of each, so that a server that restarts finds
them again.

Nothing here starts a run: `jobs.dispatch` does, when a place is free.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.files import write_atomically
from core.runs.records import Record, read_record
from core.training.config import TrainConfig
from core.training.disk.folder import RunError
from core.training.disk.rows import FILE as ROWS
from core.training.disk.rows import last_row, read_rows

FILE = "queued"
DAY = 86_400.0
UNTIMED = 300.0  # seconds that are reserved for a run whose end is a number of steps


class TooManyRuns(RunError):
    """The queue is full, or this visitor has as many runs, or as much time, as one visitor may have."""


@dataclass(frozen=True)
class Limits:
    """How much training a server allows; `Limits.of_server()` reads them from the environment."""

    running: int = 2  # at once, on this machine: GLASSBOX_RUNNING
    waiting: int = 40  # in the queue: GLASSBOX_WAITING
    per_visitor: int = 4  # going or waiting, of one visitor: GLASSBOX_PER_VISITOR
    visitor_minutes: float = 60.0  # of training that one visitor may have in a day: GLASSBOX_VISITOR_MINUTES

    @classmethod
    def of_server(cls) -> "Limits":
        """The limits that the environment sets, the defaults for the others."""
        given = {name: os.environ.get(f"GLASSBOX_{name.upper()}") for name in cls.__annotations__}
        try:
            return cls(**{name: type(getattr(cls, name))(text) for name, text in given.items() if text})
        except ValueError as error:
            raise RunError(f"a limit in the environment is not a number: {error}") from None


def join(folder: Path, options: list[str]) -> None:
    """Put a run at the end of the queue; `options` are those to start it with."""
    write_atomically(folder / FILE, json.dumps({"since": time.time(), "options": options}).encode())


def leave(folder: Path) -> None:
    """Take a run out of the queue, if it is in it."""
    (folder / FILE).unlink(missing_ok=True)


def entry(folder: Path) -> tuple[float, list[str]] | None:
    """Since when a run waits, and the options to start it with; None when it does not, or when its file is damaged."""
    try:
        found = json.loads((folder / FILE).read_bytes())
    except (OSError, ValueError, RecursionError):  # another process may be starting it
        return None
    since, options = (found.get("since", 0.0), found.get("options")) if isinstance(found, dict) else (0.0, None)
    fits = type(since) in (int, float) and isinstance(options, list) and all(type(one) is str for one in options)
    return (since, options or []) if fits else None


def waiting_runs(root: Path) -> list[tuple[Path, list[str]]]:
    """The folders and options of the runs that wait, the next one first."""
    entries = [(path.parent, entry(path.parent)) for path in root.glob(f"*/{FILE}")]
    found = sorted((known[0], folder, known[1]) for folder, known in entries if known)
    return [(folder, options) for _, folder, options in found]


def position(folder: Path) -> int | None:
    """1 for the run that is next, None for one that does not wait."""
    if entry(folder) is None:
        return None
    order = [waiting_folder for waiting_folder, _ in waiting_runs(folder.parent)]
    return order.index(folder) + 1 if folder in order else None


@contextlib.contextmanager
def exclusively(root: Path) -> Iterator[None]:
    """No other process dispatches from this root meanwhile."""
    root.mkdir(parents=True, exist_ok=True)
    with open(root / ".queue.lock", "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def check_visitor(owner: str | None, runs: list[tuple[Path, bool]], limits: Limits, wanted: float) -> None:
    """Raise TooManyRuns when the visitor whose key has fingerprint `owner` may not start, or resume, one more run.

    runs: the folder of every run, deleted ones too, and whether it goes on or waits: then it counts with all the time
    that it may take. wanted: seconds that the new one may take. Code on this machine (owner None) is not limited.
    """
    if owner is None:
        return
    recent = time.time() - DAY
    own = [(folder, busy, read_record(folder)) for folder, busy in runs]
    own = [(folder, busy, record) for folder, busy, record in own if record.owner == owner]
    busy_now = sum(busy for _, busy, _ in own)
    if busy_now >= limits.per_visitor:
        raise TooManyRuns(
            f"{busy_now} of your runs are running or waiting, the most that one visitor may have: "
            "stop one, or wait until one has finished"
        )
    mine = [(folder, busy, record) for folder, busy, record in own if record.created > recent]
    used = sum(
        reserved_seconds(folder, record) if busy else seconds_of(folder, record) for folder, busy, record in mine
    )
    if used + wanted > 60 * limits.visitor_minutes:
        raise TooManyRuns(
            f"your runs of the last 24 hours have taken, or may still take, {used / 60:.1f} minutes, and this one may "
            f"take {wanted / 60:.1f}; one visitor may take {limits.visitor_minutes:g} minutes"
        )


def budget(config: TrainConfig) -> float:
    """Seconds that a run may train, as far as is known before it does."""
    return config.seconds or UNTIMED


def reserved_seconds(folder: Path, record: Record) -> float:
    """Seconds that a run has trained or may still train; a fork without the past that it shares."""
    trained = seconds_of(folder, record)
    try:
        whole = budget(TrainConfig.load(folder / "train.json"))
    except ValueError:
        return trained
    return max(trained, whole - shared_seconds(folder, record))


def seconds_of(folder: Path, record: Record) -> float:
    """How long a run has trained; a fork without the past that it shares."""
    return float(last_row(folder / ROWS).get("seconds", 0.0)) - shared_seconds(folder, record)


def shared_seconds(folder: Path, record: Record) -> float:
    """What the parent of a fork had trained when it left; 0 for another run."""
    if not record.parent:
        return 0.0
    return seconds_until(folder, record.parent["step"])


def seconds_until(folder: Path, step: int) -> float:
    """What a run had trained when it was at a step."""
    past = [row["seconds"] for row in read_rows(folder / ROWS) if row["step"] <= step and "seconds" in row]
    return float(max(past, default=0.0))
