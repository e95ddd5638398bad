"""Which language is it? (py3langid)

It must be told which languages can occur: choosing from all it knows, it takes short English for Welsh.
"""

from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from core.data.document import Document
from core.data.stage import Dropped, Kept, Knob, Stage

EXPECTED = ("en", "es", "de", "fr", "it", "nl", "pt")


@lru_cache(maxsize=4)
def identifier(languages: tuple[str, ...]) -> LanguageIdentifier:
    """Two seconds the first time."""
    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(list(languages))
    return found


class Language(Stage):
    """Keeps documents in `wanted` of which the identifier is at least so sure."""

    name = "language"
    purpose = "Keeps what is written in English, as far as a classifier can tell."
    knobs = (Knob("sure", "How sure it must be that it is English", 0.65),)
    drops = frozenset({"foreign"})

    def __init__(self, wanted: str = "en", expected: tuple[str, ...] = EXPECTED, sure: float = 0.65) -> None:
        super().__init__()
        self.wanted, self.sure = wanted, sure
        self._classify = identifier(expected).classify

    def judge(self, document: Document) -> Kept | Dropped:
        language, probability = self._classify(document.text)
        if language == self.wanted and probability >= self.sure:
            return Kept(document)
        reason = "not sure enough" if language == self.wanted else f"language {language}"
        return Dropped(reason, f"{probability:.2f}")
