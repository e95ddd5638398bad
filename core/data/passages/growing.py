"""An index that grows: one shard after another is made beside those that are searched already.

grow(folder, read, each=100_000, wanted=lambda: 4_352_000)   # can be killed at any time, and goes on where it was
index = read(folder, of=4_352_000)                           # of the shards that are there by now
"""

import shutil
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.data.passages import shard
from core.data.passages.index import Index
from core.data.passages.shard import Document, Shard

HALF = ".half"  # the end of the name of a shard that is being made
Read = Callable[[int, int], Iterable[Document]]  # the documents of the stream from one number to another


def whole(folder: Path) -> list[dict[str, Any]]:
    """What is said of each shard that can be searched, in order: up to the first that is missing, or damaged."""
    found: list[dict[str, Any]] = []
    while (said := shard.about(folder / name_of(len(found)))) is not None:
        found.append(said)
    return found


def name_of(number: int) -> str:
    return f"{number:05}"


def grow(
    folder: Path, read: Read, each: int, wanted: Callable[[], int], progress: Callable[[int], Any] = lambda _: None
) -> None:
    """Makes shards of `each` documents until as many documents can be searched as are wanted, which is asked before
    each shard. progress: told how many there are by now, with those of the shard that is being made."""
    for left in folder.glob(f"*{HALF}"):
        shutil.rmtree(left)
    while True:
        there = whole(folder)
        done = sum(said["documents"] for said in there)
        stop = min(done + each, wanted())
        if stop <= done:
            return
        place = folder / name_of(len(there))
        half = place.with_suffix(HALF)
        shard.build(half, read(done, stop), lambda more, before=done: progress(before + more))  # type: ignore[misc]
        shutil.rmtree(place, ignore_errors=True)  # a damaged one
        half.rename(place)


def read(folder: Path, of: int | None = None) -> Index:
    """All that can be searched by now. of: how many documents there are. ValueError where there is nothing yet."""
    names = [folder / name_of(number) for number in range(len(whole(folder)))]
    if not names:
        raise ValueError("nothing can be searched yet")
    return Index([_open(name, (name / shard.ABOUT).stat().st_mtime_ns) for name in names], of)


@lru_cache(maxsize=256)
def _open(folder: Path, _made: int) -> Shard:
    return Shard(folder)
