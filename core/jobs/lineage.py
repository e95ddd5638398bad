"""Indexes of what models have read: made part by part, in a process of its own, beside the runs.

    status(checkpoint) -> Status; ensure(checkpoint); index(checkpoint); read_on(checkpoint); cancel(checkpoint)

A server makes the first part of a stream when somebody looks for something in it, and the rest when asked to. Or

    python -m core.jobs.lineage tinyland --all
    python -m core.jobs.lineage tinyland --find "Rosa keeps a parrot."
"""

import argparse
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.data.passages import growing
from core.data.passages.index import Index, cover, lineage
from core.files import write_atomically
from core.jobs import processes
from core.jobs.index import SOURCE, STATUS, go_on, parts_of, say, want, wanted
from core.memory import spoken
from core.model import Description, describe, runs_root
from core.training.disk.folder import RunError, announce, kill_owner, owner, starting

EACH = 100_000  # documents of a part: of Tinyland, about 20 MB of text, 100 MB on disk, 170 MB of memory
SPARE = 1_000_000_000  # bytes of the disk that are left free
PATIENCE = 5.0  # seconds that a process has to end
_started: list[processes.Process] = []  # each ends when nobody holds it any more


@dataclass(frozen=True)
class Status:
    """`state`: "none" (what is wanted is not there, nor being made), "running", "finished", "failed" (see `message`) or
    "unknown" (nobody can say what the model has read, see `message`). documents: that can be searched now; done: that
    are read, of those wanted; of: that the model read (None: not known)."""

    state: str
    documents: int = 0
    done: int = 0
    wanted: int = 0
    of: int | None = None
    message: str = ""

    @property
    def share(self) -> float:
        return min(self.done / self.wanted, 1.0) if self.wanted else 0.0


@dataclass(frozen=True)
class Rest:
    """What is not searched yet, and what it will take, judged by what is there."""

    documents: int
    seconds: float
    bytes: int


def source_of(model: Description) -> dict[str, Any]:
    """What pre-training read: data as in TrainConfig, and `of`, how many documents. ValueError
    where that is not known, or nothing that can be searched."""
    data = model.read
    kind = data.get("kind")
    path = model.folder / "corpus.txt"
    if kind == "text" and path.exists():
        made = path.stat()
        return {"kind": "text", "path": str(path), "of": _parts(path, made.st_size, made.st_mtime_ns),
                "made": [made.st_size, made.st_mtime_ns]}  # fmt: skip
    if kind != "tinyland":
        raise ValueError("What this model has read is not kept here, so that nothing can be looked up in it.")
    read = data.get("documents")
    if read is None and len(model.stages) == 1:
        read = int((model.card.get("recipe") or {}).get("documents_per_step", 0)) * model.stages[0].last_step
    named = {name: data.get(name) for name in ("kind", "seed", "weights", "documents")}
    return named | {"of": read or None}


@cache
def _parts(path: Path, _size: int, _made: int) -> int:
    return len(parts_of(path))


@cache
def code() -> str:
    """A hash of all that decides what stands in the stream, and how it is kept."""
    core = Path(__file__).resolve().parents[1]
    world = [file for file in (core / "text" / "tinyland").rglob("*") if file.suffix in (".py", ".txt")]
    whole = hashlib.sha256()
    for file in sorted([*world, core / "data" / "passages" / "shard.py", core / "jobs" / "index.py"]):
        whole.update(file.read_bytes())
    return whole.hexdigest()


def folder_of(model: Description) -> Path:
    """Named by what is read, by how much of it is a part, and by the code that writes it: no index is of two."""
    named = json.dumps([source_of(model), EACH, code()], sort_keys=True)
    return runs_root() / f"lineage-{hashlib.sha256(named.encode()).hexdigest()[:16]}"


def status(model: Description) -> Status:
    try:
        source = source_of(model)
    except ValueError as error:
        return Status("unknown", message=str(error))
    folder, of = folder_of(model), source["of"]
    there = there_of(folder)
    asked = max(wanted(folder), _first(of))
    if there >= asked:
        return Status("finished", there, there, asked, of)
    said = _said(folder)
    done = max(there, said["done"])
    if owner(folder) is not None or starting(folder):
        return Status("running", there, done, asked, of)
    return Status("failed" if said["message"] else "none", there, done, asked, of, said["message"])


def _said(folder: Path) -> dict[str, Any]:
    try:
        said = json.loads((folder / STATUS).read_bytes())
        return {"done": int(said["done"]), "message": str(said["message"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"done": 0, "message": ""}


def _first(of: int | None) -> int:
    return min(EACH, of or EACH)


def ensure(model: Description, again: bool = False) -> None:
    """Has what is wanted of a model's index made, at first one part, unless it is there or being made; `again`, if it
    has failed."""
    if status(model).state not in ("none", "failed" if again else "none"):
        return
    folder = prepare(model)
    say(folder)
    _started[:] = [process for process in _started if process.poll() is None]
    _started.append(processes.start("core.jobs.index", [str(folder)], folder / "log.txt"))
    announce(folder, _started[-1].pid)


def prepare(model: Description) -> Path:
    """The folder of a model's index, with all that its process reads."""
    folder, source = folder_of(model), source_of(model)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / SOURCE, json.dumps(source | {"each": EACH}).encode())
    want(folder, max(wanted(folder), _first(source["of"])))
    return folder


def rest(model: Description) -> Rest | None:
    """None where nothing is left, or nobody knows how much, or nothing is there by which to judge."""
    of, parts = source_of(model)["of"], growing.whole(folder_of(model))
    there = sum(part["documents"] for part in parts)
    if not parts or of is None or of <= there:
        return None
    each = [(of - there) * sum(part[what] for part in parts) / there for what in ("seconds", "disk")]
    return Rest(of - there, each[0], round(each[1]))


def read_on(model: Description) -> None:
    """Has all the rest made. RunError where the disk has no room for it."""
    if want_all(model):
        ensure(model, again=True)


def want_all(model: Description) -> bool:
    """Whether there is a rest, which is then wanted. RunError where the disk has no room for it."""
    left, folder = rest(model), folder_of(model)
    if left is None:
        return False
    free = shutil.disk_usage(folder).free
    if free < left.bytes + SPARE:
        raise RunError(
            f"The rest takes {spoken(left.bytes)} on disk; {spoken(free)} are free, of which {spoken(SPARE)} are left "
            "alone. Nothing was begun."
        )
    want(folder, there_of(folder) + left.documents)
    return True


def cancel(model: Description) -> None:
    """No more than what is there is wanted; it is kept."""
    folder = folder_of(model)
    want(folder, there_of(folder))
    kill_owner(folder)
    end = time.monotonic() + PATIENCE
    while owner(folder) is not None and time.monotonic() < end:
        time.sleep(0.01)


def there_of(folder: Path) -> int:
    return sum(part["documents"] for part in growing.whole(folder))


def index(model: Description) -> Index:
    """All that can be searched by now. Raises RunError where that is nothing."""
    try:
        return growing.read(folder_of(model), source_of(model)["of"])
    except (OSError, ValueError, KeyError, TypeError):
        raise RunError("what this model has read cannot be searched") from None


# ---- from the command line ----


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m core.jobs.lineage", description="Index what a model has read.")
    parser.add_argument("model", nargs="?", default="tinyland", help="name or folder (tinyland)")
    parser.add_argument("--all", action="store_true", help="all of it; without this, the first part")
    parser.add_argument("--find", metavar="TEXT", help="then print its passages, and how often each stands there")
    options = parser.parse_args(arguments)
    try:
        model = describe(options.model)
        make(model)
        if options.all and want_all(model):
            make(model)
        known = index(model)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        cancel(model)
        print("what was made is kept", file=sys.stderr)
        return 130
    of = f"{known.of:,}" if known.of else "an unknown number of"
    print(f"{known.documents:,} of {of} documents are searched, {known.size / 1e6:,.1f} MB")
    text = options.find or ""
    for match in cover(lineage(text, known)):
        print(f"{match.count:>9,} times, first in document {match.places[0]:,}: {text[match.start : match.end]!r}")
    return 0


def make(model: Description) -> None:
    """What is wanted, in this process. RunError where another one makes it."""
    folder = prepare(model)
    there = there_of(folder)
    with tqdm(total=wanted(folder), initial=there, unit="document", unit_scale=True, disable=None) as bar:
        go_on(folder, lambda done: bar.update(done - bar.n))


if __name__ == "__main__":
    sys.exit(main())
