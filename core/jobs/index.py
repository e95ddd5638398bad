"""The process that indexes a training text: python -m core.jobs.index FOLDER, started by `core.jobs.lineage`.

It reads FOLDER/source.json and says in status.json how far it is. It ends when its stdin does.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.data.suffixes import Fact, build
from core.jobs.lineage import SOURCE, Status, say
from core.messages import without_folders
from core.text import tinyland
from core.training.folder import LockedFolder

NICE = 10  # everybody else comes first
EVERY = 0.5  # seconds between two words about the progress


def main(folder: Path) -> int:
    os.nice(NICE)
    locked = LockedFolder(folder)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        source = json.loads((folder / SOURCE).read_bytes())
        written, total = documents(source)
        last = 0.0

        def progress(done: int) -> None:
            nonlocal last
            if time.monotonic() - last > EVERY:
                last = time.monotonic()
                say(folder, Status("running", 0.9 * done / total, f"{done:,} of {total:,} documents"))

        build(folder, written, source["of"], progress)
    except Exception as error:  # whatever it was, the visitor is told
        say(folder, Status("failed", message=without_folders(str(error)) or type(error).__name__))
        raise
    finally:
        locked.close()
    return 0


def documents(source: dict[str, Any]) -> tuple[Iterator[tuple[str, tuple[Fact, ...]]], int]:
    """What is to be indexed, each with the facts that it states, and how many they are."""
    if source["kind"] == "text":
        text = Path(source["path"]).read_text(encoding="utf-8", errors="replace")
        parts = [part for part in text[: len(text) - len(text) // 10].split("\n\n") if part.strip()]
        return ((part, ()) for part in parts), max(len(parts), 1)
    count = min(source["most"], source["of"] or source["most"])
    stream = tinyland.documents(source["seed"] or 0, 0, count, source["weights"], total=source["documents"])
    return ((document.text, document.claims) for document in stream), count


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
