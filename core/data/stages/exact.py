"""The same text again, letter for letter: a set of 16-byte hashes finds it."""

from hashlib import blake2b

from core.data.document import Document
from core.data.stage import Dropped, Kept, Stage


class ExactDuplicates(Stage):
    """The first stays."""

    name = "exact duplicates"
    purpose = "Drops a text that is, letter for letter, the same as an earlier one."
    drops = frozenset({"exact_copy", "translated_copy"})

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[bytes, int] = {}

    def judge(self, document: Document) -> Kept | Dropped:
        first = self._first.setdefault(blake2b(document.text.encode(), digest_size=16).digest(), document.id)
        return Kept(document) if first == document.id else Dropped("same text", f"as document {first}")
