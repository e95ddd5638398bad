"""Some of the decisions of each stage, with the texts, to be looked at: a bounded number for each verdict."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from core.data.document import Document, Page
from core.data.stage import Dropped, Kept

PER_VERDICT = 15
PER_REASON = 6  # of those, so that a common reason does not crowd out a rare one
LONGEST = 3000  # characters of a text


@dataclass
class Examples:
    """Called by `core.data.score.Judge`."""

    found: list[list[dict[str, Any]]]
    _counts: Counter[tuple[int, str]] = field(default_factory=Counter)
    _reasons: Counter[tuple[int, str, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, stages: int) -> "Examples":
        return cls([[] for _ in range(stages)])

    def __call__(self, number: int, page: Page, document: Document, outcome: Kept | Dropped, verdict: str) -> None:
        if self._counts[number, verdict] >= PER_VERDICT:
            return
        reason = outcome.reason if isinstance(outcome, Dropped) else ",".join(sorted(page.kinds))
        if self._reasons[number, verdict, reason] >= PER_REASON:
            return
        self._counts[number, verdict] += 1
        self._reasons[number, verdict, reason] += 1
        self.found[number].append(describe(page, document, outcome, verdict))


def describe(page: Page, document: Document, outcome: Kept | Dropped, verdict: str) -> dict[str, Any]:
    """Ready for JSON. spans: what readers see where the labels are, by kind; main text and menus are no news."""
    spans = [
        [label.kind, page.shown(label), label.truth or ""]
        for label in page.labels
        if label.kind not in ("main", "navigation", "advert", "script") and label.end - label.start < LONGEST
    ]
    known = {
        "id": document.id,
        "file": document.meta.get("file", ""),
        "verdict": verdict,
        "labels": sorted(page.kinds - {"main", "navigation", "advert", "script"}),
        "spans": spans,
        "before": document.text[:LONGEST],
        "length": len(document.text),
    }
    if isinstance(outcome, Dropped):
        return known | {"reason": outcome.reason, "detail": outcome.detail, "after": None, "changes": []}
    changes = [[change.before[:LONGEST], change.after[:LONGEST], change.how] for change in outcome.changes[:40]]
    return known | {"reason": "", "detail": "", "after": outcome.document.text[:LONGEST], "changes": changes}
