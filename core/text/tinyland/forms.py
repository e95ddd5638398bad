"""How a value is written: FORMS maps the form named in a pattern, `{x:a}`, to a function from value to text."""

from collections.abc import Callable
from typing import Any

from core.text.tinyland import lexicon


def with_article(value: object) -> str:
    word = str(value)
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


FORMS: dict[str, Callable[[Any], str]] = {
    "": str,
    "a": with_article,
    "A": lambda v: _capital(with_article(v)),
    "Cap": lambda v: _capital(str(v)),
    "pl": lambda v: v.plural,
    "Pl": lambda v: _capital(v.plural),
    "inv": lambda v: v.invented,
    "Inv": lambda v: _capital(v.invented),
    "s": lambda v: v.present,
    "sub": lambda v: v.pronoun,
    "Sub": lambda v: "She" if v.pronoun == "she" else "He",
    "obj": lambda v: v.object_pronoun,
    "pos": lambda v: v.possessive,
    "Pos": lambda v: "Her" if v.pronoun == "she" else "His",
    "She": lambda _: "She",
    "He": lambda _: "He",
    "word": lambda n: lexicon.NUMBER_WORDS[n],
    "question": lambda r: f"{r.actor} {r.deed}",
    "clause": lambda r: f"{r.who.pronoun} {r.why}",
    "claim": lambda r: r.why,
    "who": lambda r: str(r.who),
    "thing": lambda g: str(g.thing),
    "receiver": lambda g: str(g.receiver),
    "giver": lambda g: str(g.giver),
}
PRONOUN_FORMS = frozenset({"sub", "Sub", "obj", "pos", "Pos", "She", "He", "clause"})
