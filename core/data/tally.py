"""Counts what some stages of a plan do, and adds such counts: of a whole pipeline in one process, or of its parts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.data.document import Document, Page
from core.data.examples import PER_VERDICT, Examples
from core.data.plan import Choice
from core.data.report import Made, describe_stage
from core.data.score import Judge
from core.data.stage import Dropped, Kept, Size


class Tally:
    """choices: the stages counted here. whole: all of the plan, so that it is known what any of them is there for."""

    def __init__(self, choices: Sequence[Choice], whole: Sequence[Choice]) -> None:
        self.choices = choices
        self.judge = Judge([choice.stage() for choice in choices], [choice.stage().drops for choice in whole])
        self.examples = Examples.of(len(choices))
        self.verdicts = [Counter[str]() for _ in choices]

    def process(self, page: Page, document: Document) -> Document | None:
        """What these stages leave of the document that others have made of the page."""
        return self.judge.process(page, document, self._watch)

    def _watch(self, number: int, page: Page, document: Document, outcome: Kept | Dropped, verdict: str) -> None:
        self.verdicts[number][verdict] += 1
        self.examples(number, page, document, outcome, verdict)

    def made(self) -> list[Made]:
        return [
            describe_stage(choice, n, self.judge, self.verdicts[n], self.examples.found[n])
            for n, choice in enumerate(self.choices)
        ]


def add_made(first: Made, second: Made) -> Made:
    """What one stage did in two parts of the documents."""
    return replace(
        first,
        seen=_sizes(first.seen, second.seen),
        kept=_sizes(first.kept, second.kept),
        changed=first.changed + second.changed,
        seconds=first.seconds + second.seconds,
        reasons=add_counts(first.reasons, second.reasons),
        steps=add_counts(first.steps, second.steps),
        verdicts=add_counts(first.verdicts, second.verdicts),
        found=add_counts(first.found, second.found),
        labelled=add_counts(first.labelled, second.labelled),
        right=first.right + second.right,
        wrong=first.wrong + second.wrong,
        examples=_some(first.examples + second.examples),
    )


def add_counts(first: dict[str, int], second: dict[str, int]) -> dict[str, int]:
    names = [*first, *(name for name in second if name not in first)]
    return {name: first.get(name, 0) + second.get(name, 0) for name in names}


def _sizes(first: Size, second: Size) -> Size:
    return Size(first.documents + second.documents, first.bytes + second.bytes, first.tokens + second.tokens)


def _some(examples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of each verdict."""
    counts: Counter[str] = Counter()
    found = []
    for example in examples:
        counts[example["verdict"]] += 1
        if counts[example["verdict"]] <= PER_VERDICT:
            found.append(example)
    return found
