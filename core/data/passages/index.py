"""The longest passages of a text that stand in a training text, of which one part after another can be searched.

index = growing.read(folder)
lineage("Rosa keeps a parrot.", index)   # [Match(start=0, end=20, count=3, places=(812, 9034, 30112))]
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from core.data.passages.shard import Fact, Shard

SHOWN = 5  # documents that are named of those that hold a passage
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Match:
    """text[start:end] stands `count` times in the training text, first in the documents `places` (by number)."""

    start: int
    end: int
    count: int
    places: tuple[int, ...]


class Index:
    """Shards, in the order of their documents, which are numbered through. `documents` are searched, of `of` that the
    model read (None: not known); `facts`: how many of the documents state each."""

    def __init__(self, shards: Sequence[Shard], of: int | None = None) -> None:
        self.shards, self.of = tuple(shards), of
        ends = list(accumulate((shard.documents for shard in self.shards), initial=0))
        self.firsts, self.documents = ends[:-1], ends[-1]

    @property
    def is_whole(self) -> bool:
        return self.of is not None and self.documents >= self.of

    @cached_property
    def facts(self) -> dict[Fact, int]:
        found = Counter[Fact]()
        for shard in self.shards:
            found.update(shard.facts)
        return dict(found)

    @property
    def size(self) -> int:
        """Bytes of text."""
        return sum(shard.size for shard in self.shards)

    def document(self, number: int) -> str:
        shard = bisect_right(self.firsts, number) - 1
        return self.shards[shard].document(number - self.firsts[shard])

    def longest(self, wanted: bytes) -> int:
        """How many of the first bytes of `wanted` stand somewhere, one after another."""
        return max(shard.longest(wanted) for shard in self.shards)

    def count(self, passage: bytes) -> int:
        """How often a passage stands, in all that is searched."""
        return sum(len(shard.find(passage)) for shard in self.shards)

    def holders(self, passage: bytes, most: int | None = None) -> list[int]:
        """The numbers of the documents in which a passage stands, each once, in order; not more than `most`."""
        found: list[int] = []
        for first, shard in zip(self.firsts, self.shards, strict=True):
            found += (shard.holders(passage) + first).tolist()
            if most is not None and len(found) >= most:
                return found[:most]
        return found


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
            passage = data[at[start] : at[end]]
            found.append(Match(start, end, index.count(passage), tuple(index.holders(passage, SHOWN))))
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
