"""Documents that hold a question of the test are dropped: they share word 13-grams, as for GPT-3 (arXiv 2005.14165)."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from core.data.document import Document
from core.data.stage import Dropped, Kept, Knob, Stage

_WORD = re.compile(r"\w+")


def _grams(text: str, n: int) -> Iterator[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return (tuple(words[i : i + n]) for i in range(len(words) - n + 1))


class Decontaminate(Stage):
    """share: how much of a question's n-grams must stand in the document. A paraphrase has few."""

    name = "decontamination"
    purpose = "Drops pages that hold questions of the test on which the model will be measured."
    knobs = (
        Knob("n", "Words in a row that must agree", 13, 3, 20, 1),
        Knob("share", "Share of a question's runs that must stand in the page", 0.2),
    )
    drops = frozenset({"leak", "leak_paraphrase"})

    def __init__(self, questions: Sequence[str] = (), n: int = 13, share: float = 0.2) -> None:
        super().__init__()
        self.n, self.share = n, share
        self._holders: dict[tuple[str, ...], list[int]] = {}
        self._sizes: Counter[int] = Counter()
        for number, question in enumerate(questions):
            for gram in set(_grams(question, n)):
                self._holders.setdefault(gram, []).append(number)
                self._sizes[number] += 1

    def judge(self, document: Document) -> Kept | Dropped:
        shared: Counter[int] = Counter()
        for gram in set(_grams(document.text, self.n)):
            shared.update(self._holders.get(gram, ()))
        for question, count in shared.most_common(1):
            if count >= self.share * self._sizes[question]:
                return Dropped("holds a test question", f"{count / self._sizes[question]:.2f} of question {question}")
        return Kept(document)
