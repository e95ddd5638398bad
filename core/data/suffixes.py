"""The longest passages of a text that stand in a training text: a suffix array over its documents, memory-mapped.

    build(folder, documents)                 # once: about five bytes on disk for each byte of text
    index = Index(folder)
    lineage("Rosa keeps a parrot.", index)   # [Match(start=0, end=20, count=3, places=(812, 9034, 30112))]

Sorting is that of libdivsufsort (Mori 2008, bound by pydivsufsort); a passage is found by bisection, as Manber and
Myers 1990 describe it.
"""

import json
import mmap
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.files import write_atomically

TEXT, SUFFIXES, STARTS, ABOUT = "text.bin", "suffixes.npy", "starts.npy", "about.json"
BETWEEN = b"\xff"  # which no UTF-8 text holds: no passage crosses from one document into the next
MOST_BYTES = 50_000_000
LONGEST = 4000  # bytes of a passage
SHOWN = 5  # documents that are named of those that hold a passage
_WORD = re.compile(r"\w+|[^\w\s]")
Fact = tuple[str, str, str]  # subject, relation, value


@dataclass(frozen=True, slots=True)
class Match:
    """text[start:end] stands `count` times in the training text, first in the documents `places` (by number)."""

    start: int
    end: int
    count: int
    places: tuple[int, ...]


class Index:
    """What `build` left in a folder. `facts`: how many of the documents state each; `documents` were indexed, of `of`
    that the model read (None: not known)."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError or ValueError where there is none, or a damaged one."""
        about = json.loads((folder / ABOUT).read_bytes())
        self.documents: int = about["documents"]
        self.of: int | None = about["of"]
        self.facts: dict[Fact, int] = {(s, r, v): count for s, r, v, count in about["facts"]}
        with open(folder / TEXT, "rb") as file:
            self.text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.suffixes = np.load(folder / SUFFIXES, mmap_mode="r")  # (bytes,)
        self.starts = np.load(folder / STARTS)  # (documents,)
        if len(self.suffixes) != len(self.text) or len(self.starts) != self.documents:
            raise ValueError("the index of the training text is damaged")

    def document(self, number: int) -> str:
        start = int(self.starts[number])
        return self.text[start : self.text.find(BETWEEN, start)].decode()

    def longest(self, wanted: bytes) -> int:
        """How many of the first bytes of `wanted` stand somewhere, one after another."""
        wanted = wanted[:LONGEST]
        place, size = bisect_left(self.suffixes, wanted, key=self._reader(len(wanted))), len(wanted)
        near = [int(at) for at in self.suffixes[max(place - 1, 0) : place + 1]]
        return max((common(wanted, self.text[at : at + size]) for at in near), default=0)

    def find(self, passage: bytes) -> np.ndarray:
        """Where a passage stands, each place as the number of a byte, in no order."""
        read = self._reader(len(passage))
        low, high = (cut(self.suffixes, passage, key=read) for cut in (bisect_left, bisect_right))
        places: np.ndarray = self.suffixes[low:high]
        return places

    def _reader(self, size: int) -> Callable[[int], bytes]:
        return lambda at: self.text[int(at) : int(at) + size]

    def document_of(self, places: np.ndarray) -> np.ndarray:
        """The numbers of the documents in which bytes stand, each once, in order."""
        return np.unique(np.searchsorted(self.starts, places, side="right") - 1)

    @cached_property
    def size(self) -> int:
        """Bytes of text."""
        return len(self.text) - self.documents


def common(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def lineage(text: str, index: Index, least: int = 12) -> list[Match]:
    """The passages of whole words, of at least so many characters, that stand in the training text and in no longer
    passage that does; in the order of the text. They may overlap."""
    words = [found.span() for found in _WORD.finditer(text)]
    data, found, reached = text.encode("utf-8", "replace"), list[Match](), 0
    at = _byte_places(text)
    for first, (start, _) in enumerate(words):
        stop = at[start] + index.longest(data[at[start] :])
        end = max((end for _, end in words[first:] if at[end] <= stop), default=0)
        if end <= reached:
            continue
        reached = end
        if end - start >= least:
            places = index.find(data[at[start] : at[end]])
            found.append(Match(start, end, len(places), tuple(index.document_of(places)[:SHOWN].tolist())))
    return found


def _byte_places(text: str) -> list[int]:
    """Where each character begins in the text as UTF-8, and where the last one ends."""
    sizes = [len(c.encode("utf-8", "replace")) for c in text]
    return [0, *np.cumsum(sizes, dtype=int).tolist()]


def cover(matches: Iterable[Match]) -> list[Match]:
    """The longest of them, then the longest that does not overlap it, and so on; in the order of the text."""
    kept: list[Match] = []
    for match in sorted(matches, key=lambda m: m.start - m.end):
        if all(match.end <= other.start or other.end <= match.start for other in kept):
            kept.append(match)
    return sorted(kept, key=lambda m: m.start)


def build(
    folder: Path,
    documents: Iterable[tuple[str, Iterable[Fact]]],
    of: int | None = None,
    progress: Callable[[int], Any] = lambda _: None,
) -> None:
    """Indexes documents, each with the facts that it states, up to MOST_BYTES. progress: told how many were read."""
    from pydivsufsort import divsufsort  # takes a moment to load

    text, starts, facts = bytearray(), list[int](), Counter[Fact]()
    for written, said in documents:
        data = written.encode("utf-8", "replace") + BETWEEN
        if len(text) + len(data) > MOST_BYTES:
            break
        starts.append(len(text))
        text += data
        facts.update(set(said))
        progress(len(starts))
    if not starts:
        raise ValueError("there is no training text to search")
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / SUFFIXES, divsufsort(np.frombuffer(text, dtype=np.uint8).copy()).astype(np.int32, copy=False))
    np.save(folder / STARTS, np.array(starts, dtype=np.int64))
    write_atomically(folder / TEXT, bytes(text))
    about = {"documents": len(starts), "of": of, "facts": [[*fact, count] for fact, count in facts.items()]}
    write_atomically(folder / ABOUT, json.dumps(about).encode())  # the last: who finds it finds the others


def is_built(folder: Path) -> bool:
    return (folder / ABOUT).exists()
