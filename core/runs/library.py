"""The runs of this server as a collection: folders, names, tags, owners, and those put aside. No torch here."""

import os
import re
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from core.model import runs_root
from core.runs.records import NotYours, Record, owned_by, problem, read_record, with_name, with_tags, write_record
from core.training.config import TrainConfig
from core.training.disk.folder import RunError
from core.training.disk.rows import FILE

RUN_ID = re.compile(r"run-[0-9]{8}-[0-9a-f]{12}")  # the day, and 48 bits that nobody guesses
ASIDE = ".deleted"
KEPT_DELETED = 24 * 3600.0  # seconds in which a deletion can be undone
LOCK = threading.RLock()  # held while a run's record, wishes or place in the queue change


def list_runs() -> list[str]:
    """Ids of all runs, the newest first."""
    root = runs_root()
    folders = [f for f in root.iterdir() if RUN_ID.fullmatch(f.name)] if root.is_dir() else []
    folders = [f for f in folders if begun(f)]
    return [f.name for f in sorted(folders, key=lambda f: (read_record(f).created, f.name), reverse=True)]


def record(run_id: str) -> Record:
    """Name, tags, parent and the fingerprint of the owner of a run."""
    return read_record(existing_folder(run_id))


def owns(run_id: str, key: str | None) -> bool:
    """Whether the holder of `key` may change the run."""
    return owned_by(record(run_id), key)


def rename(run_id: str, name: str, key: str | None = None) -> None:
    """Give the run a name of at most 60 characters; "" takes it away."""
    with LOCK:
        folder = mine(run_id, key)
        write_record(folder, with_name(read_record(folder), name))


def tag(run_id: str, tags: Sequence[str], key: str | None = None) -> None:
    """Replace the tags of the run: at most 8 of at most 24 characters."""
    with LOCK:
        folder = mine(run_id, key)
        write_record(folder, with_tags(read_record(folder), list(tags)))


def put_aside(run_id: str, key: str | None = None) -> None:
    """Move a run that does not go on where nobody sees it, and clear away what has been there for a day."""
    with LOCK:
        aside = runs_root() / ASIDE
        aside.mkdir(exist_ok=True)
        for old in list_deleted():
            if time.time() - old.stat().st_mtime > KEPT_DELETED:
                shutil.rmtree(old, ignore_errors=True)
        os.replace(mine(run_id, key), aside / run_id)
        os.utime(aside / run_id)


def list_deleted() -> list[Path]:
    """The folders of the runs that have been put aside, the last one first. They carry their ids and records."""
    aside = runs_root() / ASIDE
    folders = list(aside.iterdir()) if aside.is_dir() else []
    return sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)


def undelete(run_id: str, key: str | None = None) -> None:
    """Bring a deleted run back. Raises RunError when it is gone for good."""
    with LOCK:
        folder = runs_root() / ASIDE / run_folder(run_id).name
        if not folder.is_dir():
            raise RunError(f"{run_id} is not among the deleted runs")
        if not owned_by(read_record(folder), key):
            raise NotYours("only the browser that started a run may bring it back")
        os.replace(folder, run_folder(run_id))


def run_folder(run_id: str) -> Path:
    """The folder of a run, which may not exist yet. Raises RunError for anything that is not a run id."""
    if not isinstance(run_id, str) or not RUN_ID.fullmatch(run_id):
        raise RunError(f"not the id of a run: {str(run_id)[:60]!r}")
    return runs_root() / run_id


def existing_folder(run_id: str) -> Path:
    """The folder of a run that exists. Raises RunError."""
    folder = run_folder(run_id)
    if not begun(folder):
        raise RunError(f"there is no run {run_id}")
    return folder


def begun(folder: Path) -> bool:
    """Whether there is a run in the folder, be it damaged; not one that is only being made."""
    return any((folder / name).exists() for name in ("train.json", FILE))


def damage(folder: Path) -> str | None:
    """What is wrong with the files that say what a run is, in a sentence; None where nothing is."""
    try:
        TrainConfig.load(folder / "train.json")
    except ValueError as error:
        return str(error)
    return problem(folder)


def mine(run_id: str, key: str | None) -> Path:
    """The folder of a run that the holder of `key` may change. Raises NotYours, or RunError when there is none."""
    folder = existing_folder(run_id)
    if not owned_by(read_record(folder), key):
        raise NotYours("this run belongs to somebody else: only the browser that started it may change it")
    return folder
