"""Stages one after another, a document at a time, and the funnel that they make."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.data.document import Document
from core.data.stage import Dropped, Kept, Size, Stage

Watch = Callable[[int, Document, Kept | Dropped], None]


def process(stages: Sequence[Stage], document: Document, watch: Watch | None = None) -> Document | None:
    """What is left of the document after all stages. watch: told the number of each stage, what it got and decided."""
    for number, stage in enumerate(stages):
        outcome = stage.process(document)
        if watch:
            watch(number, document, outcome)
        if isinstance(outcome, Dropped):
            return None
        document = outcome.document
    return document


def run(stages: Sequence[Stage], documents: Iterable[Document]) -> Iterator[Document]:
    """Those that every stage keeps, as they come."""
    for document in documents:
        kept = process(stages, document)
        if kept is not None:
            yield kept


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the funnel: what left the stage."""

    name: str
    size: Size
    seconds: float


def funnel(stages: Sequence[Stage]) -> list[Step]:
    """What came in, then what each stage let through."""
    if not stages:
        return []
    raw = Step("raw", stages[0].statistics.seen, 0.0)
    return [raw, *(Step(stage.name, stage.statistics.kept, stage.statistics.seconds) for stage in stages)]
