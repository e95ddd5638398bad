"""Runs as subprocesses of a server: start, watch, stop. The only module that starts processes; it needs no torch.

A worker reads commands on stdin and stops, its state saved, when stdin ends: so it never outlives the server unseen.
"""

import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.model import runs_root
from core.training.config import TrainConfig
from core.training.runs import RunError, owner, read_rows, write_atomically

RUN_ID = re.compile(r"run-[0-9]{8}-[0-9a-f]{12}")  # the day, and 48 bits that nobody guesses
ENDED = ("finished", "stopped", "failed")
LOG_BYTES = 2000  # of a worker's error output, quoted when it died without a word

_workers: dict[str, subprocess.Popen] = {}
_lock = threading.Lock()


class TooManyRuns(RunError):
    """As many runs are going as this server allows."""


@dataclass(frozen=True)
class Status:
    """`state`: "running", "finished", "stopped", "failed", or "interrupted" (its process died; it can be resumed)."""

    run_id: str
    state: str
    step: int
    steps: int
    message: str | None = None


def start(config: TrainConfig, *, limit: int = 2, threads: int = 1) -> str:
    """Start training in a process of its own; returns the id of the run. `config.out` is replaced by its folder.

    Raises TooManyRuns when `limit` runs of this server are going.
    """
    run_id = f"run-{time.strftime('%Y%m%d')}-{secrets.token_hex(6)}"
    folder = run_folder(run_id)
    config = replace(config, out=str(folder), threads=threads)
    with _lock:
        _check_limit(limit)
        folder.mkdir(parents=True)
        path = folder / "train.json"
        write_atomically(path, json.dumps(config.to_dict(), indent=1).encode())
        _launch(run_id, ["--config", str(path)])
    return run_id


def resume(run_id: str, *, limit: int = 2) -> None:
    """Go on with a run that was stopped or interrupted. Raises RunError when it is going already."""
    with _lock:
        if _going(run_id):
            raise RunError(f"{run_id} is running already")
        _check_limit(limit)
        _launch(run_id, ["--resume"])


def status(run_id: str) -> Status:
    """How a run is doing. Raises RunError for an id that names no run."""
    folder = existing_folder(run_id)
    going = _going(run_id)  # before the rows: a run that ends in between is then reported as running, not as dead
    rows = read_rows(folder / "metrics.jsonl")
    last = rows[-1] if rows else {}
    steps = TrainConfig.load(folder / "train.json").steps
    state = "running" if going else last.get("status", "interrupted")
    message = last.get("message") or (_last_words(folder) if state == "interrupted" else None)
    return Status(run_id, state, last.get("step", 0), steps, message)


def stop(run_id: str, wait: float = 20.0) -> None:
    """Ask a run to save its state and end; after `wait` seconds it is killed. Nothing happens if it is not running."""
    folder = existing_folder(run_id)
    process, pid = _workers.get(run_id), owner(folder)
    if process is not None and process.poll() is None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    elif pid is not None:
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + wait
        while owner(folder) == pid and time.monotonic() < end:
            time.sleep(0.05)
        if owner(folder) == pid:
            os.kill(pid, signal.SIGKILL)


def read_metrics(run_id: str, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The whole rows after byte `offset` of metrics.jsonl, and the offset to ask for next time.

    A resumed run may have dropped rows: when the file is shorter than `offset`, it is read from the start.
    """
    path = existing_folder(run_id) / "metrics.jsonl"
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(offset if 0 <= offset <= size else 0)
            start_at, data = file.tell(), file.read()
    except FileNotFoundError:
        return [], 0
    data = data[: data.rfind(b"\n") + 1]
    return [json.loads(line) for line in data.splitlines() if line], start_at + len(data)


def list_runs() -> list[str]:
    """Ids of all runs, the newest first."""
    root = runs_root()
    folders = [f for f in root.iterdir() if RUN_ID.fullmatch(f.name)] if root.is_dir() else []
    return [f.name for f in sorted(folders, key=lambda f: f.stat().st_ctime, reverse=True)]


def run_folder(run_id: str) -> Path:
    """The folder of a run, which may not exist yet. Raises RunError for anything that is not a run id."""
    if not isinstance(run_id, str) or not RUN_ID.fullmatch(run_id):
        raise RunError(f"not the id of a run: {str(run_id)[:60]!r}")
    return runs_root() / run_id


def existing_folder(run_id: str) -> Path:
    """The folder of a run that exists. Raises RunError."""
    folder = run_folder(run_id)
    if not (folder / "train.json").is_file():
        raise RunError(f"there is no run {run_id}")
    return folder


def _going(run_id: str) -> bool:
    process = _workers.get(run_id)
    return (process is not None and process.poll() is None) or owner(existing_folder(run_id)) is not None


def _check_limit(limit: int) -> None:
    going = sum(_going(run_id) for run_id in list_runs() if (run_folder(run_id) / "train.json").is_file())
    if going >= limit:
        raise TooManyRuns(f"{going} runs are going, and this server allows {limit}: stop one, or wait for it to finish")


def _launch(run_id: str, options: list[str]) -> None:
    folder = existing_folder(run_id)
    command = [sys.executable, "-m", "core.training", "--out", str(folder), "--control", "--quiet", "--nice", "10"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with open(folder / "log.txt", "wb") as log:
        _workers[run_id] = subprocess.Popen(
            [*command, *options], stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, cwd=_repository()
        )


def _repository() -> Path:
    return Path(__file__).resolve().parents[2]


def _last_words(folder: Path) -> str | None:
    with contextlib.suppress(FileNotFoundError):
        return (folder / "log.txt").read_bytes()[-LOG_BYTES:].decode(errors="replace").strip() or None
    return None
