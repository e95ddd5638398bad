r"""What is a letter? tiktoken and `regex` carry tables of Unicode of different years: here tiktoken's decides.

A pattern such as `\p{L}+` cuts a text alike in both only if both hold the same characters for letters. `regex` knows
17,000 younger ones that tiktoken does not, U+323B0 for example: a text with them would be trained on and replayed in
other chunks than those in which it is encoded. So tiktoken is asked of each character that comes along, once, in which
of the pattern's classes it is; and one that `regex` would class otherwise is replaced, before `regex` sees the text, by
a character that both class as tiktoken does. The text keeps its length, so what is cut is still the text itself.

>>> as_tiktoken_reads("a\U000323b0b", r"\p{L}+|\P{L}")
'a€b'
"""

import threading
from functools import lru_cache

import regex
import tiktoken

_CLASSES = regex.compile(r"\\(?:[pP](?:\{[^}]*\}|[A-Z])|[wWdDsS])|\(\?i")
MOST_KNOWN = 200_000  # characters that are remembered: more than any text needs that is not made to need them
_BYTES = {bytes([byte]): byte for byte in range(256)}
# Of every kind a character that is old and that no pattern spells out; the likeliest first.
_STAND_INS = "€中жЖʰǅ²٠Ⅷ\u0301\u0903\u20dd\u3000‿—「」‹›^\u200b\ue000"


def as_tiktoken_reads(text: str, pattern: str) -> str:
    """The text for `regex` to cut by the pattern: each of its characters is in the classes in which tiktoken has it."""
    return text if text.isascii() else _reading_of(pattern).read(text)


@lru_cache(maxsize=32)
def _reading_of(pattern: str) -> "_Reading":
    found = (r"(?i:[a-z])" if name == "(?i" else name for name in _CLASSES.findall(pattern))
    return _Reading(tuple(dict.fromkeys(found)))


class _Reading:
    """What is known, for the classes of one pattern, of the characters that have come along."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.lock = threading.Lock()
        self.known: frozenset[str] = frozenset()
        self.replaced: dict[str, str] = {}
        self.theirs = [
            tiktoken.Encoding(name, pat_str=name, mergeable_ranks=_BYTES, special_tokens={}) for name in classes
        ]
        self.ours = [regex.compile(name) for name in classes]
        theirs, ours = self._members(_STAND_INS)
        agreed = [char for char in _STAND_INS if _signs(char, theirs) == _signs(char, ours)]
        self.stand_ins = {_signs(char, theirs): char for char in reversed(agreed)}

    def read(self, text: str) -> str:
        present = frozenset(text)
        if not present <= self.known:
            self._learn(present)
        replaced = self.replaced
        odd = present & replaced.keys()
        return text.translate({ord(char): replaced[char] for char in odd}) if odd else text

    def _learn(self, characters: frozenset[str]) -> None:
        with self.lock:
            fresh = "".join(characters - self.known)
            theirs, ours = self._members(fresh)
            differing = set().union(*(one ^ other for one, other in zip(theirs, ours, strict=True)))
            self.replaced = self.replaced | {char: self.stand_ins.get(_signs(char, theirs), char) for char in differing}
            self.known = characters if len(self.known) > MOST_KNOWN else self.known | characters

    def _members(self, text: str) -> tuple[list[set[str]], list[set[str]]]:
        """The characters of the text that are in each class: by tiktoken, which encodes what a pattern matches and
        passes over the rest, and by `regex`."""
        theirs = [set(one.decode(one.encode_ordinary(text))) for one in self.theirs]
        return theirs, [set(one.findall(text)) for one in self.ours]


def _signs(char: str, classes: list[set[str]]) -> tuple[bool, ...]:
    return tuple(char in members for members in classes)
