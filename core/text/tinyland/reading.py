"""Reading a text back: every way in which Tinyland could have written it."""

import math
from dataclasses import dataclass
from functools import lru_cache

from core.text.tinyland import lexicon
from core.text.tinyland.document import Document
from core.text.tinyland.stream import CHAT_WEIGHTS, WORLD, grammar, shares_of
from core.text.tinyland.world import World


@dataclass(frozen=True)
class Parse:
    """What a text is, read back by the grammar that writes. `documents` holds one per derivation (one, or none)."""

    documents: tuple[Document, ...]
    failed_at: int  # where no reading goes further; the length of the text if one does

    @property
    def ok(self) -> bool:
        return bool(self.documents)

    @property
    def derivations(self) -> int:
        return len(self.documents)

    @property
    def kind(self) -> str | None:
        return self.documents[0].kind if self.documents else None

    @property
    def claims(self) -> tuple[tuple[str, str, str], ...]:
        return self.documents[0].claims if self.documents else ()

    @property
    def log_prob(self) -> float:
        """log of the summed probability of all derivations; -inf if the generator can't write this text."""
        if not self.documents:
            return -math.inf
        top = max(d.log_prob for d in self.documents)
        return top + math.log(sum(math.exp(d.log_prob - top) for d in self.documents))


def parse(text: str, weights: dict[str, float] | None = None, world: World = WORLD) -> Parse:
    """Every way in which Tinyland could have written `text`: with these weights; by default what begins with a system
    prompt is a chat (with the weights of chats), everything else text for pre-training (with those)."""
    if weights is None and text.startswith("<|system|>"):
        weights = CHAT_WEIGHTS
    reached = [0]
    found = []
    for kind, share in shares_of(weights).items():
        for derivation in grammar(world).derivations(kind, text, reached):
            found.append(Document(text, kind, derivation, derivation.log_prob + math.log(share)))
    return Parse(tuple(found), len(text) if found else reached[0])


@lru_cache(maxsize=1)
def _categories() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, words in lexicon.CATEGORIES.items():
        for word in words:
            found.setdefault(word, name)
    return found


def category(word: str) -> str | None:
    """What a word is in Tinyland ("people", "animals", …); None if it is no content word."""
    return _categories().get(word)
