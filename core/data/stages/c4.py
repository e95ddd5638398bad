"""The rules of C4 (Raffel et al. 2020, arXiv 1910.10683, section 2.2): lines are left out, then the rest is judged."""

import re

from core.data.document import Document
from core.data.stage import Change, Dropped, Kept, Knob, Stage
from core.data.stages.gopher import JUNK

TERMINAL = (".", "!", "?", '"', "”")
WORDS_IN_LINE, SENTENCES = 3, 5
POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
_SENTENCE = re.compile(r"[.!?]+[\"”')]*(?=\s|$)")


class C4(Stage):
    """punctuation: lines that end in none are left out, as in C4; FineWeb does without, since it costs a third."""

    name = "C4"
    purpose = "Leaves out lines that are no sentences, and pages that have too few sentences left."
    drops = JUNK
    knobs = (
        Knob("punctuation", "Leave out lines that end without punctuation", True),
        Knob("sentences", "Sentences at least", SENTENCES, 0, 20, 1),
    )

    def __init__(self, punctuation: bool = True, sentences: int = SENTENCES) -> None:
        super().__init__()
        self.punctuation, self.sentences = punctuation, sentences

    def judge(self, document: Document) -> Kept | Dropped:
        lower = document.text.lower()
        if "lorem ipsum" in lower:
            return Dropped("lorem ipsum")
        if "{" in lower:
            return Dropped("curly bracket")
        lines, changes = [], []
        for line in document.text.splitlines():
            if why := self._unwanted(line.strip()):
                changes.append(Change(line, "", why))
            else:
                lines.append(line)
        text = "\n".join(lines)
        sentences = len(_SENTENCE.findall(text))
        if sentences < self.sentences:
            return Dropped("too few sentences", str(sentences))
        return Kept(Document(document.id, text, document.meta), tuple(changes))

    def _unwanted(self, line: str) -> str | None:
        lower = line.lower()
        if self.punctuation and (not line.endswith(TERMINAL) or line.endswith("...")):
            return "no punctuation at the end"
        if len(line.split()) < WORDS_IN_LINE:
            return "too few words"
        if "javascript" in lower:
            return "javascript"
        return "policy" if any(phrase in lower for phrase in POLICY) else None
