"""What the names in the pattern files mean: domains to pick from, guards, effects on the state, and written forms.

State, beside the variables: ("at", person) -> place; ("has", thing) -> person; ("on", thing) -> place;
("in", thing) -> container; "cast" -> the two people; "things" -> the things met so far; "last" -> who was named last;
"alone", if nobody else was there at first; "claims" -> the facts stated so far; "reasons" and "gifts" -> what was done,
and why.
Effects give the state new values and never change one in place: a parser follows several states at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from core.text.tinyland import birthdays, chats, coined, games, lexicon, reference
from core.text.tinyland.forms import FORMS
from core.text.tinyland.grammar import Env, Vocabulary
from core.text.tinyland.lexicon import Noun
from core.text.tinyland.world import Person, World

MAX_ADDEND, MAX_FACTOR = 30, 10  # the range of numbers that arithmetic is taught on
FUNCTION_NAMES = ("grow", "shrink", "twist", "mix", "bake", "step", "jump", "fold")
PARAMETER_NAMES = ("x", "n", "k", "a")


@dataclass(frozen=True, eq=False)
class Category:
    name: str
    items: tuple[Any, ...]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False)
class Reason:
    """Why something was done: `who` "was tired", so `actor` did `deed` ("go to the park")."""

    actor: Person
    deed: str
    who: Person
    why: str


@dataclass(frozen=True, eq=False)
class Gift:
    giver: Person
    thing: Noun
    receiver: Person


MOVE_REASONS = (
    "was tired", "was bored", "wanted to be alone", "had lost a shoe", "heard music there", "was late for lunch",
    "needed some fresh air", "missed the old days", "smelled something sweet", "had an idea", "wanted to rest",
    "hoped for an adventure", "was too hot", "was looking for a friend", "had to think",
)  # fmt: skip
GIVER_REASONS = (
    "had two of them", "was kind", "did not need it", "liked to share", "was moving away", "wanted to say sorry",
    "had no time for it", "was grateful",
)  # fmt: skip
RECEIVER_REASONS = (
    "had asked for it", "had a birthday", "looked lonely", "had never had one", "needed it", "was ill in bed",
    "had won the bet", "would take good care of it",
)  # fmt: skip


# -- the state -----------------------------------------------------------------------------------------------------


def _other(env: Env, person: Person) -> Person:
    a, b = cast(tuple[Person, Person], env["cast"])
    return b if person is a else a


def _things(env: Env) -> tuple[Noun, ...]:
    return cast(tuple[Noun, ...], env.get("things", ()))


def _held(env: Env, s: str) -> list[Noun]:
    person = env[s]
    return [x for x in env.get("things", ()) if env.get(("has", x)) is person]


def _things_held(env: Env) -> list[Noun]:
    return [x for x in _things(env) if env.get(("has", x))]


def _loose(env: Env) -> list[Noun]:
    return [x for x in _things(env) if env.get(("has", x)) is None]


def _own(env: Env, s: str, x: str) -> None:
    thing = env[x]
    env["has", thing] = env[s]
    env["in", thing] = None
    if thing not in _things(env):
        env["things"] = (*_things(env), thing)


def _lie(env: Env, x: str, place: str) -> None:
    env["things"] = (*_things(env), env[x])
    env["on", env[x]] = env[place]


def _drop(env: Env, s: str, x: str) -> None:
    env["has", env[x]] = None
    env["on", env[x]] = env["at", env[s]]


def _give(env: Env, s: str, x: str, o: str) -> None:
    env["has", env[x]] = env[o]
    env["gifts"] = (*env.get("gifts", ()), Gift(env[s], env[x], env[o]))


def _says(env: Env, s: str) -> None:
    env["last"], env["solo"] = env[s], True


def _clear(env: Env, s: str) -> bool:
    """A pronoun for `s` would have one possible referent."""
    if env.get("last") is not env[s]:
        return False
    return bool(env["solo"] or _other(env, env[s]).pronoun != env[s].pronoun)


def _remember_move(env: Env, s: str, p: str, r: str) -> None:
    _reason(env, Reason(env[s], f"go to the {env[p]}", env[s], env[r]))


def _remember_gift(env: Env, s: str, x: str, o: str, who: str, r: str) -> None:
    _reason(env, Reason(env[s], f"give the {env[x]} to {env[o]}", env[who], env[r]))


def _reason(env: Env, reason: Reason) -> None:
    env["reasons"] = (*env.get("reasons", ()), reason)


def _claim(env: Env, s: str, relation: str, v: str) -> None:
    env["claims"] = (*env.get("claims", ()), (str(env[s]), relation, str(env[v])))


def _not_yet_asked(env: Env, values: Sequence[Any], kind: str) -> list[Any]:
    return [v for v in values if ("asked", v, kind) not in env]


def _alone(values: Sequence[Any], same: Callable[[Any, Any], bool]) -> list[Any]:
    """Those that no other equals in the sense of `same`: a question about them has one answer."""
    return [v for v in values if sum(same(v, w) for w in values) == 1]


COMPUTE: dict[str, Callable[[Env, int], int]] = {
    "plus": lambda env, x: x + env["y"],
    "times": lambda env, x: x * env["y"],
    "square": lambda env, x: x * x,
    "double": lambda env, x: x + x,
    "same": lambda env, x: x,
    "affine": lambda env, x: x * env["k"] + env["y"],
}


def _others(values: Sequence[Any]) -> dict[Any, tuple[Any, ...]]:
    """For each value, all the others: looked up, because leaving one out anew at every choice is slow."""
    return {left_out: tuple(v for v in values if v is not left_out) for left_out in values}


def vocabulary(world: World, register: birthdays.Register = birthdays.Register()) -> Vocabulary:  # noqa: B008 (frozen)
    """The meanings, in a given world; the register tells how often birthdays are told."""
    w = world
    nouns = (*w.objects, *w.foods, *w.animals)
    describing = (*w.adjectives, *w.colours)
    other_objects, other_nouns, other_animals = map(_others, (w.objects, nouns, w.animals))
    colour = {c.word: c for c in w.colours}
    fact: dict[tuple[str, str], Any] = {}
    for f in w.known_facts:
        fact[f.subject, f.relation] = f.value
    for person in w.people:  # people's facts point at words and people, not at strings
        for relation in ("food", "occupation", "animal"):
            if (person.name, relation) in fact:
                fact[person.name, relation] = getattr(person, relation)
        if (person.name, "colour") in fact:
            fact[person.name, "colour"] = colour[person.colour]
        if person.mother and (person.name, "mother") in fact:
            fact[person.name, "mother"] = w.person(person.mother)
    residents = {
        t.name: [p for p in w.people if p.home == t.name and (p.name, "home") in fact] for t in w.towns
    }  # fmt: skip
    subjects: tuple[Any, ...] = (*w.people, *w.towns, *w.regions)
    with_fact = {
        relation: [s for s in subjects if (s.name, relation) in fact]
        for relation in ("home", "occupation", "food", "colour", "animal", "mother", "specialty", "region", "capital")
    }
    region_towns = {
        r.name: [t for t in w.towns if t.region == r.name and t.name != r.capital and (t.name, "region") in fact]
        for r in w.regions
    }
    per_person = {p: sum((p.name, r) in fact for r in ("home", "occupation", "food", "colour", "animal", "mother"))
                  for p in w.people}  # fmt: skip
    described_people = [p for p in w.people if per_person[p] >= 4]
    described_towns = [
        t for t in w.towns
        if ((t.name, "specialty") in fact) + ((t.name, "region") in fact) + len(residents[t.name]) >= 2
    ]  # fmt: skip
    described_regions = [r for r in with_fact["capital"] if region_towns[r.name]]
    categories = tuple(
        Category(name, items)
        for name, items in (
            ("objects", w.objects), ("animals", w.animals), ("foods", w.foods), ("places", w.places),
            ("colours", w.colours), ("plants", w.plants), ("jobs", w.occupations), ("containers", w.containers),
        )
    )  # fmt: skip
    cycles = (lexicon.WEEKDAYS, lexicon.MONTHS, lexicon.SEASONS)
    following = {x: c[(i + 1) % len(c)] for c in cycles for i, x in enumerate(c)}
    preceding = {after: before for before, after in following.items()}

    sorts = {"food": w.foods, "animal": w.animals, "object": w.objects, "colour": w.colours}

    def new_object(env: Env) -> Sequence[Noun]:
        things = _things(env)
        return other_objects[things[0]] if len(things) == 1 else [o for o in w.objects if o not in things]

    def unclaimed_residents(env: Env, s: str) -> list[Person]:
        said = env.get("claims", ())
        return [p for p in residents[env[s].name] if (p.name, "home", env[s].name) not in said]

    def is_known(env: Env, s: str, relation: str) -> bool:
        subject = env[s].name
        return (subject, relation) in fact and all(c[:2] != (subject, relation) for c in env.get("claims", ()))

    domains: dict[str, Callable[..., Sequence[Any]]] = {
        # words of the world
        "person": lambda env: w.people,
        "friend": lambda env, a: w.friends[env[a]],
        "native": lambda env: with_fact["home"],
        "place": lambda env: w.places,
        "nearby": lambda env, s: w.ways[env["at", env[s]]],
        "object": lambda env: w.objects,
        "wish": lambda env: w.objects,
        "other_object": lambda env, x: other_objects[env[x]],
        "new_object": new_object,
        "animal": lambda env: w.animals,
        "other_animal": lambda env, z: other_animals[env[z]],
        "food": lambda env: w.foods,
        "container": lambda env: w.containers,
        "plant": lambda env: w.plants,
        "occupation": lambda env: w.occupations,
        "adjective": lambda env: w.adjectives,
        "colour": lambda env: w.colours,
        "describing": lambda env: describing,
        "verb": lambda env: w.verbs,
        "noun": lambda env, n: other_nouns[env[n]],
        "thing_noun": lambda env: nouns,
        "feeling": lambda env: w.feelings,
        "new_feeling": lambda env, f: [x for x in w.feelings if x != env[f]],
        "action": lambda env: w.actions,
        "adverb": lambda env: w.adverbs,
        "weather": lambda env: w.weather,
        "material": lambda env: lexicon.MATERIALS,
        "town": lambda env: w.towns,
        "time": lambda env: lexicon.TIMES,
        "season": lambda env: lexicon.SEASONS,
        "month": lambda env: lexicon.MONTHS,
        "weekday": lambda env: lexicon.WEEKDAYS,
        "category": lambda env: categories,
        "item": lambda env: [x for x in env["c"].items if all(env.get(v) is not x for v in "ijkl")],
        "next": lambda env, d: [following[env[d]]],
        "previous": lambda env, d: [preceding[env[d]]],
        # the story so far
        "actor": lambda env: env["cast"],
        "other": lambda env, s: [_other(env, env[s])],
        "here": lambda env, s: [env["at", env[s]]],
        "left": lambda env, x: [env.get(("in", env[x])) or env["on", env[x]]],
        "holder": lambda env, x: [env["has", env[x]]],
        "held": _held,
        "thing_here": lambda env, s: [x for x in _loose(env) if env["on", x] is env["at", env[s]]],
        "kept": _things_held,
        "keeper": lambda env: [p for p in env["cast"] if any(env.get(("has", x)) is p for x in _things(env))],
        "move_reason": lambda env: MOVE_REASONS,
        "giver_reason": lambda env: GIVER_REASONS,
        "receiver_reason": lambda env: RECEIVER_REASONS,
        # questions that the story answers
        "ask_person": lambda env: _not_yet_asked(env, env["cast"], "at"),
        "ask_holder": lambda env: _not_yet_asked(env, _things_held(env), "holder"),
        "ask_free": lambda env: _not_yet_asked(env, _loose(env), "holder"),
        "ask_carried": lambda env: _not_yet_asked(env, _things_held(env), "where"),
        "ask_lying": lambda env: _not_yet_asked(env, _loose(env), "where"),
        "ask_reason": lambda env: _not_yet_asked(
            env, _alone(env.get("reasons", ()), lambda r, q: (r.actor, r.deed) == (q.actor, q.deed)), "why"
        ),
        "ask_who": lambda env: _not_yet_asked(env, _alone(env.get("reasons", ()), lambda r, q: r.why == q.why), "who"),
        "ask_gift": lambda env: _not_yet_asked(
            env, _alone(env.get("gifts", ()), lambda g, h: (g.thing, g.receiver) == (h.thing, h.receiver)), "gift"
        ),
        # facts
        "fact": lambda env, s, relation: [fact[env[s].name, relation]],
        "described_person": lambda env: described_people,
        "described_town": lambda env: described_towns,
        "described_region": lambda env: described_regions,
        "resident": unclaimed_residents,
        "town_of": lambda env, s: region_towns[env[s].name],
        "asked_person": lambda env, relation: with_fact[relation],
        "asked_town": lambda env, relation: with_fact[relation],
        "asked_region": lambda env: with_fact["capital"],
        "noun_to_say": lambda env: nouns,
        "sorted": lambda env: sorts[env["sort"]],
        "unlisted": lambda env: coined.not_in_column(env, w.people, "key"),
        "unlisted_noun": lambda env: coined.not_in_column(env, nouns, "value"),
        **coined.DOMAINS,
        **games.DOMAINS,
        **birthdays.DOMAINS,
        **chats.DOMAINS,
        **reference.domains(w),
        # numbers
        "number": lambda env: range(2, 101),
        "small_number": lambda env: range(2, 13),
        "addend": lambda env: range(MAX_ADDEND + 1),
        "up_to": lambda env, x: range(env[x] + 1),
        "factor": lambda env: range(MAX_FACTOR + 1),
        "plural_number": lambda env: range(2, MAX_ADDEND + 1),
        "small": lambda env: range(2, MAX_FACTOR + 1),
        "eaten": lambda env, x: range(1, env[x] + 1),
        "older": lambda env, x: range(env[x] + 1, env[x] + 11),
        "plus": lambda env, x, y: [env[x] + env[y]],
        "minus": lambda env, x, y: [env[x] - env[y]],
        "times": lambda env, x, y: [env[x] * env[y]],
        "countable": lambda env: range(10),
        "plus_one": lambda env, n: [env[n] + 1],
        "function": lambda env: FUNCTION_NAMES,
        "parameter": lambda env: PARAMETER_NAMES,
        "argument": lambda env: range(11),
        "other_argument": lambda env, x: [n for n in range(11) if n != env[x]],
        "constant": lambda env: range(1, 10),
        "two_to_four": lambda env: range(2, 5),
        "computed": lambda env: [COMPUTE[env["compute"]](env, env["x"])],
    }
    guards: dict[str, Callable[..., bool]] = {
        "some": lambda env, domain, *args: len(domains[domain](env, *args)) > 0,
        "together": lambda env, s: env["at", env[s]] is env["at", _other(env, env[s])],
        "apart": lambda env, s: env["at", env[s]] is not env["at", _other(env, env[s])],
        "company": lambda env: "alone" not in env,
        "room": lambda env: len(_things(env)) < 3,
        "clear": _clear,
        "known": is_known,
        "unnamed": lambda env, s: ("named", env[s]) not in env,
        "already": lambda env, s: ("named", env[s]) in env,
        "styled": lambda env, style: env["style"] == style,
        "not_style": lambda env, style: env["style"] != style,
        "about": lambda env, topic: env["topic"] == topic,
        "shaped": lambda env, shape: env["shape"] == shape,
    }
    effects = EFFECTS | coined.EFFECTS | games.EFFECTS | reference.EFFECTS
    spaces = coined.SPACES | games.SPACES | birthdays.spaces(register)
    weights = _weights(world) | birthdays.weights(register) | chats.WEIGHTS
    return Vocabulary(domains, spaces, guards | chats.GUARDS, effects, FORMS | coined.FORMS | chats.FORMS, weights)


def _weights(world: World) -> dict[str, Callable[[Env], float]]:
    return {
        "she": lambda env: world.she_rate[env["i"].singular],
        "he": lambda env: 1 - world.she_rate[env["i"].singular],
    }


def _set(key: str) -> Callable[[Env, str], None]:
    return lambda env, value: env.__setitem__(key, value)


EFFECTS: dict[str, Callable[..., None]] = {
    "go": lambda env, s, p: env.__setitem__(("at", env[s]), env[p]),
    "cast": lambda env, a, b: env.__setitem__("cast", (env[a], env[b])),
    "own": _own,
    "lie": _lie,
    "drop": _drop,
    "inside": lambda env, x, c: env.__setitem__(("in", env[x]), env[c]),
    "give": _give,
    "moved": _remember_move,
    "gave": _remember_gift,
    "says": _says,
    "both": lambda env: env.__setitem__("solo", False),
    "alone": lambda env: env.__setitem__("alone", True),
    "hush": lambda env: env.__setitem__("last", None),
    "claim": _claim,
    "named": lambda env, s: env.__setitem__(("named", env[s]), True),
    "asked": lambda env, y, kind="at": env.__setitem__(("asked", env[y], kind), True),
    "sort": _set("sort"),
    "style": _set("style"),
    "topic": _set("topic"),
    "shape": _set("shape"),
    "compute": _set("compute"),
}
