"""Indexes of what models have read, for a server: built once, in a process of its own, beside the runs.

    status(checkpoint) -> Status; ensure(checkpoint); index(checkpoint)

A long stream is indexed to its first DOCUMENTS documents: sorting all of four million would take more memory than a
laptop has.
"""

import contextlib
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.data.plan import code
from core.data.suffixes import Index, is_built
from core.files import write_atomically
from core.jobs import processes
from core.model import Description, runs_root
from core.training.folder import RunError, announce, owner, starting

DOCUMENTS = 40_000  # of a stream; about 8 MB of text, 40 MB on disk
SOURCE, STATUS = "source.json", "status.json"
_started: list[processes.Process] = []  # each ends when nobody holds it any more


@dataclass(frozen=True)
class Status:
    """`state`: "none" (nothing is there yet), "running", "finished", "failed" (see `message`) or "unknown" (nobody
    can say what the model has read, see `message`)."""

    state: str
    share: float = 0.0
    doing: str = ""
    message: str = ""


def source_of(model: Description) -> dict[str, Any]:
    """What the first stage of a model's life read: data as in TrainConfig, and `of`, how many documents. ValueError
    where that is not known, or nothing that can be searched."""
    stages = model.card.get("stages")
    data = stages[0].get("data") if stages else model.card.get("data")
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind == "text" and (model.folder / "corpus.txt").exists():
        return {"kind": "text", "path": str(model.folder / "corpus.txt"), "of": None}
    if kind != "tinyland" or not isinstance(data, dict):
        raise ValueError("What this model has read is not kept here, so that nothing can be looked up in it.")
    read = data.get("documents")
    if read is None and len(model.stages) == 1:
        read = int((model.card.get("recipe") or {}).get("documents_per_step", 0)) * model.stages[0].last_step
    wanted = {name: data.get(name) for name in ("kind", "seed", "weights", "documents")}
    return wanted | {"of": read or None}


def folder_of(model: Description) -> Path:
    """Named by what is read, by how much of it, and by the code that writes it."""
    named = json.dumps([source_of(model), DOCUMENTS, code()], sort_keys=True)
    return runs_root() / f"lineage-{hashlib.sha256(named.encode()).hexdigest()[:16]}"


def status(model: Description) -> Status:
    try:
        folder = folder_of(model)
    except ValueError as error:
        return Status("unknown", message=str(error))
    if is_built(folder):
        return Status("finished", 1.0)
    going = owner(folder) is not None or starting(folder)
    with contextlib.suppress(OSError, ValueError, TypeError):
        said = Status(**json.loads((folder / STATUS).read_bytes()))
        if going or said.state == "failed":
            return said
    return Status("running", doing="starting") if going else Status("none")


def ensure(model: Description, again: bool = False) -> None:
    """Has the index of what a model has read built, unless it is there or being built; `again`, if it has failed."""
    if status(model).state not in ("none", "failed" if again else "none"):
        return
    folder = folder_of(model)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / SOURCE, json.dumps(source_of(model) | {"most": DOCUMENTS}).encode())
    say(folder, Status("running", doing="starting"))
    _started.append(processes.start("core.jobs.index", [str(folder)], folder / "log.txt"))
    announce(folder, _started[-1].pid)


def index(model: Description) -> Index:
    """Raises RunError where it is not built."""
    try:
        return _open(folder_of(model))
    except (OSError, ValueError, KeyError, TypeError):
        raise RunError("what this model has read cannot be searched") from None


@lru_cache(maxsize=4)
def _open(folder: Path) -> Index:
    return Index(folder)


def say(folder: Path, now: Status) -> None:
    """For `core.jobs.index`: how it is doing."""
    write_atomically(folder / STATUS, json.dumps(vars(now)).encode())
