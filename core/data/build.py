"""Carries out a plan: documents through the stages, what is kept into a file, what happened into a report."""

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from core.data.crawl import Crawl
from core.data.document import Document, Page
from core.data.examples import Examples
from core.data.files import Files
from core.data.plan import Plan
from core.data.report import Report, defects, made, still
from core.data.score import Judge
from core.data.stage import Dropped, Kept, Size

REPORT, KEPT, BROUGHT = "report.json", "kept.jsonl", "files"
EVERY = 0.2  # seconds between two words about the progress
Progress = Callable[[float, str], None]  # the share that is done, and what is being done


class StoppedError(Exception):
    """Somebody wanted it to end."""


def build(folder: Path, plan: Plan, progress: Progress, stopped: Callable[[], bool]) -> Report:
    """Reads `folder`/files where the plan says so; writes `folder`/kept.jsonl and report.json. Raises StoppedError."""
    start, files = time.perf_counter(), Files()
    pages, total = _pages(folder, plan, files)
    with open(folder / KEPT, "w", encoding="utf-8") as out:
        report = _run(plan, _watched(pages, total, progress, stopped), out)
    told = [asdict(read) for read in files.reports]
    whole = Report(**vars(report) | {"seconds": time.perf_counter() - start, "files": told, "memory": _memory()})
    whole.save(folder / REPORT)
    return whole


def _pages(folder: Path, plan: Plan, files: Files) -> tuple[Iterable[Page], int | None]:
    """The pages, and how many there are where that is known."""
    source = plan.source
    if source.kind == "crawl":
        return Crawl(source.seed).pages(0, source.pages), source.pages
    brought = [(json.loads(path.with_suffix(".name").read_bytes()), path) for path in _brought(folder)]
    documents = files.read((name, path.read_bytes()) for name, path in brought)
    return (Page(document, ()) for document in documents), None


def _brought(folder: Path) -> list[Path]:
    """A visitor's files have numbers for names; what they were called stands in a file beside each."""
    return sorted((folder / BROUGHT).glob("*.data"))


def bring(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Puts files where `build` finds them."""
    (folder / BROUGHT).mkdir(parents=True, exist_ok=True)
    for number, (name, data) in enumerate(files):
        (folder / BROUGHT / f"{number:04}.data").write_bytes(data)
        (folder / BROUGHT / f"{number:04}.name").write_text(json.dumps(name), encoding="utf-8")


def _watched(
    pages: Iterable[Page], total: int | None, progress: Progress, stopped: Callable[[], bool]
) -> Iterator[Page]:
    last = 0.0
    for number, page in enumerate(pages):
        if time.perf_counter() - last > EVERY:
            if stopped():
                raise StoppedError
            last = time.perf_counter()
            of = f" of {total:,}" if total else ""
            progress(number / total if total else 0.5, f"{number:,}{of} documents")
        yield page


def _run(plan: Plan, pages: Iterable[Page], out: TextIO) -> Report:
    stages = plan.make()
    judge, examples = Judge(stages), Examples.of(len(stages))
    verdicts = [Counter[str]() for _ in stages]
    spans = frozenset[str]().union(*(stage.mends for stage in stages))
    raw, before, after, kept = Size(), Counter[str](), Counter[str](), list[int]()
    now: list[Page] = []

    def passing() -> Iterator[Page]:
        for page in pages:
            raw.add(page.document.text)
            before.update(defects(page))
            now[:] = [page]
            yield page

    def watch(number: int, page: Page, document: Document, outcome: Kept | Dropped, verdict: str) -> None:
        verdicts[number][verdict] += 1
        examples(number, page, document, outcome, verdict)

    for document in judge.run(passing(), watch):
        kept.append(document.id)
        after.update(still(now[0], document, spans))
        line = {"id": document.id, "text": document.text, "meta": dict(document.meta)}
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
    all_made = [made(choice, n, judge, verdicts[n], examples.found[n]) for n, choice in enumerate(plan.stages)]
    return Report(plan, raw, all_made, dict(before), dict(after), kept, 0.0)


def _memory() -> int:
    """Bytes: the largest that this process has been."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
