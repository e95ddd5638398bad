"""Corpora for a server: what `core.data.build` makes of a plan, in a process of its own, through the queue of the runs.

    corpus = start(usual_plan(Source(pages=1000)), owner=key)     # at once, if it was made before
    status(corpus).state; stop(corpus, key); report(corpus)

A corpus is named by its plan, so a class that asks for the same one waits for one computation.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from core.data.build import REPORT, bring
from core.data.plan import Plan
from core.data.report import Report
from core.files import write_atomically
from core.jobs import queue, server
from core.runs.corpora import PLAN, STATUS, clear_away, corpus_folder, list_corpora
from core.runs.library import LOCK
from core.runs.records import NotYours, Record, fingerprint, owned_by, read_record, write_record
from core.training.disk.folder import RunError

File = tuple[str, bytes]  # what a visitor's file is called, and what is in it


@dataclass(frozen=True)
class Status:
    """`state`: "none", "queued" (`position` 1 is the next), "running", "finished", "stopped", "failed" (see `message`)
    or "interrupted". `share` is done, from 0 to 1, and `doing` says what is being done."""

    state: str
    share: float = 0.0
    doing: str = ""
    position: int | None = None
    message: str = ""


def name_of(plan: Plan) -> str:
    """The id of the corpus that this plan makes."""
    return f"corpus-{plan.name()}"


def start(plan: Plan, owner: str | None = None, files: Sequence[File] = ()) -> str:
    """Make the corpus of a plan, now or when a place is free, unless it is there or being made; returns its id.

    files: what a plan with files is about. Raises TooManyRuns as `core.jobs.start` does.
    """
    corpus = name_of(plan)
    folder = corpus_folder(corpus)
    with LOCK, queue.exclusively(folder.parent):
        if status(corpus).state in ("queued", "running", "finished"):
            return corpus
        shutil.rmtree(folder, ignore_errors=True)
        clear_away([other for other in list_corpora() if server.busy(other)])

    def fill(made: Path) -> list[str]:
        write_atomically(made / PLAN, json.dumps(plan.to_dict()).encode())
        bring(made, files)
        return []

    with contextlib.suppress(FileExistsError):  # somebody else was a moment quicker
        server.admit(folder, Record(fingerprint(owner)), fill)
    return corpus


def status(corpus: str) -> Status:
    folder = corpus_folder(corpus)
    if not (folder / PLAN).exists():
        return Status("none")
    going, place = server.busy(folder), queue.position(folder)
    said = _said(folder)
    if place is not None:
        return Status("queued", position=place)
    if going:
        return Status("running", said.share, said.doing)
    if said.state == "running":
        return Status("interrupted", message="Its process has ended without a word.")
    return said


def _said(folder: Path) -> Status:
    """What its process said last."""
    try:
        return Status(**json.loads((folder / STATUS).read_bytes()))
    except (OSError, ValueError, TypeError):
        return Status("running", doing="starting")


def stop(corpus: str, key: str | None = None) -> None:
    """End the making of a corpus. Raises NotYours for a visitor who did not start it."""
    folder = corpus_folder(corpus)
    if not owns(corpus, key):
        raise NotYours("somebody else has started this: only that browser can end it")
    queued = queue.entry(folder) is not None
    server.end(folder)
    if queued:
        say(folder, Status("stopped"))


def owns(corpus: str, key: str | None) -> bool:
    return owned_by(read_record(corpus_folder(corpus)), key)


def hand_over(corpus: str, key: str | None, other: str) -> None:
    """Who holds `key` and has started this gives it to the holder of the other key; nobody else can."""
    folder = corpus_folder(corpus)
    if owns(corpus, key) and (folder / PLAN).exists():
        write_record(folder, replace(read_record(folder), owner=fingerprint(other)))


def say(folder: Path, now: Status) -> None:
    """For `core.jobs.refine`: how it is doing."""
    write_atomically(folder / STATUS, json.dumps(vars(now)).encode())


def report(corpus: str) -> Report:
    """What was done, of a corpus that is finished. Raises RunError for any other."""
    path = corpus_folder(corpus) / REPORT
    try:
        with contextlib.suppress(OSError):
            os.utime(path.parent)  # somebody has looked at it
        return _report(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, TypeError, KeyError):
        raise RunError("the report of this corpus cannot be read: run the pipeline again") from None


@lru_cache(maxsize=16)
def _report(path: Path, _changed: int) -> Report:
    return Report.load(path)
