"""Writes a raw page piece by piece, so that every label knows its characters."""

import html
from collections.abc import Iterator
from contextlib import contextmanager

from core.data.document import Document, Label, Page


class Writer:
    """Text is escaped as HTML asks for; markup is not."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._labels: list[Label] = []

    def markup(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)

    def text(self, piece: str) -> None:
        self.markup(html.escape(piece, quote=False))

    def paragraph(self, piece: str) -> None:
        self.markup("<p>")
        self.text(piece)
        self.markup("</p>\n")

    @contextmanager
    def labelled(self, kind: str, of: int | None = None, truth: str | None = None) -> Iterator[None]:
        """What is written inside is of this kind."""
        start = self._length
        yield
        self._labels.append(Label(kind, start, self._length, of, truth))

    def page(self, number: int) -> Page:
        """Everything written so far; labels that begin together have the longer first."""
        labels = sorted(self._labels, key=lambda label: (label.start, -label.end))
        return Page(Document(number, "".join(self._pieces)), tuple(labels))
