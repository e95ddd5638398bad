"""How often each stage is right: its decisions against the labels of the crawl."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core.data.document import Document, Page
from core.data.pipeline import process
from core.data.stage import Dropped, Kept, Stage
from core.intervals import wilson

EXAMPLES = 20
# What the labels say of a decision: dropped for what this stage is there for; for what another is there for; though
# nothing was the matter; kept, though it should have gone, or with a span that should have changed; changed. Of one
# decision the last two may both be said.
VERDICTS = ("own", "other", "fine", "missed", "changed")
Watch = Callable[[int, Page, Document, Kept | Dropped, str], None]
# Labels that name what a page copies, and what that is
COPIES = {"exact_copy": "page", "near_copy": "page", "template": "template", "translated_copy": "translation"}


@dataclass(frozen=True, slots=True)
class Rate:
    hits: int
    total: int

    @property
    def value(self) -> float:
        """nan where there was nothing to count."""
        return self.hits / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.hits, self.total)


@dataclass(slots=True)
class Score:
    """right: what was dropped or changed and should be. wrong: should not. missed: should be and was not.

    clean: wrongly dropped pages that no other stage is there to drop either, so a real loss. found, labelled: by kind
    of label, how many were dropped or mended, of how many. The examples name the page, and the reason or the span.
    """

    right: int = 0
    wrong: int = 0
    missed: int = 0
    clean: int = 0
    found: dict[str, int] = field(default_factory=dict)
    labelled: dict[str, int] = field(default_factory=dict)
    wrongly: list[tuple[int, str]] = field(default_factory=list)
    overlooked: list[tuple[int, str]] = field(default_factory=list)

    @property
    def precision(self) -> Rate:
        return Rate(self.right, self.right + self.wrong)

    @property
    def recall(self) -> Rate:
        return Rate(sum(self.found.values()), sum(self.labelled.values()))

    def recall_of(self, kind: str) -> Rate:
        return Rate(self.found.get(kind, 0), self.labelled.get(kind, 0))

    def expect(self, kind: str, found: bool, page: int, text: str) -> None:
        self.labelled[kind] = self.labelled.get(kind, 0) + 1
        self.found[kind] = self.found.get(kind, 0) + found
        if not found:
            self.missed += 1
            _example(self.overlooked, page, text)

    def act(self, right: bool, page: int, text: str) -> None:
        self.right += right
        self.wrong += not right
        if not right:
            _example(self.wrongly, page, text)


def _example(examples: list[tuple[int, str]], page: int, text: str) -> None:
    if len(examples) < EXAMPLES:
        examples.append((page, text))


class Judge:
    """Runs labelled pages through the stages, and scores each stage on the pages that reach it."""

    def __init__(self, stages: Sequence[Stage], drops: Sequence[frozenset[str]] = ()) -> None:
        """drops: what the stages of the whole pipeline drop, where these are a part of it."""
        self.stages = stages
        self.dropping = [Score() for _ in stages]
        self.mending = [Score() for _ in stages]
        self._anybody = frozenset[str]().union(*(stage.drops for stage in stages), *drops)
        self._met: list[set[tuple[str, int]]] = [set() for _ in stages]

    def run(self, pages: Iterable[Page], watch: Watch | None = None) -> Iterator[Document]:
        """The documents that are kept. watch: told of each decision that is one of `VERDICTS`."""
        for page in pages:
            kept = self.process(page, page.document, watch)
            if kept is not None:
                yield kept

    def process(self, page: Page, document: Document, watch: Watch | None = None) -> Document | None:
        """What is left of a document that was made of `page`."""

        def tell(number: int, document: Document, outcome: Kept | Dropped) -> None:
            verdicts = [self._score_drop(number, page, outcome)]
            mends = self.stages[number].mends
            if isinstance(outcome, Kept) and mends:
                missed = _score_changes(self.mending[number], mends, page, document, outcome)
                verdicts += ["missed"] * (missed and "missed" not in verdicts)
            if isinstance(outcome, Kept) and outcome.document.text != document.text:
                verdicts.append("changed")
            for verdict in filter(None, verdicts):
                (watch or _nobody)(number, page, document, outcome, verdict)

        return process(self.stages, document, tell)

    def _score_drop(self, number: int, page: Page, outcome: Kept | Dropped) -> str:
        """Scores it, and gives its verdict, "" for a page that is rightly kept."""
        score, dropped = self.dropping[number], isinstance(outcome, Dropped)
        due = self._due(number, page)
        for kind in due:
            score.expect(kind, dropped, page.document.id, kind)
        if not isinstance(outcome, Dropped):
            return "missed" if due else ""
        score.act(bool(due), page.document.id, outcome.reason)
        clean = not due and not page.kinds & self._anybody
        score.clean += clean
        return "own" if due else "fine" if clean else "other"

    def _due(self, number: int, page: Page) -> list[str]:
        """Labels for which this stage should drop the page. A copy is one only where what it copies was seen before:
        of those that reach a stage, the first should stay."""
        drops, met = self.stages[number].drops, self._met[number]
        due = sorted(page.kinds & drops - COPIES.keys())
        own = ("page", page.document.id)
        for label in page.of_kind(*(drops & COPIES.keys())):
            own = (COPIES[label.kind], label.of or 0)
            if own in met:
                due.append(label.kind)
        met.add(own)
        return due


def _nobody(*_: object) -> None:
    """Watches nothing."""


def _plain(text: str) -> str:
    return " ".join(text.split())


def _score_changes(score: Score, mends: frozenset[str], page: Page, document: Document, outcome: Kept) -> bool:
    """A span counts as mended if its truth stands in the text, or, where there is none, if it is gone from it. Whether
    one was not."""
    before, after = _plain(document.text), _plain(outcome.document.text)
    spans, before_missed = [], score.missed
    for label in page.of_kind(*mends):
        shown = _plain(page.shown(label))
        if shown in before:  # else an earlier stage took it
            spans.append(shown)
            score.expect(label.kind, _plain(label.truth) in after if label.truth else shown not in after,
                         page.document.id, shown)  # fmt: skip
    for change in outcome.changes:
        was = _plain(change.before)
        score.act(any(was in span or span in was for span in spans), page.document.id, was)
    return score.missed > before_missed
