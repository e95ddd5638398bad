"""Carries out a plan: documents through the stages, what is kept into a file, what happened into a report."""

import contextlib
import json
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from core.data.card import write_card
from core.data.crawl import Crawl
from core.data.document import Document, Page
from core.data.examples import LONGEST
from core.data.files import Files
from core.data.plan import Plan
from core.data.report import Report, defects, still
from core.data.stage import Kept, Size
from core.data.tally import Tally
from core.files import json_lines

REPORT, KEPT, BROUGHT = "report.json", "kept.jsonl", "files"
COPIES = ("exact", "near")  # stages that remember other documents; their detail ends with the number of one
EVERY = 0.2  # seconds between two words about the progress
Progress = Callable[[float, str], None]  # the share that is done, and what is being done


class StoppedError(Exception):
    """Somebody wanted it to end."""


def build(folder: Path, plan: Plan, progress: Progress, stopped: Callable[[], bool]) -> Report:
    """Reads `folder`/files where the plan says so; writes `folder`/kept.jsonl and report.json. Raises StoppedError."""
    start, files = time.perf_counter(), Files()
    if plan.source.kind == "crawl":
        (pages, source), total = _crawled(plan), plan.source.pages
    else:
        given = list(files.read(_brought(folder)))
        (pages, source), total = _given(given), len(given)
    with open(folder / KEPT, "w", encoding="utf-8") as out:
        report = _run(plan, _watched(pages, total, progress, stopped), out, source)
    told = [asdict(read) for read in files.reports]
    whole = replace(report, seconds=time.perf_counter() - start, files=told, memory=_memory())
    write_card(folder, f"corpus {plan.name()}", whole)
    whole.save(folder / REPORT)
    return whole


def refine(plan: Plan, documents: Iterable[Document] | None = None) -> Report:
    """The same without a folder, for notebooks: of the pages of the plan's crawl, or of documents that are given."""
    start = time.perf_counter()
    pages, source = _crawled(plan) if documents is None else _given(list(documents))
    return replace(_run(plan, pages, StringIO(), source), seconds=time.perf_counter() - start)


def refine_into(plan: Plan, folder: Path, documents: list[Document]) -> Report:
    """The same with what is kept in folder/00000.jsonl."""
    folder.mkdir(parents=True, exist_ok=True)
    start, (pages, source) = time.perf_counter(), _given(documents)
    with open(folder / "00000.jsonl", "w", encoding="utf-8") as out:
        return replace(_run(plan, pages, out, source), seconds=time.perf_counter() - start)


def read_files(paths: Iterable[str | Path]) -> list[Document]:
    """The documents in files, see `core.data.files`."""
    return list(Files().read((Path(path).name, Path(path).read_bytes()) for path in paths))


def _crawled(plan: Plan) -> tuple[Iterable[Page], Callable[[int], Document]]:
    """The pages as they come, and a way to have one of them again."""
    crawl = Crawl(plan.source.seed)
    return crawl.pages(0, plan.source.pages), lambda number: crawl.page(number).document


def _given(documents: list[Document]) -> tuple[Iterable[Page], Callable[[int], Document]]:
    return (Page(document, ()) for document in documents), documents.__getitem__


def _brought(folder: Path) -> Iterator[tuple[str, bytes]]:
    """A visitor's files have numbers for names; what they were called stands in a file beside each."""
    for path in sorted((folder / BROUGHT).glob("*.data")):
        yield json.loads(path.with_suffix(".name").read_bytes()), path.read_bytes()


def bring(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Puts files where `build` finds them."""
    (folder / BROUGHT).mkdir(parents=True, exist_ok=True)
    for number, (name, data) in enumerate(files):
        (folder / BROUGHT / f"{number:04}.data").write_bytes(data)
        (folder / BROUGHT / f"{number:04}.name").write_text(json.dumps(name), encoding="utf-8")


def _watched(pages: Iterable[Page], total: int, progress: Progress, stopped: Callable[[], bool]) -> Iterator[Page]:
    last = 0.0
    for number, page in enumerate(pages):
        if time.perf_counter() - last > EVERY:
            if stopped():
                raise StoppedError
            last = time.perf_counter()
            progress(number / total, f"{number:,} of {total:,} documents")
        yield page


def _run(plan: Plan, pages: Iterable[Page], out: TextIO, source: Callable[[int], Document]) -> Report:
    tally, spans = Tally(plan.stages, plan.stages), mended_kinds(plan)
    raw, before, after, kept = Size(), Counter[str](), Counter[str](), list[int]()
    for page in pages:
        raw.add(page.document.text)
        before.update(defects(page))
        document = tally.process(page, page.document)
        if document is None:
            continue
        kept.append(document.id)
        after.update(still(page, document, spans))
        out.write(line_of(document))
    name_twins(plan, tally.examples.found, source)
    return Report(plan, raw, tally.made(), dict(sorted(before.items())), dict(sorted(after.items())), kept, 0.0)


def mended_kinds(plan: Plan) -> frozenset[str]:
    """Kinds of label that are gone when what they mark is."""
    return frozenset[str]().union(*(choice.stage().mends for choice in plan.stages))


def line_of(document: Document) -> str:
    """A line of a JSONL file."""
    return json_lines([{"id": document.id, "text": document.text, "meta": dict(document.meta)}])


def name_twins(plan: Plan, examples: Sequence[list[dict[str, Any]]], source: Callable[[int], Document]) -> None:
    """To each document that was dropped as a copy, the one that was kept, as the stage read it."""
    for number, choice in enumerate(plan.stages):
        if choice.key not in COPIES:
            continue
        before = [other.stage() for other in plan.stages[:number] if other.key not in COPIES]
        for example in examples[number]:
            of = re.search(r"\d+$", example["detail"])
            if of:
                document = source(int(of[0]))
                for stage in before:
                    outcome = stage.judge(document)
                    document = outcome.document if isinstance(outcome, Kept) else document
                example["twin"] = {"id": document.id, "text": document.text[:LONGEST]}


def _memory() -> int:
    """Bytes: the largest that this process has been. Linux counts a parent's into `ru_maxrss`; VmHWM is its own."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
