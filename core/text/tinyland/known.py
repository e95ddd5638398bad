"""The words that Tinyland has: whatever else stands in a text, its model has never read."""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any

from core.text import tinyland
from core.text.tinyland.coined import CLOSED, NAME_SHAPES, SYLLABLES, Shapes

_TABLES = ("lexicon", "forms", "vocabulary", "world", "reference", "birthdays", "games", "chats")
_NONSENSE = ((SYLLABLES,), (CLOSED,), (SYLLABLES, SYLLABLES), (CLOSED, SYLLABLES))
_MADE_UP = Shapes((*NAME_SHAPES, *_NONSENSE))  # no list holds the millions
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def unknown_words(text: str) -> list[str]:
    """The words of `text` that no document of Tinyland has, each once, in order; numbers and signs are no words.
    A plural or possessive of a known word is known."""
    words = dict.fromkeys(_WORD.findall(text))
    return [word for word in words if word[0].isalpha() and not _is_known(word)]


def _is_known(word: str) -> bool:
    word = word.replace("’", "'").removesuffix("'s")
    said = word.lower()
    return said in known_words() or said.removesuffix("s") in known_words() or any(_MADE_UP.read(word, 0))


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Every word of the grammar's patterns and of the tables behind them, in lower case."""
    tables = [vars(import_module(f"core.text.tinyland.{name}")) for name in _TABLES]
    values = [value for table in tables for name, value in table.items() if name.strip("_").isupper()]
    return frozenset(word.lower() for text in (tinyland.patterns(), *_strings(values)) for word in _words(text))


def _words(text: str) -> Iterator[str]:
    """Whole words, and what their parts are where a sign joins them."""
    for word in _WORD.findall(text):
        yield word
        yield from re.split(r"['’-]", word)


def _strings(values: Iterable[Any]) -> Iterator[str]:
    """Every string within nested tuples, tables and records; a noun or a verb brings all its forms."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from _strings([*value.keys(), *value.values()])
        elif dataclasses.is_dataclass(value):
            yield from _strings(getattr(value, field.name) for field in dataclasses.fields(value))
        elif isinstance(value, Iterable):
            yield from _strings(value)
