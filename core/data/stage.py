"""The one contract: a stage takes a document and keeps it, possibly changed, or drops it with a reason.

A new stage is one file with one class; the base class counts, takes the time and keeps some of what was dropped.
"""

import time
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar

from core.data.document import Document

INSPECTED = 20  # documents kept for each reason


@dataclass(frozen=True, slots=True)
class Knob:
    """A setting of a stage: the name of a keyword of its constructor, what people call it, and what it may be."""

    name: str
    title: str
    default: bool | int | float | str
    low: float = 0
    high: float = 1
    step: float = 0.01
    options: tuple[str, ...] = ()

    def fits(self, value: object) -> bool:
        if type(value) is not type(self.default):
            return False
        if isinstance(value, str):
            return value in self.options
        return isinstance(value, bool) or (isinstance(value, int | float) and self.low <= value <= self.high)


@dataclass(frozen=True, slots=True)
class Change:
    """What stood in the text, and what stands there now. how: the step that did it."""

    before: str
    after: str
    how: str


@dataclass(frozen=True, slots=True)
class Kept:
    document: Document
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """reason: one of a few, to count by. detail: the figure that decided, or the document that this one repeats."""

    reason: str
    detail: str = ""


@dataclass(slots=True)
class Size:
    """Tokens are words between spaces: which tokenizer will read the corpus is not decided yet."""

    documents: int = 0
    bytes: int = 0
    tokens: int = 0

    def add(self, text: str) -> None:
        self.documents += 1
        self.bytes += len(text.encode())
        self.tokens += len(text.split())


@dataclass(slots=True)
class Statistics:
    seen: Size = field(default_factory=Size)
    kept: Size = field(default_factory=Size)
    changed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0  # of the processor
    dropped: dict[str, list[tuple[Document, Dropped]]] = field(default_factory=dict)

    def count(self, document: Document, outcome: Kept | Dropped) -> None:
        self.seen.add(document.text)
        if isinstance(outcome, Kept):
            self.kept.add(outcome.document.text)
            self.changed += outcome.document.text != document.text
            self.steps.update(change.how for change in outcome.changes)
            return
        self.reasons[outcome.reason] += 1
        examples = self.dropped.setdefault(outcome.reason, [])
        if len(examples) < INSPECTED:
            examples.append((document, outcome))


class Stage(ABC):
    """drops: labels of the pages that it is there to drop. mends: labels of the spans that it is there to change.
    purpose: what it is for, in a sentence. knobs: what can be set, by keyword."""

    name: ClassVar[str]
    purpose: ClassVar[str] = ""
    knobs: ClassVar[tuple[Knob, ...]] = ()
    drops: ClassVar[frozenset[str]] = frozenset()
    mends: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        self.statistics = Statistics()

    @abstractmethod
    def judge(self, document: Document) -> Kept | Dropped:
        """The decision itself. It may depend on the documents judged before."""

    def process(self, document: Document) -> Kept | Dropped:
        start = time.thread_time()
        outcome = self.judge(document)
        self.statistics.seconds += time.thread_time() - start
        self.statistics.count(document, outcome)
        return outcome
