"""A plan carried out by several processes, here or on a cluster, for crawls too large for one: the same documents, in
JSONL shards.

What can be decided of a document alone is decided in the workers, a chunk of pages each. Stages that compare documents
stand in this process, which takes the chunks in their order: the result does not depend on how many workers there are.
"""

import contextlib
import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from core.cluster import connect
from core.data.build import COPIES, line_of, mended_kinds, name_twins
from core.data.crawl import Crawl
from core.data.document import Document, Page
from core.data.plan import Choice, Plan
from core.data.report import Made, Report, defects, still
from core.data.stage import Size
from core.data.tally import Tally, add_counts, add_made

CHUNK = 250  # pages that a worker takes at a time
AHEAD = 3  # chunks for each worker that may wait for what comes after
SHARD = 50_000  # documents in a file
Part = tuple[Choice, ...]


@dataclass
class Chunk:
    """Some pages, in order: what is left of them, and what was done so far, by the number of the part."""

    left: list[tuple[Page, Document]]
    raw: Size = field(default_factory=Size)
    before: dict[str, int] = field(default_factory=dict)
    made: dict[int, list[Made]] = field(default_factory=dict)


def parts_of(plan: Plan) -> list[Part]:
    """The stages of the plan in as few parts as there must be: those of a part compare documents, or none does."""
    return [tuple(part) for _, part in groupby(plan.stages, lambda choice: choice.key in COPIES)]


def refine_sharded(
    plan: Plan,
    folder: Path,
    processes: int,
    progress: Callable[[int], None] | None = None,
    scheduler: str | None = None,
) -> Report:
    """Writes folder/00000.jsonl, … progress: told how many pages are done. scheduler: the address of a Dask cluster,
    whose workers take the place of processes here. ConnectionError: it does not answer."""
    start, source = time.perf_counter(), plan.source
    folder.mkdir(parents=True, exist_ok=True)
    crawl, spans, shards = Crawl(source.seed), mended_kinds(plan), Shards(folder)
    whole, after, kept = Chunk([]), dict[str, int](), list[int]()
    with _workers(processes, scheduler) as (pool, count):
        for done, chunk in enumerate(_stream(pool, plan, AHEAD * count), 1):
            _add(whole, chunk)
            for page, document in chunk.left:
                kept.append(document.id)
                after = add_counts(after, dict.fromkeys(still(page, document, spans), 1))
                shards.write(document)
            if progress:
                progress(min(done * CHUNK, source.pages))
    shards.close()
    made = [one for number in sorted(whole.made) for one in whole.made[number]]
    name_twins(plan, [one.examples for one in made], lambda number: crawl.page(number).document)
    before, after = dict(sorted(whole.before.items())), dict(sorted(after.items()))
    return Report(plan, whole.raw, made, before, after, kept, time.perf_counter() - start)


@contextlib.contextmanager
def _workers(processes: int, scheduler: str | None) -> Iterator[tuple[Executor, int]]:
    """What decides about chunks, and how many it decides at a time."""
    if scheduler is None:
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
            yield pool, processes
        return
    with connect(scheduler) as client:
        threads = sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
        with client.get_executor(pure=False) as pool:
            yield pool, max(1, threads)


def _stream(pool: Executor, plan: Plan, ahead: int) -> Iterator[Chunk]:
    """The chunks after every part, in order."""
    total, parts = plan.source.pages, parts_of(plan)
    fetched = (pool.submit(_fetch, plan, low, min(low + CHUNK, total)) for low in range(0, total, CHUNK))
    chunks = _in_order(fetched, ahead)
    for number, part in enumerate(parts):
        if part[0].key in COPIES:
            chunks = _compared(chunks, Tally(part, plan.stages), number)
        elif number:  # the first part is done where the pages are written
            chunks = _in_order(_sent(pool, plan, number, chunks), ahead)
    return chunks


def _sent(pool: Executor, plan: Plan, number: int, chunks: Iterable[Chunk]) -> Iterator[Future[Chunk]]:
    return (pool.submit(_decide, plan, number, chunk) for chunk in chunks)


def _in_order(futures: Iterator[Future[Chunk]], ahead: int) -> Iterator[Chunk]:
    """Their results, with no more than so many begun before the first of them is taken."""
    waiting: deque[Future[Chunk]] = deque()
    for future in futures:
        waiting.append(future)
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _compared(chunks: Iterator[Chunk], tally: Tally, number: int) -> Iterator[Chunk]:
    """In this process, which remembers. What was done is told with the last chunk."""
    last: Chunk | None = None
    for chunk in chunks:
        if last is not None:
            yield last
        chunk.left = _left(tally, chunk)
        last = chunk
    if last is not None:
        last.made[number] = tally.made()
        yield last


def _fetch(plan: Plan, low: int, high: int) -> Chunk:
    """In a worker: pages of the crawl, and what its first part leaves of them."""
    pages = list(Crawl(plan.source.seed).pages(low, high))
    chunk = Chunk([(page, page.document) for page in pages])
    for page in pages:
        chunk.raw.add(page.document.text)
        chunk.before = add_counts(chunk.before, dict.fromkeys(defects(page), 1))
    parts = parts_of(plan)
    return _decide(plan, 0, chunk) if parts and parts[0][0].key not in COPIES else chunk


def _decide(plan: Plan, number: int, chunk: Chunk) -> Chunk:
    """In a worker: what a part leaves of a chunk."""
    tally = Tally(parts_of(plan)[number], plan.stages)
    chunk.left = _left(tally, chunk)
    chunk.made[number] = tally.made()
    return chunk


def _left(tally: Tally, chunk: Chunk) -> list[tuple[Page, Document]]:
    decided = ((page, tally.process(page, document)) for page, document in chunk.left)
    return [(page, document) for page, document in decided if document is not None]


def _add(whole: Chunk, chunk: Chunk) -> None:
    raw = chunk.raw
    whole.raw.documents += raw.documents
    whole.raw.bytes += raw.bytes
    whole.raw.tokens += raw.tokens
    whole.before = add_counts(whole.before, chunk.before)
    for number, made in chunk.made.items():
        known = whole.made.get(number)
        whole.made[number] = [add_made(*both) for both in zip(known, made, strict=True)] if known else made


class Shards:
    """Files of so many documents each, named by their number."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._count = folder, 0
        self._file = open(folder / "00000.jsonl", "w", encoding="utf-8")  # noqa: SIM115 (closed by `close`)

    def write(self, document: Document) -> None:
        if self._count and self._count % SHARD == 0:
            self._file.close()
            self._file = open(self.folder / f"{self._count // SHARD:05}.jsonl", "w", encoding="utf-8")  # noqa: SIM115
        self._file.write(line_of(document))
        self._count += 1

    def close(self) -> None:
        self._file.close()
