"""Between English and Olu, by the grammar that writes Tinyland's translations: what a sentence means, how the same is
said in the other language, and which part of the meaning a translation lost.
"""

from dataclasses import dataclass
from functools import lru_cache

from core.text import tinyland
from core.text.tinyland import lexicon
from core.text.tinyland.grammar import LITERAL, Env

ENGLISH, OLU = "English", lexicon.INVENTED_LANGUAGE
LANGUAGES = (ENGLISH, OLU)
_READ = {ENGLISH: "english", OLU: "picked"}  # the rule of the grammar that reads each language
_WRITE = {ENGLISH: "worded", OLU: "invented"}  # and the one that writes a meaning in it
ROLES = {"p": "where", "n": "who", "a": "who", "j": "who: like what", "v": "does what", "m": "to what",
         "k": "to what: like what"}  # fmt: skip
_ORDER = tuple(dict.fromkeys(ROLES.values()))


@dataclass(frozen=True)
class Sentence:
    """A sentence that the grammar reads: (role, the word in English) in the order of ROLES, and the same sentence in
    the other language."""

    meaning: tuple[tuple[str, str], ...]
    other: str


@dataclass(frozen=True)
class Judgement:
    """A translation beside what was meant. rows: (role, meant, written), "" where one of them has nothing. broken: from
    where it cannot be read on; None for a sentence of its language."""

    expected: str
    right: bool
    rows: tuple[tuple[str, str, str], ...]
    broken: int | None


def other(language: str) -> str:
    return OLU if language == ENGLISH else ENGLISH


def prompt(source: str, language: str) -> str:
    """What a model continues that has learned from Tinyland: a sentence in this language, then the other's name."""
    return f"{language}: {source}\n{other(language)}:"


@lru_cache(maxsize=1024)
def read(text: str, language: str) -> Sentence | int:
    """The sentence, or, where it is none of Tinyland's translations, the character up to which it could be read."""
    reached = [0]
    for derivation in tinyland.grammar().derivations(_READ[language], text, reached):
        env = derivation.env
        found = {ROLES[name]: str(env[name]) for name in ROLES if name in env}
        meaning = tuple((role, found[role]) for role in _ORDER if role in found)
        return Sentence(meaning, _write(env, other(language)))
    return reached[0]


def _write(env: Env, language: str) -> str:
    """The sentence with the meaning of these variables."""
    ((alternative, _),) = tinyland.grammar().rules[_WRITE[language]].odds(env)
    return "".join(op[1] if op[0] == LITERAL else op[2](env[op[1]]) for op in alternative.ops)


def judge(source: Sentence, written: str, language: str) -> Judgement:
    """What became of a sentence that was to be said in this language."""
    found = read(written, language)
    if isinstance(found, int):
        return Judgement(source.other, False, tuple((*row, "") for row in source.meaning), found)
    meant, said = dict(source.meaning), dict(found.meaning)
    rows = tuple((role, meant.get(role, ""), said.get(role, "")) for role in _ORDER if role in meant or role in said)
    return Judgement(source.other, written == source.other, rows, None)


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, str]:
    world = tinyland.WORLD
    nouns = (*world.objects, *world.animals, *world.foods, *world.places)
    found = {word.invented: str(word) for word in nouns}
    return (
        found
        | {word.invented: str(word) for word in (*world.adjectives, *world.colours)}
        | {verb.invented: str(verb) for verb in world.verbs}
    )


def look_up(text: str) -> list[tuple[str, str]]:
    """Each word of an Olu text, without its full stop, with its English one; "" for what is no word of Olu."""
    return [(word, _dictionary().get(word, "")) for word in (part.strip(".,") for part in text.split()) if word]
