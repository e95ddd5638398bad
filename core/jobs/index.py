"""The process that indexes a training text: python -m core.jobs.index FOLDER, started by `core.jobs.lineage`.

It reads FOLDER/source.json and FOLDER/wanted.json, says in status.json how far it is, and ends when its stdin does.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.data.passages.growing import Read, grow
from core.files import write_atomically
from core.messages import without_folders
from core.text import tinyland
from core.training.disk.folder import LockedFolder

SOURCE, WANTED, STATUS = "source.json", "wanted.json", "status.json"
NICE = 15  # everybody else comes first
EVERY = 0.5  # seconds between two words about the progress


def main(folder: Path) -> int:
    os.nice(NICE)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    last = 0.0

    def progress(done: int) -> None:
        nonlocal last
        if time.monotonic() - last > EVERY:
            last = time.monotonic()
            say(folder, done=done)

    go_on(folder, progress)
    return 0


def go_on(folder: Path, progress: Callable[[int], Any]) -> None:
    """Indexes what is wanted and not there yet. RunError where another process does; what else goes wrong is said."""
    locked = LockedFolder(folder)
    try:
        source = json.loads((folder / SOURCE).read_bytes())
        grow(folder, reader(source), source["each"], lambda: wanted(folder), progress)
        say(folder)
    except Exception as error:  # whatever it was, the visitor is told
        say(folder, message=without_folders(str(error)) or type(error).__name__)
        raise
    finally:
        locked.close()


def reader(source: dict[str, Any]) -> Read:
    """What is to be indexed, each document with the facts that it states."""
    if source["kind"] == "text":
        parts = parts_of(Path(source["path"]))
        return lambda start, stop: ((part, ()) for part in parts[start:stop])
    seed, weights, total = source["seed"] or 0, source["weights"], source["documents"]
    return lambda start, stop: (
        (document.text, document.claims) for document in tinyland.documents(seed, start, stop, weights, total=total)
    )


def parts_of(path: Path) -> list[str]:
    """The paragraphs of a text, without the last tenth, which training holds out."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return [part for part in text[: len(text) - len(text) // 10].split("\n\n") if part.strip()]


def wanted(folder: Path) -> int:
    """How many documents are to be searched."""
    try:
        return int(json.loads((folder / WANTED).read_bytes()))
    except (OSError, ValueError, TypeError):
        return 0


def want(folder: Path, documents: int) -> None:
    write_atomically(folder / WANTED, json.dumps(documents).encode())


def say(folder: Path, done: int = 0, message: str = "") -> None:
    """done: how many documents are read; `message`: what went wrong."""
    write_atomically(folder / STATUS, json.dumps({"done": done, "message": message}).encode())


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
