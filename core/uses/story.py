"""What a story states, and whether that can be: read back by the grammar that writes Tinyland's stories.

A story that cannot have been told is read once more by the same grammar with one rule of its world lifted after the
other: the rule whose lifting lets the reading go on furthest is the one that was broken there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from core.text import tinyland
from core.text.tinyland.grammar import Derivation, Env, Grammar
from core.text.tinyland.vocabulary import vocabulary

# A story as far as it has come: whole sentences, any number of events, with or without an ending.
_TELLING = """
telling
  1 | {@opening}
  1 | {@opening} {@meeting}
  1 | {@opening} {@meeting} {@belongings}
  1 | {@opening} {@meeting} {@belongings} {@events}
  1 | {@opening} {@meeting} {@belongings} {@events} {@finish}

finish
  1 | {@ending} | finish

events
  1 | {@event}
  1 | {@event} {@events}
"""
LIFTED = {  # each rule of the world that can be lifted, and what its breach means
    "facts": "what it says of somebody is not so in Tinyland, or nobody knows it",
    "ways": "there is no way between these two places",
    "where": "somebody or something is said to be where it is not",
    "holding": "somebody does something with a thing that they do not have",
    "together": "two people meet, talk or give who are not in the same place, or alone where another is",
    "friends": "these two are no friends in Tinyland",
    "pronouns": "it is not clear whom the pronoun means",
    "things": "a thing is new that was there already, or there are more things than a story has",
}
LONGEST = 3000  # characters


@dataclass(frozen=True)
class Problem:
    """The sentence at characters [start, end) cannot stand there. rule: which it breaks (a key of LIFTED), ""
    where no story has such a sentence at this place. at: the first character that cannot be read."""

    start: int
    end: int
    at: int
    rule: str

    @property
    def why(self) -> str:
        return LIFTED.get(self.rule, "no story of Tinyland says this at this place")


@dataclass(frozen=True)
class Fact:
    """A fact of the world that a story states."""

    subject: str
    relation: str
    value: str
    true: bool


@dataclass(frozen=True)
class Reading:
    """finished: it has an ending. problems: the first breach of each rule, in order; where none is of the rule "", the
    rest was read to its end. people and things: where each is at the end, or who has it."""

    finished: bool
    problems: tuple[Problem, ...]
    facts: tuple[Fact, ...]
    people: tuple[tuple[str, str], ...]
    things: tuple[tuple[str, str], ...]

    @property
    def could_be_told(self) -> bool:
        return not self.problems


def sentences(text: str) -> list[tuple[int, int]]:
    """The characters of each sentence; what is said in quotation marks is part of its sentence."""
    found, start, quoted = [], 0, False
    for i, char in enumerate(text):
        quoted ^= char == '"'
        ends = (char in ".?!" and not quoted) or (char == '"' and not quoted and i and text[i - 1] in ".?!")
        if ends and (i + 1 == len(text) or (text[i + 1] == " " and (i + 2 == len(text) or not text[i + 2].islower()))):
            found.append((start, i + 1))
            start = i + 2
    return [*found, (start, len(text))] if start < len(text) else found


@lru_cache(maxsize=256)
def read(text: str) -> Reading:
    """What a story of whole sentences states; ValueError: too long to be one."""
    text = text.strip()
    if len(text) > LONGEST:
        raise ValueError(f"a story has no more than {LONGEST:,} characters")
    lifted: tuple[str, ...] = ()
    problems: list[Problem] = []
    derivation, at = _derive(text, lifted)
    while derivation is None:
        further = {rule: _derive(text, (*lifted, rule)) for rule in LIFTED if rule not in lifted}
        rule, (found, reached) = max(further.items(), key=lambda one: (one[1][0] is not None, one[1][1]))
        if found is None and reached <= at:
            problems.append(_problem(text, at, ""))
            derivation = _derive(text[: problems[-1].start].rstrip(), lifted)[0]
            break
        problems.append(_problem(text, at, rule))
        lifted, derivation, at = (*lifted, rule), found, reached
    env = derivation.env if derivation else {}
    return Reading("finished" in env, tuple(problems), _facts(env), *_state(env))


def _derive(text: str, lifted: tuple[str, ...]) -> tuple[Derivation | None, int]:
    """A reading of the text when these rules are lifted, and how far it could be read."""
    reached = [0]
    found = next(_grammar(frozenset(lifted)).derivations("telling", text, reached), None) if text else None
    return found, len(text) if found else reached[0]


def _problem(text: str, at: int, rule: str) -> Problem:
    start, end = next(((s, e) for s, e in sentences(text) if at < e), (len(text), len(text)))
    return Problem(start, end, at, rule)


def _facts(env: Env) -> tuple[Fact, ...]:
    known = {(fact.subject, fact.relation, fact.value) for fact in tinyland.WORLD.facts}
    return tuple(
        Fact(s, relation, value, (s, relation, value) in known) for s, relation, value in env.get("claims", ())
    )


def _state(env: Env) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    people = [(str(key[1]), str(place)) for key, place in env.items() if isinstance(key, tuple) and key[0] == "at"]
    things = []
    for thing in env.get("things", ()):
        holder, inside, place = (env.get((word, thing)) for word in ("has", "in", "on"))
        things.append((str(thing), str(holder) if holder else f"in the {inside or place}"))
    return tuple(people), tuple(things)


# -- grammars ----------------------------------------------------------------------------------------------------------


@cache
def _grammar(lifted: frozenset[str]) -> Grammar:
    """Tinyland's grammar, with some rules of its world lifted."""
    words = vocabulary(tinyland.WORLD)
    domains, guards = dict(words.domains), dict(words.guards)
    for rule in lifted:
        new_domains, new_guards = _lifted(rule, words.domains)
        domains |= new_domains
        guards |= new_guards
    effects = words.effects | {"finish": lambda env: env.__setitem__("finished", True)}
    words = replace(words, domains=domains, guards=_some(guards, domains), effects=effects)
    return Grammar(tinyland.patterns() + _TELLING, words)


def _some(guards: dict[str, Callable[..., bool]], domains: dict[str, Callable[..., Any]]) -> dict[str, Any]:
    """The guard that asks whether a domain is empty looks at the domains as they are now."""
    return guards | {"some": lambda env, domain, *args: len(domains[domain](env, *args)) > 0}


def _lifted(rule: str, domains: dict[str, Callable[..., Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The domains and guards without a rule."""
    world = tinyland.WORLD
    always = {"together": lambda *_: True, "apart": lambda *_: True, "company": lambda *_: True}
    anything = lambda *_: world.objects  # noqa: E731
    if rule == "facts":
        values = _values()
        return {"fact": lambda _env, _s, relation: values[relation]}, {"known": lambda *_: True}
    return {
        "ways": ({"nearby": lambda *_: world.places}, {}),
        "where": ({"here": lambda *_: world.places, "thing_here": lambda env, _s: env.get("things", ())}, {}),
        "holding": ({"held": anything, "kept": anything, "thing_here": anything, "keeper": domains["actor"],
                     "holder": lambda env, _x: env["cast"]}, {}),
        "together": ({}, always),
        "friends": ({"friend": lambda env, a: [p for p in world.people if p is not env[a]]}, {}),
        "pronouns": ({}, {"clear": lambda *_: True}),
        "things": ({"new_object": lambda *_: world.objects}, {"room": lambda *_: True}),
    }[rule]  # fmt: skip


@cache
def _values() -> dict[str, list[Any]]:
    """Every value that a relation has for somebody."""
    words = vocabulary(tinyland.WORLD)
    holders, value = words.domains["asked_person"], words.domains["fact"]
    relations = {fact.relation for fact in tinyland.WORLD.known_facts}
    return {r: list(dict.fromkeys(value({"s": one}, "s", r)[0] for one in holders({}, r))) for r in relations}
