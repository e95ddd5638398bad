"""A part of a training text and its suffix array, in a folder: it is mapped into memory, so that little of it is read.

    build(folder, documents)                 # once: about five bytes on disk for each byte of text
    Shard(folder).count(b"Rosa keeps a parrot.")

Sorting is that of libdivsufsort (Mori 2008, bound by pydivsufsort); a passage is found by bisection, as Manber and
Myers 1990 describe it.
"""

import json
import mmap
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from core.files import write_atomically
from core.sequences import common_beginning

TEXT, SUFFIXES, STARTS, FACTS, ABOUT = "text.bin", "suffixes.bin", "starts.bin", "facts.json", "about.json"
BETWEEN = b"\xff"  # which no UTF-8 text holds: no passage crosses from one document into the next
MOST_BYTES = 50_000_000  # of text: sorting takes five times as much memory
LONGEST = 4000  # bytes of a passage
Fact = tuple[str, str, str]  # subject, relation, value
Document = tuple[str, Iterable[Fact]]  # its text, and the facts that it states


class Shard:
    """What `build` left in a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError or ValueError where there is none, or a damaged one."""
        said = about(folder)
        if said is None:
            raise ValueError("the index of the training text is damaged")
        self.documents: int = said["documents"]
        facts = json.loads((folder / FACTS).read_bytes())
        self.facts: dict[Fact, int] = {(s, r, v): count for s, r, v, count in facts}
        self.text = _mapped(folder / TEXT)
        self.suffixes = np.frombuffer(_mapped(folder / SUFFIXES), dtype=np.int32)  # (bytes,)
        self.starts = np.frombuffer(_mapped(folder / STARTS), dtype=np.int32)  # (documents,)

    def document(self, number: int) -> str:
        start = int(self.starts[number])
        return self.text[start : self.text.find(BETWEEN, start)].decode()

    def longest(self, wanted: bytes) -> int:
        """How many of the first bytes of `wanted` stand somewhere, one after another."""
        wanted = wanted[:LONGEST]
        place, size = bisect_left(self.suffixes, wanted, key=self._reader(len(wanted))), len(wanted)
        near = [int(at) for at in self.suffixes[max(place - 1, 0) : place + 1]]
        return max((common_beginning(wanted, self.text[at : at + size]) for at in near), default=0)

    def find(self, passage: bytes) -> np.ndarray:
        """Where a passage stands, each place as the number of a byte, in no order."""
        read = self._reader(len(passage))
        low, high = (cut(self.suffixes, passage, key=read) for cut in (bisect_left, bisect_right))
        places: np.ndarray = self.suffixes[low:high]
        return places

    def _reader(self, size: int) -> Callable[[int], bytes]:
        return lambda at: self.text[int(at) : int(at) + size]

    def holders(self, passage: bytes) -> np.ndarray:
        """The numbers of the documents in which a passage stands, each once, in order."""
        return np.unique(np.searchsorted(self.starts, self.find(passage), side="right") - 1)

    @property
    def size(self) -> int:
        """Bytes of text."""
        return len(self.text) - self.documents


def _mapped(path: Path) -> mmap.mmap:
    """A file as memory. Bisection jumps about in it: what lies beside is not read in advance."""
    with open(path, "rb") as file:
        found = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    found.madvise(mmap.MADV_RANDOM)
    return found


def build(folder: Path, documents: Iterable[Document], progress: Callable[[int], Any] = lambda _: None) -> None:
    """Indexes documents, the first and as many more as fit into MOST_BYTES. progress: told how many were read."""
    from pydivsufsort import divsufsort  # takes a moment to load

    began = time.perf_counter()
    text, starts, facts = bytearray(), list[int](), Counter[Fact]()
    for written, stated in documents:
        data = written.encode("utf-8", "replace") + BETWEEN
        if starts and len(text) + len(data) > MOST_BYTES:
            break
        starts.append(len(text))
        text += data
        facts.update(set(stated))
        progress(len(starts))
    if not starts:
        raise ValueError("there is no training text to search")
    folder.mkdir(parents=True, exist_ok=True)
    divsufsort(text).astype(np.int32, copy=False).tofile(folder / SUFFIXES)
    np.array(starts, dtype=np.int32).tofile(folder / STARTS)
    (folder / TEXT).write_bytes(text)
    (folder / FACTS).write_text(json.dumps([[*fact, count] for fact, count in facts.items()]))
    said: dict[str, float] = {"documents": len(starts), "bytes": len(text), "seconds": time.perf_counter() - began}
    write_atomically(folder / ABOUT, json.dumps(said).encode())  # the last: who finds it finds the others


def about(folder: Path) -> dict[str, Any] | None:
    """What is said of the shard in a folder, and the bytes that it takes; None unless it is there and whole."""
    try:
        said: dict[str, Any] = json.loads((folder / ABOUT).read_bytes())
        sizes = [(folder / name).stat().st_size for name in (TEXT, SUFFIXES, STARTS, FACTS)]
        if sizes[:3] != [said["bytes"], 4 * said["bytes"], 4 * said["documents"]]:
            return None
        return said | {"disk": sum(sizes)}
    except (OSError, ValueError, KeyError, TypeError):
        return None
