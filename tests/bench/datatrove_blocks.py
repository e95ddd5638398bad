"""datatrove's blocks and our stages, asked about the same documents with the same parameters.

Within `same_words` both have the same words, those between spaces: datatrove itself asks spaCy, which cuts off
punctuation and clitics. What then differs are the rules.
"""

import contextlib
import struct
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import datatrove.utils.text as their_text
import datatrove.utils.word_tokenizers as their_words
import numpy as np
from datatrove.data import Document as TheirDocument
from datatrove.pipeline.dedup import minhash as their_minhash
from datatrove.pipeline.dedup.minhash import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupSignature
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from loguru import logger
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from core.data.crawl import Crawl
from core.data.document import Document
from core.data.pipeline import process
from core.data.stage import Dropped, Stage
from core.data.stages import make
from core.data.stages.c4 import C4
from core.data.stages.fineweb import FineWeb
from core.data.stages.gopher import GopherQuality, GopherRepetition
from core.data.stages.near import NearDuplicates

logger.disable("datatrove")
BLOCKS: dict[str, tuple[type[Stage], type]] = {
    "Gopher repetition": (GopherRepetition, GopherRepetitionFilter),
    "Gopher quality": (GopherQuality, GopherQualityFilter),
    "C4": (C4, C4QualityFilter),
    "FineWeb": (FineWeb, FineWebQualityFilter),
}


class Words:
    """Words between spaces, and sentences that end in punctuation before a space or the end, for datatrove."""

    def word_tokenize(self, text: str) -> list[str]:
        return text.split()

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        from core.data.stages.c4 import _SENTENCE

        ends = [match.end() for match in _SENTENCE.finditer(text)]
        return list(zip([0, *ends], ends, strict=False))


@contextlib.contextmanager
def same_words() -> Iterator[None]:
    """datatrove takes its words from `Words` for as long as this lasts."""
    whole = their_words.load_word_tokenizer
    for module in (their_words, their_minhash):
        module.load_word_tokenizer = lambda _language: Words()
    their_text.split_into_parts.cache_clear()
    try:
        yield
    finally:
        for module in (their_words, their_minhash):
            module.load_word_tokenizer = whole
        their_text.split_into_parts.cache_clear()


def documents(count: int, seed: int = 0) -> Iterator[Document]:
    """The first pages of the crawl that have any text, as readable text."""
    stages = [make("extract", ()), make("repair", ()), make("normalise", ())]
    number = 0
    for page in Crawl(seed).pages():
        document = process(stages, page.document)
        if document is not None and document.text.strip():
            yield Document(number, document.text)
            number += 1
            if number == count:
                return


@dataclass
class Compared:
    """Of one rule: how many documents were asked about, which decisions differ (number, our reason, theirs; "kept"),
    seconds of the processor that each took."""

    asked: int = 0
    differ: list[tuple[int, str, str]] = field(default_factory=list)
    ours: float = 0.0
    theirs: float = 0.0

    @property
    def agreement(self) -> float:
        return 1 - len(self.differ) / self.asked

    @property
    def kinds(self) -> Counter[tuple[str, str]]:
        return Counter((ours, theirs) for _, ours, theirs in self.differ)


def compare_rules(found: Sequence[Document]) -> dict[str, Compared]:
    """Each document through the four rules, one after another as in a pipeline, in datatrove and here."""
    rules = {name: (ours(), theirs(), Compared()) for name, (ours, theirs) in BLOCKS.items()}
    for document in found:
        for stage, block, compared in rules.values():
            begun = time.thread_time()
            outcome = stage.judge(document)
            between = time.thread_time()
            theirs = block.filter(TheirDocument(document.text, str(document.id)))
            compared.theirs += time.thread_time() - between
            compared.ours += between - begun
            compared.asked += 1
            mine = outcome.reason if isinstance(outcome, Dropped) else "kept"
            other = "kept" if theirs is True else theirs[1]
            if (mine == "kept") != (other == "kept"):
                compared.differ.append((document.id, mine, other))
    return {name: compared for name, (_, _, compared) in rules.items()}


# ---- near duplicates ----


class TheirSignatures(NearDuplicates):
    """Our bands and our decisions, on datatrove's hashes."""

    def __init__(self, block: MinhashDedupSignature) -> None:
        super().__init__(cluster="union")
        self.block = block

    def signature(self, text: str) -> np.ndarray:
        """(bands, rows), uint64."""
        shingles = self.block.get_shingles(text)
        if shingles.size == 0:  # fewer than 5 words: alone, by hashes that nobody else has
            shingles = np.array([[self._alone()]], np.uint64)
        return np.array(self.block.get_signature(shingles), np.uint64)

    def _alone(self) -> int:
        self.lonely = getattr(self, "lonely", 0) + 1
        return self.lonely


def their_duplicates(found: Sequence[Document]) -> tuple[dict[int, int], float]:
    """The cluster of each document that has company, by its number; seconds of the processor."""
    begun = time.thread_time()
    clusters: dict[int, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        MinhashDedupSignature(str(root / "signatures")).run(TheirDocument(one.text, str(one.id)) for one in found)
        for rank in range(14):
            MinhashDedupBuckets(str(root / "signatures"), str(root / "pairs")).run(rank=rank, world_size=14)
        MinhashDedupCluster(str(root / "pairs"), str(root / "removed"), save_cluster_id=True).run()
        told = root / "removed" / "000000.clusters"
        raw = told.read_bytes() if told.exists() else b""
        for index, cluster in struct.iter_unpack("<II", raw):
            clusters[index] = cluster
    return clusters, time.thread_time() - begun


def first_of(clusters: dict[int, int]) -> set[int]:
    """All but the first document of every cluster: those that are dropped if the first one stays."""
    first: dict[int, int] = {}
    for number in sorted(clusters):
        first.setdefault(clusters[number], number)
    return clusters.keys() - set(first.values())


def our_duplicates(stage: NearDuplicates, found: Sequence[Document]) -> tuple[set[int], float]:
    """Those dropped; seconds of the processor."""
    begun = time.thread_time()
    dropped = {one.id for one in found if isinstance(stage.judge(one), Dropped)}
    return dropped, time.thread_time() - begun


def joined(stage: NearDuplicates, count: int) -> dict[int, int]:
    """The clusters of what met in our bands, as datatrove makes them: of each document that has company."""
    edges = [(numbers[0], other) for numbers in stage._buckets.values() for other in numbers[1:]]
    first, second = np.array(edges, int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(edges)), (first, second)), (count, count))
    clusters = connected_components(graph, directed=False)[1]
    return {int(number): int(clusters[number]) for number in np.unique((first, second))}


def compare_duplicates(found: Sequence[Document]) -> dict[str, Compared]:
    """On the same hashes: the clusters, then what is dropped; and on our own hashes, so that the odds differ too.

    Our stage decides when a document comes, datatrove at the end: who is joined to an earlier one by a later one alone
    was kept here.
    """
    clusters, theirs = their_duplicates(found)
    expected = first_of(clusters)
    same = TheirSignatures(MinhashDedupSignature(tempfile.gettempdir()))
    dropped, slow = our_duplicates(same, found)
    own, ours = our_duplicates(NearDuplicates(cluster="union"), found)
    rows = (
        ("MinHash: clusters, same hashes", first_of(joined(same, len(found))), slow),
        ("MinHash: dropped, same hashes", dropped, slow),
        ("MinHash: dropped, own hashes", own, ours),
    )
    made: dict[str, Compared] = {}
    for name, mine, seconds in rows:
        differ = [
            (number, "near another" if number in mine else "kept", "near another" if number in expected else "kept")
            for number in sorted(mine ^ expected)
        ]
        made[name] = Compared(len(found), differ, seconds, theirs)
    return made
