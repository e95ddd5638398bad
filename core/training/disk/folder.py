"""A run is a folder: train.json, metrics.jsonl, state/, pid, and a checkpoint that grows. One process writes in it."""

import contextlib
import fcntl
import json
import os
import signal
import time
from pathlib import Path
from typing import IO

from core.files import write_atomically
from core.training.config import TrainConfig

STARTING = "starting"  # holds the id of a process that will lock the folder
SOON = 120.0  # seconds that it may take to: loading PyTorch on a busy machine


class RunError(ValueError):
    """The run folder cannot be used; the message says what to do."""


class LockedFolder:
    """The folder of one run, locked while this object is open, so that no two processes write into it."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = take_lock(self.path)
        (self.path / STARTING).unlink(missing_ok=True)

    def close(self) -> None:
        """Let others have the folder."""
        self._lock.close()


def write_settings(folder: Path, config: TrainConfig) -> None:
    """Write train.json, whole or not at all."""
    write_atomically(folder / "train.json", json.dumps(config.to_dict(), indent=1).encode())


def take_lock(folder: Path) -> IO[str]:
    """Lock `folder`/pid and write our process id into it. The lock goes when this process does, however it ends."""
    file = open(folder / "pid", "a+", encoding="utf-8")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise RunError(f"another process is training in {folder.name}") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def announce(folder: Path, pid: int) -> None:
    """Say that a process has been started that will lock `folder`, so that other servers count it until it does."""
    write_atomically(folder / STARTING, str(pid).encode())


def starting(folder: Path) -> bool:
    """Whether a process was started for `folder` a short while ago, is still there and has not locked it yet."""
    path = folder / STARTING
    try:
        pid, age = int(path.read_bytes()), time.time() - path.stat().st_mtime
        os.kill(max(pid, 1), 0)  # asks only whether there is such a process
    except (OSError, ValueError, OverflowError):
        return False
    return pid > 1 and age < SOON


def owner(folder: str | Path) -> int | None:
    """The id of the process that trains in `folder` now, or None."""
    try:
        with open(Path(folder) / "pid", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                pid = int(file.read() or 0)
                return pid if pid > 1 else None
    except (OSError, ValueError):
        pass
    return None


def kill_owner(folder: Path) -> None:
    """End the process that trains in `folder`, if there is one on this machine, without asking."""
    pid = owner(folder)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
