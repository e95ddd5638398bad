"""What a pipeline did, ready for JSON: the funnel, each stage with its score, what is left of each defect."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.data.defects import mojibake, personal
from core.data.document import Document, Page
from core.data.plan import Choice, Plan
from core.data.score import Judge, Rate, Score
from core.data.stage import Size
from core.files import write_atomically

UNSAID = frozenset({"main"})  # no defect
GROUPS = {  # of kinds that are one defect to a reader; counted beside them
    "any mojibake": frozenset(mojibake.LABELS),
    "any contact": frozenset(personal.KINDS),
    "any menu or script": frozenset({"navigation", "script"}),
}


@dataclass(frozen=True)
class Made:
    """One stage: what came in and what went out, why, how long it took, and how often it was right.

    verdicts: how many pages of each of `core.data.score.VERDICTS`; found and labelled: by kind of label, how many were
    dropped or mended, of how many. right, wrong: what was changed and should be, what was changed and should not.
    """

    key: str
    name: str
    seen: Size
    kept: Size
    changed: int
    seconds: float
    reasons: dict[str, int]
    steps: dict[str, int]
    verdicts: dict[str, int]
    found: dict[str, int]
    labelled: dict[str, int]
    right: int
    wrong: int
    examples: list[dict[str, Any]]

    @property
    def dropped(self) -> int:
        return self.seen.documents - self.kept.documents

    @property
    def precision(self) -> Rate:
        """Of what was dropped or changed, what this stage is there for."""
        own = self.verdicts.get("own", 0)
        return Rate(own + self.right, self.dropped + self.right + self.wrong)

    @property
    def lenient(self) -> Rate:
        """Of what was dropped, what some stage is there for."""
        return Rate(self.dropped - self.verdicts.get("fine", 0), self.dropped)

    @property
    def recall(self) -> Rate:
        return Rate(sum(self.found.values()), sum(self.labelled.values()))

    def recall_of(self, kind: str) -> Rate:
        return Rate(self.found.get(kind, 0), self.labelled.get(kind, 0))


@dataclass(frozen=True)
class Report:
    """before, after: pages that have a defect, by kind, in what came in and in what is left. files: what became of each
    file. memory: bytes that the process had at its largest, None where nobody measured it."""

    plan: Plan
    raw: Size
    stages: list[Made]
    before: dict[str, int]
    after: dict[str, int]
    kept: list[int]
    seconds: float
    files: list[dict[str, Any]] = field(default_factory=list)
    memory: int | None = None

    @property
    def left(self) -> Size:
        return self.stages[-1].kept if self.stages else self.raw

    @property
    def labelled(self) -> bool:
        return self.plan.source.kind == "crawl"

    def stage(self, key: str) -> Made | None:
        return next((made for made in self.stages if made.key == key), None)

    def save(self, path: Path) -> None:
        write_atomically(path, json.dumps(asdict(self) | {"plan": self.plan.to_dict()}).encode())

    @classmethod
    def load(cls, path: Path) -> "Report":
        raw = json.loads(path.read_text(encoding="utf-8"))
        stages = [Made(**made | {name: Size(**made[name]) for name in ("seen", "kept")}) for made in raw["stages"]]
        return cls(**raw | {"plan": Plan.from_dict(raw["plan"]), "raw": Size(**raw["raw"]), "stages": stages})


def describe_stage(
    choice: Choice, number: int, judge: Judge, verdicts: Counter[str], examples: Sequence[dict[str, Any]]
) -> Made:
    stage, drop, mend = judge.stages[number], judge.dropping[number], judge.mending[number]
    counted = stage.statistics
    return Made(
        choice.key, stage.name, counted.seen, counted.kept, counted.changed, counted.seconds,
        dict(counted.reasons.most_common()), dict(counted.steps.most_common(20)), dict(verdicts),
        _both(drop, mend, "found"), _both(drop, mend, "labelled"), mend.right, mend.wrong, list(examples),
    )  # fmt: skip


def _both(drop: Score, mend: Score, name: str) -> dict[str, int]:
    found: dict[str, int] = getattr(drop, name) | getattr(mend, name)
    return found


def defects(page: Page) -> frozenset[str]:
    return with_groups(page.kinds - UNSAID)


def with_groups(kinds: frozenset[str]) -> frozenset[str]:
    """The kinds, and the groups that they belong to."""
    return kinds | {name for name, group in GROUPS.items() if kinds & group}


def still(page: Page, document: Document, spans: frozenset[str]) -> frozenset[str]:
    """The defects of a page that what is kept of it has still. spans: kinds that are gone when their span is."""
    text = " ".join(document.text.split())
    gone = {
        kind
        for kind in page.kinds & spans
        if not any(" ".join(page.shown(label).split()) in text for label in page.of_kind(kind))
    }
    return with_groups(page.kinds - UNSAID - gone)
