"""A document as the stages see it, and the truth about it, which only the crawl knows and only the score reads."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Document:
    """meta: what is known beside the text, such as its licence; stages may add to it."""

    id: int
    text: str
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Label:
    """Characters [start, end) of the raw text, and what is the matter with them.

    of: the page that this one copies, the number of the template or of the test question.
    truth: what should stand there, where something else does.
    """

    kind: str
    start: int
    end: int
    of: int | None = None
    truth: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A raw document with its labels, in the order in which they begin."""

    document: Document
    labels: tuple[Label, ...]

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(label.kind for label in self.labels)

    def of_kind(self, *kinds: str) -> list[Label]:
        return [label for label in self.labels if label.kind in kinds]

    def raw(self, label: Label) -> str:
        return self.document.text[label.start : label.end]

    def shown(self, label: Label) -> str:
        """What a reader of the page sees there."""
        return html.unescape(self.raw(label))
