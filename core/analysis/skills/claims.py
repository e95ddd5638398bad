"""The facts that a text states, true or not: read by Tinyland's grammar where everyone may be said to live anywhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from core.text import tinyland
from core.text.tinyland.grammar import Env, Grammar
from core.text.tinyland.vocabulary import vocabulary

Claim = tuple[str, str, str]  # subject, relation, value
TOGETHER = 4  # sentences that may be about the same person
STATEMENT = """
statement
  4 | {s=described_person:-}{@person_fact}
  2 | {s=described_person:-}{@person_fact} {@person_fact}
  1 | {@entry}
"""
_SENTENCE = re.compile(r"[^\s.!?][^\n.!?]*[.!?]")


@cache
def _credulous() -> Grammar:
    """Tinyland's grammar, but everyone may be said to live anywhere: it reads what is well formed and untrue."""
    words = vocabulary(tinyland.WORLD)
    holders, value = words.domains["asked_person"], words.domains["fact"]
    relations = {fact.relation for fact in tinyland.WORLD.facts}
    values = {r: list(dict.fromkeys(value({"s": x}, "s", r)[0] for x in holders({}, r))) for r in relations}

    def new(env: Env, s: str, relation: str) -> bool:
        return all(claim[:2] != (str(env[s]), relation) for claim in env.get("claims", ()))

    world = tinyland.WORLD
    domains = words.domains | {
        "fact": lambda _env, _person, relation: values[relation],
        "resident": lambda *_: world.people,
        "town_of": lambda *_: world.towns,
        "described_person": lambda _: world.people,
        "described_town": lambda _: world.towns,
        "described_region": lambda _: world.regions,
    }
    return Grammar(
        tinyland.patterns() + STATEMENT, replace(words, domains=domains, guards=words.guards | {"known": new})
    )


def claims(text: str) -> tuple[bool, tuple[tuple[str, str, str], ...]]:
    """(whether Tinyland's grammar can write this text, the facts that it states). A well-formed text with a false
    fact cannot be written, but its facts are read all the same; a text that is not well formed states none."""
    parse = tinyland.parse(text)
    if parse.ok:
        return True, parse.claims
    for kind in tinyland.KINDS:
        for derivation in _credulous().derivations(kind, text):
            return False, derivation.env.get("claims", ())
    return False, ()


@dataclass(frozen=True, slots=True)
class Statement:
    """text[start:end] states facts of the world, true or not."""

    start: int
    end: int
    claims: tuple[Claim, ...]


def statements(text: str) -> Iterator[Statement]:
    """The sentences of a text that state facts, those that hang together by a pronoun as one; all else is left out."""
    for line in re.finditer(r"[^\n]+", text):
        sentences = [(line.start() + s.start(), line.start() + s.end()) for s in _SENTENCE.finditer(line[0])]
        first = 0
        while first < len(sentences):
            start, found = sentences[first][0], None
            for _, end in sentences[first : first + TOGETHER]:  # one more, as long as all of them can be read
                read = next(_credulous().derivations("statement", text[start:end]), None)
                if read is None:
                    break
                first, found = first + 1, Statement(start, end, read.env.get("claims", ()))
            if found:
                yield found
            else:
                first += 1
