"""Tinyland: a small world with known truth, and the generator of every text about it.

>>> from core.text import tinyland
>>> document = tinyland.generate(seed=0, index=0)
>>> abs(tinyland.parse(document.text).log_prob - document.log_prob) < 1e-9
True
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from core.text.tinyland import lexicon
from core.text.tinyland.document import Document, Span
from core.text.tinyland.grammar import Grammar
from core.text.tinyland.vocabulary import vocabulary
from core.text.tinyland.world import Fact, World, canonical_world, small_world

__all__ = ["DEFAULT_WEIGHTS", "KINDS", "WORLD", "Document", "Fact", "Parse", "Span", "World", "category", "documents",
           "floor", "generate", "grammar", "parse", "patterns", "small_world"]  # fmt: skip

# Chosen so that no kind is starved: questions, facts and translation need many examples, stories have many words.
DEFAULT_WEIGHTS = {
    "story": 0.25,
    "story_qa": 0.36,
    "entry": 0.11,
    "list": 0.03,
    "translation": 0.10,
    "arithmetic": 0.05,
    "code": 0.03,
    "chat": 0.07,
}
KINDS = tuple(DEFAULT_WEIGHTS)
WORLD = canonical_world()
_PATTERN_FILES = ("story", "questions", "entry", "list", "translation", "number", "chat")
_CONSTANTS = {
    "{LANGUAGE}": lexicon.INVENTED_LANGUAGE,
    **{f"{{{name}}}": word for name, word in lexicon.INVENTED_RELATIONS.items()},
}


@lru_cache(maxsize=1)
def patterns() -> str:
    """The whole grammar as text: every pattern file, with the names of the invented language filled in."""
    folder = files("core.text.tinyland") / "patterns"
    text = "\n".join((folder / f"{name}.txt").read_text("utf-8") for name in _PATTERN_FILES)
    for name, word in _CONSTANTS.items():
        text = text.replace(name, word)
    return text


@lru_cache(maxsize=4)
def grammar(world: World = WORLD) -> Grammar:
    return Grammar(patterns(), vocabulary(world))


def _shares(weights: dict[str, float] | None) -> dict[str, float]:
    """Normalised probability of each kind. Raises ValueError for unknown kinds and impossible weights."""
    weights = DEFAULT_WEIGHTS if weights is None else weights
    if unknown := set(weights) - set(KINDS):
        raise ValueError(f"unknown kinds {sorted(unknown)}; the kinds are {', '.join(KINDS)}")
    total = sum(weights.values())
    if any(not w >= 0 for w in weights.values()) or not 0 < total < math.inf:
        raise ValueError("kind weights must be non-negative numbers, at least one of them positive")
    return {kind: w / total for kind, w in weights.items() if w > 0}


def generate(seed: int, index: int, weights: dict[str, float] | None = None, world: World = WORLD) -> Document:
    """Document number `index` of the stream `seed`: the same arguments give the same bytes, in any order."""
    return _generate(seed, index, _shares(weights), grammar(world))


def documents(
    seed: int,
    start: int = 0,
    stop: int | None = None,
    weights: dict[str, float] | None = None,
    world: World = WORLD,
) -> Iterator[Document]:
    """Documents start, start + 1, … of the stream `seed`; without end if `stop` is None."""
    shares, rules = _shares(weights), grammar(world)
    index = start
    while stop is None or index < stop:
        yield _generate(seed, index, shares, rules)
        index += 1


def _generate(seed: int, index: int, shares: dict[str, float], rules: Grammar) -> Document:
    dice = random.Random((seed << 40) + index).random
    u = dice()
    for kind, share in shares.items():  # noqa: B007 (the last kind stands when rounding leaves some of u over)
        u -= share
        if u < 0:
            break
    derivation = rules.sample(kind, dice)
    return Document(derivation.text, kind, derivation, derivation.log_prob + math.log(share))


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
    """Every way in which Tinyland could have written `text`."""
    reached = [0]
    found = []
    for kind, share in _shares(weights).items():
        for derivation in grammar(world).derivations(kind, text, reached):
            found.append(Document(text, kind, derivation, derivation.log_prob + math.log(share)))
    return Parse(tuple(found), len(text) if found else reached[0])


def floor(docs: list[Document]) -> float:
    """Mean -log probability of the documents, in nats per document: the loss of a perfect model on them."""
    return -sum(d.log_prob for d in docs) / len(docs)


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
