"""Runs for a server: start, queue, steer, watch, delete. No torch here.

    key = new_key()                                  # kept by the browser that starts the run
    run_id = start(preset("live"), owner=key)        # goes at once, or waits for a place
    pause(run_id, key); step(run_id, key); resume(run_id, key); set_learning_rate(run_id, 0.005, key); stop(run_id, key)
    status(run_id); read_since(run_id, offset, file)  # anyone may look

Whoever lacks the key gets NotYours. A worker reads its wishes from control.json before every update, and ends, its
state saved, when its stdin does: so it never outlives the server unseen. Runs go on in processes of this machine, or,
when $GLASSBOX_SCHEDULER holds the address of a Dask scheduler, on that cluster.
"""

import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from core.files import write_atomically
from core.jobs import queue
from core.jobs.executors import DaskExecutor, Executor, LocalExecutor, wait_or_kill
from core.jobs.processes import launch
from core.jobs.queue import Limits, TooManyRuns
from core.messages import without_folders
from core.model import runs_root
from core.runs import corpora, forks
from core.runs.library import (
    LOCK,
    damage,
    existing_folder,
    list_deleted,
    list_runs,
    mine,
    put_aside,
    record,
    run_folder,
)
from core.runs.records import Record, fingerprint, with_name, write_record
from core.runs.summary import summary_of_folder
from core.training.config import TrainConfig
from core.training.disk import control
from core.training.disk.folder import RunError, write_settings
from core.training.disk.past import copy_past
from core.training.disk.rows import Row, last_row, new_rows

LOG_BYTES = 2000  # of a worker's error output, quoted when it died without a word
LONGEST_TEXT = 20_000_000  # characters of a training text

_attending = threading.Event()


@dataclass(frozen=True)
class Status:
    """How a run is doing. `state` is one of

    "queued" (`position` 1 is the next), "running", "paused", "finished", "stopped", "failed" (see `message`),
    "interrupted" (its process died; it can be resumed) or "damaged" (a file that says what it is cannot be read; its
    weights and rows may be there). `steps` is the budget; `step` those done in the last row.
    """

    run_id: str
    state: str
    step: int
    steps: int
    message: str | None = None
    position: int | None = None


def start(
    config: TrainConfig,
    owner: str | None = None,
    *,
    text: str | None = None,
    name: str = "",
    limit: int | None = None,
    threads: int = 1,
    cards: Mapping[str, bytes] | None = None,
) -> str:
    """Train in a process of its own, now or when a place is free; returns the id of the run.

    owner: the key of the visitor (`new_key`); only its fingerprint is kept. None: code on this machine.
    text: a training text, kept in the run's folder as corpus.txt: data {"kind": "text", "path": "corpus.txt"} means it;
    or chats, kept as chats.jsonl, which data {"kind": "messages", "path": "chats.jsonl"} means.
    limit: runs at once, instead of the server's. cards: files about the text, which stay with the run.
    `config.out` is replaced by the run's folder. Raises TooManyRuns when the queue is full or the visitor's share is
    used up, RunError for a text that is too long.
    """
    if text is not None and len(text) > LONGEST_TEXT:
        raise RunError(f"the text has {len(text):,} characters; {LONGEST_TEXT:,} is the most")

    def fill(folder: Path) -> list[str]:
        if text is not None:
            name_of_text = "chats.jsonl" if config.data["kind"] == "messages" else "corpus.txt"
            write_atomically(folder / name_of_text, text.encode("utf-8", errors="replace"))
        for file, content in (cards or {}).items():
            write_atomically(folder / file, content)
        write_settings(folder, replace(config, out=str(folder), threads=threads))
        return ["--config", str(folder / "train.json")]

    return _create(with_name(Record(fingerprint(owner)), name), fill, limit, queue.budget(config))


def fork(
    run_id: str, at: int, changes: dict[str, Any], owner: str | None = None, *, name: str = "", limit: int | None = None
) -> str:
    """A new run that shares the past of `run_id` up to its snapshot `at`, then goes on with `changes`, on the same data
    in the same order; returns its id. Anyone may fork any run; `owner` is the key for the new one.

    changes: fields of TrainConfig among `forks.CHANGEABLE`. Raises RunError for other fields, for a step without a
    snapshot, TooManyRuns as `start` does, ValueError for impossible values.
    """
    source = existing_folder(run_id)
    config = forks.settings_of_fork(TrainConfig.load(source / "train.json"), changes, at)
    parent = {"run": run_id, "step": at, "changes": changes}

    def fill(folder: Path) -> list[str]:
        copy_past(source, folder, at, forks.mark(at, changes))
        if changes.keys() & {"optimizer", f"{config.optimizer}_lr"}:  # over a rate that was set while the parent ran
            control.change(folder, lr=config.peak_lr)
        write_settings(folder, replace(config, out=str(folder)))
        return ["--resume"]

    wanted = max(0.0, queue.budget(config) - queue.seconds_until(source, at))
    return _create(with_name(Record(fingerprint(owner), parent=parent), name), fill, limit, wanted)


def _create(made: Record, fill: Callable[[Path], list[str]], limit: int | None, wanted: float) -> str:
    run_id = f"run-{time.strftime('%Y%m%d')}-{secrets.token_hex(6)}"
    admit(run_folder(run_id), made, fill, limit, wanted)
    return run_id


def admit(
    folder: Path, made: Record, fill: Callable[[Path], list[str]], limit: int | None = None, wanted: float = 0.0
) -> None:
    """A new folder, filled by `fill`, which returns the options to start it with; it goes to the queue. wanted: seconds
    that it may take. Servers that share a runs folder wait for one another here."""
    limits = Limits.of_server()
    _executor()  # RunError where no cluster answers, before anything is made
    with LOCK, queue.exclusively(runs_root()):
        _check_visitor(made.owner, limits, wanted)
        if len(queue.waiting_runs(runs_root())) >= limits.waiting:
            raise TooManyRuns(
                f"{limits.waiting} runs are waiting, as many as this server allows: come back when some have finished"
            )
        folder.mkdir(parents=True)
        try:
            write_record(folder, made)
            queue.join(folder, fill(folder))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    dispatch(limit)


def _check_visitor(owner: str | None, limits: Limits, wanted: float) -> None:
    runs = [(folder, busy(folder)) for folder in [*map(run_folder, list_runs()), *corpora.list_corpora()]]
    queue.check_visitor(owner, runs + [(folder, False) for folder in list_deleted()], limits, wanted)


def resume(run_id: str, key: str | None = None, *, limit: int | None = None) -> None:
    """Go on with a run that is paused, stopped, interrupted or failed, from where it was.

    Raises RunError for one that is neither, TooManyRuns when the visitor's share is used up.
    """
    with LOCK, queue.exclusively(runs_root()):
        folder = mine(run_id, key)
        state = status(run_id).state
        if state in ("running", "queued", "finished", "damaged"):
            raise RunError(f"{run_id} is {state}{'' if state == 'damaged' else ' already'}")
        if state != "paused":
            left = queue.reserved_seconds(folder, record(run_id)) - queue.seconds_of(folder, record(run_id))
            _check_visitor(record(run_id).owner, Limits.of_server(), left)
        control.go(folder)
        if state == "paused":
            return
        began = (folder / "metrics.jsonl").exists()
        queue.join(folder, ["--resume"] if began else ["--config", str(folder / "train.json")])
    dispatch(limit)


def pause(run_id: str, key: str | None = None) -> None:
    """Wait before the next update, until `resume` or `step`."""
    control.change(_running_folder(run_id, key), pause_at=0)


def step(run_id: str, key: str | None = None) -> None:
    """One update more, then wait. Raises RunError unless the run is paused."""
    with LOCK:
        folder = _running_folder(run_id, key)
        now = status(run_id)
        if now.state != "paused":
            raise RunError(f"{run_id} is {now.state}: pause it before taking single steps")
        control.change(folder, pause_at=now.step + 1)


def set_learning_rate(run_id: str, lr: float, key: str | None = None) -> None:
    """A new peak for the learning rate of the main optimizer, from the next update on; the others keep in ratio.

    The schedule still multiplies it. The run marks the change with a row {"event": "lr", "lr": new, "was": old}.
    """
    control.change(_running_folder(run_id, key), lr=lr)


def stop_when(run_id: str, key: str | None = None, **conditions: float | int | None) -> None:
    """Set stop conditions: target_loss (held-out, nats per token) and patience (evaluations without improvement)."""
    if unknown := conditions.keys() - {"target_loss", "patience"}:
        raise RunError(f"unknown stop conditions: {', '.join(sorted(unknown))}")
    control.change(_running_folder(run_id, key), **conditions)


def stop(run_id: str, key: str | None = None, wait: float = 20.0) -> None:
    """Ask a run to save its state and end; after `wait` seconds it is killed. Nothing happens if it is not going."""
    end(mine(run_id, key), wait)


def end(folder: Path, wait: float = 20.0) -> None:
    """As `stop`, for whatever is in the queue or was started from it."""
    with LOCK:
        queue.leave(folder)
        if not _executor().alive(folder):
            return
        control.change(folder, stop=True)
    until = time.monotonic() + wait
    while _executor().alive(folder) and time.monotonic() < until:
        time.sleep(0.05)
    if _executor().alive(folder):
        _executor().kill(folder)
    attend()


def status(run_id: str) -> Status:
    """How a run is doing. Raises RunError for an id that names no run."""
    folder = existing_folder(run_id)
    place = queue.position(folder)
    alive = _executor().alive(folder)  # before the row: a run that ends in between is reported as running, not as dead
    last = last_row(folder / "metrics.jsonl")
    wrong, done = damage(folder), last.get("step", 0)
    steps = 0 if wrong else TrainConfig.load(folder / "train.json").last_step
    if alive:
        pause_at = control.read(folder).get("pause_at")
        waits = last.get("event") == "paused" or last.get("step") == pause_at
        state = "paused" if pause_at is not None and done >= pause_at and waits else "running"
    elif wrong:
        return Status(run_id, "damaged", done, steps, wrong)
    elif place is not None:
        state = "queued"
    else:
        state = last.get("status") or ("interrupted" if last or _last_words(folder) else "stopped")
    message = last.get("message") or (_last_words(folder) if state == "interrupted" else None)
    return Status(run_id, state, done, steps, message, place if state == "queued" else None)


def read_metrics(run_id: str, offset: int = 0) -> tuple[list[Row], int]:
    """The whole rows after byte `offset` of metrics.jsonl, and the offset to ask for next time.

    When the file is shorter than `offset`, it is read from the start; `read_since` also notices other changes.
    """
    rows, offset, _ = new_rows(existing_folder(run_id) / "metrics.jsonl", offset)
    return rows, offset


def read_since(run_id: str, offset: int = 0, file: int = 0) -> dict[str, Any]:
    """What is new since the last call, ready for JSON: {"rows", "offset", "file", "restarted", "status", "summary"}.

    Give `offset` and `file` of the last answer. A run that is resumed writes a new file, without the rows beyond its
    last saved state: then `restarted` is true and `rows` are all rows. `status` holds the fields of Status, `summary`
    those of core.runs.summary.Summary, of all rows.
    """
    folder = existing_folder(run_id)
    path = folder / "metrics.jsonl"
    now = path.stat().st_ino if path.exists() else 0
    rows, end, found = new_rows(path, offset if file in (0, now) else 0)
    restarted = file not in (0, found) or end < offset
    answer = {"rows": rows, "offset": end, "file": found, "restarted": restarted}
    return answer | {"status": asdict(status(run_id)), "summary": asdict(summary_of_folder(folder))}


def delete(run_id: str, key: str | None = None) -> None:
    """Stop the run and put it aside, for a day, in which `undelete` brings it back."""
    stop(run_id, key)
    put_aside(run_id, key)


def dispatch(limit: int | None = None) -> None:
    """Start those runs of the queue for which there is a place, and keep looking in the background while others wait.

    limit: runs at once on this machine; None means the server's.
    """
    root = runs_root()
    with LOCK, queue.exclusively(root):
        places = _executor().slots(Limits.of_server().running if limit is None else limit)
        going = sum(map(_executor().alive, [*map(run_folder, list_runs()), *corpora.list_corpora()]))
        for folder, options in queue.waiting_runs(root)[: max(0, places - going)]:
            control.go(folder)
            _executor().submit(folder, options)
            queue.leave(folder)
    attend()


def attend() -> None:
    """See to the queue from now on, for as long as something waits in it. A server calls it once when it starts."""
    if queue.waiting_runs(runs_root()) and not _attending.is_set():
        _attending.set()
        threading.Thread(target=_attend, name="queue", daemon=True).start()


def _attend() -> None:
    try:
        while queue.waiting_runs(runs_root()):
            time.sleep(0.5)
            with contextlib.suppress(RunError, OSError):  # a cluster that is away for a moment
                dispatch()
    finally:
        _attending.clear()


def run_to_end(folder: str, options: list[str]) -> int:
    """What a worker of a cluster does for a run: it starts the process and waits. Returns the exit status."""
    path = Path(folder)
    return wait_or_kill(launch(path, options), path)


_local = LocalExecutor(launch)


@cache
def _cluster(address: str) -> Executor:
    return DaskExecutor(address, run_to_end)


def _executor() -> Executor:
    address = os.environ.get("GLASSBOX_SCHEDULER")
    return _cluster(address) if address else _local


def _running_folder(run_id: str, key: str | None) -> Path:
    folder = mine(run_id, key)
    if not busy(folder):
        raise RunError(f"{run_id} is not running")
    return folder


def busy(folder: Path) -> bool:
    """Whether what belongs into this folder is being made, or waits for it."""
    return queue.entry(folder) is not None or _executor().alive(folder)


def _last_words(folder: Path) -> str | None:
    with contextlib.suppress(OSError):
        words = (folder / "log.txt").read_bytes()[-LOG_BYTES:].decode(errors="replace").strip()
        return without_folders(words) or None
    return None
