"""One way to write the same text: Unicode's composed form, plain spaces, no invisible characters, no empty lines."""

import re
import unicodedata

from core.data.document import Document
from core.data.stage import Dropped, Kept, Stage

_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def normalised(text: str) -> str:
    text = _INVISIBLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _LINES.sub("\n", _SPACES.sub(" ", unicodedata.normalize("NFC", text))).strip()


class Normalise(Stage):
    name = "normalise"
    purpose = "One way to write the same text: composed letters, single spaces, no invisible characters."

    def judge(self, document: Document) -> Kept | Dropped:
        text = normalised(document.text)
        return Kept(Document(document.id, text, document.meta)) if text else Dropped("no text")
