"""What is said once and used again: made-up names, numbers and nonsense verses, drawn from millions of possible ones.

There are so many that a name of one document stands, with few exceptions, in no other: whoever wants to write it a
second time has to look it up in the text before. State: "coined" -> what the document made up so far; "entries" ->
the lines of its register; "said" -> its verses.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby, product
from typing import Any

from core.text.tinyland import lexicon
from core.text.tinyland.grammar import Env, Space

ONSETS, VOWELS, CODAS = "bdfghjklmnprstvz", "aeiou", "klmnrst"
SYLLABLES = tuple(onset + vowel for onset in ONSETS for vowel in VOWELS)  # 80
CLOSED = tuple(syllable + coda for syllable in SYLLABLES for coda in CODAS)
_CAPITALS, _CLOSED_CAPITALS = (tuple(s.capitalize() for s in part) for part in (SYLLABLES, CLOSED))
NAME_SHAPES = (  # Zarimolu, Bantorki, Zanbelik: 41, 25 and 25 million of them
    (_CAPITALS, SYLLABLES, SYLLABLES, SYLLABLES),
    (_CLOSED_CAPITALS, CLOSED, SYLLABLES),
    (_CLOSED_CAPITALS, SYLLABLES, CLOSED),
)
NUMBER_SHAPES = tuple((tuple("123456789"), *[tuple("0123456789")] * more) for more in (2, 3, 4))


class Coined(str):
    """A text that a document made up, the space it was drawn from and its log-probability there."""

    __slots__ = ("log_prob", "space")
    log_prob: float
    space: "Shapes"

    def __new__(cls, text: str, space: "Shapes", log_prob: float) -> "Coined":
        coined = str.__new__(cls, text)
        coined.space, coined.log_prob = space, log_prob
        return coined


class Shapes:
    """Texts put together from parts: a shape is drawn, all being equally likely, then each of its parts.

    A text has one shape and one reading, and ends where neither a letter nor a digit follows.
    """

    def __init__(self, shapes: Sequence[Sequence[Sequence[str]]]) -> None:
        self.shapes = tuple(shapes)
        self.log_probs = [-math.log(len(shapes)) - sum(math.log(len(part)) for part in shape) for shape in shapes]

    @cached_property
    def _readers(self) -> list[tuple[re.Pattern[str], float]]:
        """How each shape is read, and its log-probability. Whoever only draws does without."""
        patterns = ["".join(_any_of(part, len(list(same))) for part, same in groupby(shape)) for shape in self.shapes]
        return [(re.compile(rf"{one}(?![A-Za-z0-9])"), p) for one, p in zip(patterns, self.log_probs, strict=True)]

    def draw(self, random: Callable[[], float]) -> tuple[Coined, float]:
        """See Space.draw."""
        i = int(random() * len(self.shapes))
        log_prob = self.log_probs[i]
        text = "".join([part[int(random() * len(part))] for part in self.shapes[i]])
        return Coined(text, self, log_prob), log_prob

    def read(self, text: str, at: int) -> Iterator[tuple[Coined, float]]:
        """See Space.read."""
        for reader, log_prob in self._readers:
            if found := reader.match(text, at):
                yield Coined(found[0], self, log_prob), log_prob

    def all(self) -> Iterator[tuple[Coined, float]]:
        """See Space.all."""
        for shape, log_prob in zip(self.shapes, self.log_probs, strict=True):
            for parts in product(*shape):
                yield Coined("".join(parts), self, log_prob), log_prob


@dataclass(frozen=True, slots=True)
class Without:
    """A space less the texts that the document has used."""

    space: Shapes
    used: tuple[Coined, ...]

    def _scale(self) -> float:
        return -math.log1p(-sum([math.exp(text.log_prob) for text in self.used if text.space is self.space]))

    def draw(self, random: Callable[[], float]) -> tuple[Coined, float]:
        """See Space.draw."""
        while True:
            value, log_prob = self.space.draw(random)
            if value not in self.used:
                return value, log_prob + self._scale()

    def read(self, text: str, at: int) -> Iterator[tuple[Coined, float]]:
        """See Space.read."""
        return ((value, p + self._scale()) for value, p in self.space.read(text, at) if value not in self.used)

    def all(self) -> Iterator[tuple[Coined, float]]:
        """See Space.all."""
        return ((value, p + self._scale()) for value, p in self.space.all() if value not in self.used)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A line of a register: what stands for what."""

    key: Any
    value: Any

    def __str__(self) -> str:
        return str(self.key)


@lru_cache(maxsize=1)
def _salad() -> tuple[str, ...]:
    """The words of which nonsense is made: one of every noun, and every adjective."""
    nouns = (*lexicon.OBJECTS, *lexicon.ANIMALS, *lexicon.FOODS, *lexicon.PLACES, *lexicon.PLANTS)
    return tuple(str(word) for word in (*nouns, *lexicon.ADJECTIVES, *lexicon.COLOURS))


def _any_of(part: Sequence[str], times: int) -> str:
    return "(?:" + "|".join(re.escape(text) for text in part) + f"){{{times}}}"


def _strings(words: Sequence[str], shortest: int, longest: int) -> Shapes:
    """Between `shortest` and `longest` words, a space between them."""
    after = [f" {word}" for word in words]
    return Shapes([(words, *[after] * (n - 1)) for n in range(shortest, longest + 1)])


@lru_cache(maxsize=1)
def _spaces() -> dict[str, Shapes]:
    return {
        "name": Shapes(NAME_SHAPES),
        "code": Shapes(NUMBER_SHAPES),
        "word": Shapes([(SYLLABLES, SYLLABLES), (CLOSED, SYLLABLES)]),
        "line": _strings(SYLLABLES, 3, 8),
        "verse": _strings(SYLLABLES, 9, 19),
        "ballad": _strings(SYLLABLES, 20, 50),  # nothing is both a line and a verse, or a verse and a ballad
        "salad": _strings(_salad(), 4, 16),
    }


def _fresh(kind: str) -> Callable[[Env], Space]:
    def space(env: Env) -> Space:
        used = env.get("coined")
        return Without(_spaces()[kind], used) if used else _spaces()[kind]

    return space


def _coin(env: Env, *names: str) -> None:
    env["coined"] = (*env.get("coined", ()), *(env[name] for name in names))


def _enter(env: Env, key: str, value: str) -> None:
    env["entries"] = (*env.get("entries", ()), Entry(env[key], env[value]))


def not_in_column(env: Env, values: Sequence[Any], column: str) -> Sequence[Any]:
    """The values that do not stand in this column of the document's register."""
    listed = [getattr(entry, column) for entry in env.get("entries", ())]
    return [value for value in values if value not in listed] if listed else values


def _entries_to_read(env: Env) -> list[Entry]:
    read = env.get("read", ())
    return [entry for entry in env["entries"] if entry not in read]


def _not_yet_packed(env: Env, values: Sequence[Any]) -> list[Any]:
    packed = env.get("packed", ())
    return [value for value in values if value not in packed]


DOMAINS: dict[str, Callable[..., Sequence[Any]]] = {
    "entry": lambda env: env["entries"],
    "unread": _entries_to_read,
    "said": lambda env: env["coined"],
    "first": lambda env: [env["coined"][0]],
    "packed": lambda env: [env["packed"]],
    "to_pack": lambda env: _not_yet_packed(env, lexicon.OBJECTS),
}
SPACES: dict[str, Callable[..., Space]] = {
    f"new_{kind}": _fresh(kind) for kind in ("name", "code", "word", "line", "verse", "ballad", "salad")
}
EFFECTS: dict[str, Callable[..., None]] = {
    "coin": _coin,
    "enter": _enter,
    "read": lambda env, e: env.__setitem__("read", (*env.get("read", ()), env[e])),
    "pack": lambda env, x: env.__setitem__("packed", (*env.get("packed", ()), env[x])),
}
FORMS: dict[str, Callable[[Any], str]] = {
    "sign": str,  # what stands for nothing in the world
    "key": lambda entry: str(entry.key),
    "value": lambda entry: str(entry.value),
    "bag": lambda things: ", ".join(f"{'an' if str(x)[0] in 'aeiou' else 'a'} {x}" for x in things),
}
