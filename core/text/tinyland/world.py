"""The worlds of Tinyland: who lives where, what each town is famous for, and which facts no document ever tells.

`canonical_world()` is the world that the shipped model learns; `small_world()` is tiny, for sums over all documents.
A world carries the word lists it may use, so that a grammar over it never reaches past it. People, towns and regions
compare by identity (cheap as dictionary keys); `str` gives their names.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

from core.text.tinyland import lexicon
from core.text.tinyland.lexicon import Adjective, Noun, Verb

Item = TypeVar("Item")

PEOPLE_PER_GENERATION = (30, 40, 30)
TOWNS_PER_REGION = 5
REGION_COUNT = 8
MAP_COLUMNS = 7
FRIENDS = 3  # to each side: everybody has twice as many
WITHHELD_SHARE = 0.06
WITHHELD_RELATIONS = ("home", "occupation", "food", "specialty", "capital")

# P("she") for a worker without a name. Skewed on purpose: a later page measures how a model picks the skew up.
SHE_RATE: dict[str, float] = {
    "nurse": 0.9, "librarian": 0.9, "dancer": 0.85, "teacher": 0.8, "singer": 0.75, "weaver": 0.75,
    "gardener": 0.65, "baker": 0.6, "beekeeper": 0.6, "poet": 0.6, "photographer": 0.6, "astronomer": 0.55,
    "writer": 0.5, "doctor": 0.5, "painter": 0.5, "cook": 0.5, "musician": 0.5, "inventor": 0.5, "clown": 0.5,
    "dentist": 0.5, "potter": 0.5, "actor": 0.45, "grocer": 0.45, "judge": 0.4, "lawyer": 0.4, "tailor": 0.4,
    "courier": 0.4, "sculptor": 0.4, "juggler": 0.35, "shepherd": 0.35, "magician": 0.3, "clockmaker": 0.3,
    "cobbler": 0.3, "farmer": 0.25, "pilot": 0.25, "barber": 0.2, "engineer": 0.2, "electrician": 0.15,
    "sailor": 0.15, "carpenter": 0.15, "plumber": 0.1, "mechanic": 0.1, "firefighter": 0.1, "blacksmith": 0.1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """One true statement: (subject, relation) determines the value. Values are names or singular words."""

    subject: str
    relation: str
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Town:
    name: str
    region: str
    specialty: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    name: str
    capital: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """Somebody of whom only a name is known: `unknown_people` of a world, who do not exist in it."""

    name: str
    pronoun: str

    def __str__(self) -> str:
        return self.name

    @property
    def object_pronoun(self) -> str:
        return _OBJECT_PRONOUN[self.pronoun]

    @property
    def possessive(self) -> str:
        return _POSSESSIVE[self.pronoun]


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A person of the world; `food` and `colour` are favourites, `animal` is kept, `mother` is a name or None."""

    name: str
    pronoun: str
    occupation: Noun
    home: str
    food: Noun
    colour: str
    animal: Noun
    mother: str | None

    def __str__(self) -> str:
        return self.name

    @property
    def object_pronoun(self) -> str:
        return _OBJECT_PRONOUN[self.pronoun]

    @property
    def possessive(self) -> str:
        return _POSSESSIVE[self.pronoun]


_OBJECT_PRONOUN = {"she": "her", "he": "him"}
_POSSESSIVE = {"she": "her", "he": "his"}


@dataclass(frozen=True, eq=False)
class World:
    """People (eldest first: a mother stands before her children), towns, regions, and the words in use.

    Worlds compare and hash by identity, which makes them cheap keys of a cache.
    """

    people: tuple[Person, ...]
    towns: tuple[Town, ...]
    regions: tuple[Region, ...]
    withheld: frozenset[tuple[str, str]]
    she_rate: dict[str, float]
    unknown_people: tuple[Name, ...]
    unknown_towns: tuple[str, ...]
    objects: tuple[Noun, ...]
    animals: tuple[Noun, ...]
    foods: tuple[Noun, ...]
    places: tuple[Noun, ...]
    containers: tuple[Noun, ...]
    plants: tuple[Noun, ...]
    occupations: tuple[Noun, ...]
    colours: tuple[Adjective, ...]
    adjectives: tuple[Adjective, ...]
    verbs: tuple[Verb, ...]
    feelings: tuple[str, ...]
    actions: tuple[str, ...]
    adverbs: tuple[str, ...]
    weather: tuple[str, ...]
    seasons: tuple[str, ...]
    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    times: tuple[str, ...]
    specialties: tuple[str, ...]
    materials: tuple[str, ...]
    number_words: tuple[str, ...]

    def person(self, name: str) -> Person:
        """The person of that name; KeyError when nobody is called so."""
        return self._people_by_name[name]

    def town(self, name: str) -> Town:
        """The town of that name; KeyError when there is none."""
        return self._towns_by_name[name]

    def region(self, name: str) -> Region:
        """The region of that name; KeyError when there is none."""
        return self._regions_by_name[name]

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """All true statements, withheld ones included: about people, then towns, then regions."""
        return (
            *(fact for person in self.people for fact in _facts_of_person(person)),
            *(Fact(town.name, "region", town.region) for town in self.towns),
            *(Fact(town.name, "specialty", town.specialty) for town in self.towns),
            *(Fact(region.name, "capital", region.capital) for region in self.regions),
        )

    @cached_property
    def known_facts(self) -> tuple[Fact, ...]:
        """The facts that documents may tell."""
        return tuple(fact for fact in self.facts if (fact.subject, fact.relation) not in self.withheld)

    @cached_property
    def ways(self) -> dict[Noun, tuple[Noun, ...]]:
        """The map: for each place, those one step away. They lie on a grid with MAP_COLUMNS columns, row by row."""
        spot = {place: divmod(i, MAP_COLUMNS) for i, place in enumerate(self.places)}
        return {
            here: tuple(there for there, (r, c) in spot.items() if abs(r - row) + abs(c - column) == 1)
            for here, (row, column) in spot.items()
        }

    @cached_property
    def friends(self) -> dict[Person, tuple[Person, ...]]:
        """Who meets whom: the FRIENDS people before and after each in `people`, as if they stood in a circle."""
        count = len(self.people)
        return {
            a: tuple(b for j, b in enumerate(self.people) if 0 < min((i - j) % count, (j - i) % count) <= FRIENDS)
            for i, a in enumerate(self.people)
        }

    def with_she_rate(self, she_rate: dict[str, float]) -> "World":
        """The same world with other pronoun rates; occupations left out keep theirs. ValueError: see `_she_rates`."""
        return replace(self, she_rate=_she_rates(self.occupations, self.she_rate, she_rate))

    @cached_property
    def _people_by_name(self) -> dict[str, Person]:
        return {person.name: person for person in self.people}

    @cached_property
    def _towns_by_name(self) -> dict[str, Town]:
        return {town.name: town for town in self.towns}

    @cached_property
    def _regions_by_name(self) -> dict[str, Region]:
        return {region.name: region for region in self.regions}


def canonical_world(seed: int = 0, she_rate: dict[str, float] | None = None) -> World:
    """100 people, 40 towns and 8 regions, all drawn from `seed` alone; `she_rate` overrides single occupations."""
    rng = random.Random(seed)
    regions, towns = _make_land(rng)
    people = _make_people(rng, towns)
    full = {name: len(words) for name, words in _word_lists().items()}
    world = _assemble(people, towns, regions, full)
    world = replace(world, withheld=_choose_withheld(rng, world.facts))
    return world.with_she_rate(she_rate) if she_rate else world


def small_world() -> World:
    """3 people, 2 towns, 1 region, two words of each kind, nothing withheld: small enough to enumerate."""
    towns = (
        Town("Brindle", "Gooseland", lexicon.SPECIALTIES[0]),
        Town("Otterby", "Gooseland", lexicon.SPECIALTIES[1]),
    )
    job, food, animal = lexicon.OCCUPATIONS[:2], lexicon.FOODS[:2], lexicon.ANIMALS[:2]
    colour = [colour.word for colour in lexicon.COLOURS[:2]]
    people = (
        Person("Ada", "she", job[0], "Brindle", food[0], colour[0], animal[0], None),
        Person("Abel", "he", job[1], "Otterby", food[1], colour[1], animal[1], "Ada"),
        Person("Aiko", "she", job[1], "Brindle", food[1], colour[0], animal[0], "Ada"),
    )
    two_each = dict.fromkeys(_word_lists(), 2)
    return _assemble(people, towns, (Region("Gooseland", "Brindle"),), two_each, unknown=1)


def _make_land(rng: random.Random) -> tuple[tuple[Region, ...], tuple[Town, ...]]:
    region_names = _in_random_order(rng, lexicon.REGION_NAMES)[:REGION_COUNT]
    town_names = _in_random_order(rng, lexicon.TOWN_NAMES)
    specialties = _in_random_order(rng, lexicon.SPECIALTIES)
    towns = tuple(
        Town(town_names[i], region_names[i // TOWNS_PER_REGION], specialties[i])
        for i in range(REGION_COUNT * TOWNS_PER_REGION)
    )
    # The names are shuffled already, so the first town of each region is a random one.
    regions = tuple(Region(town.region, town.name) for town in towns[::TOWNS_PER_REGION])
    return regions, tuple(_in_random_order(rng, towns))


def _make_people(rng: random.Random, towns: Sequence[Town]) -> tuple[Person, ...]:
    count = sum(PEOPLE_PER_GENERATION)
    women = _in_random_order(rng, lexicon.FEMALE_NAMES)[: count // 2]
    men = _in_random_order(rng, lexicon.MALE_NAMES)[: count - count // 2]
    # One woman, one man in turn: every generation is half and half.
    couples = zip(women, men, strict=True)
    names = [name for woman, man in couples for name in (Name(woman, "she"), Name(man, "he"))]
    mothers = _mothers(rng, names)
    homes = _spread_evenly(rng, [town.name for town in towns], count)
    occupations = _spread_evenly(rng, lexicon.OCCUPATIONS, count)
    foods = _spread_evenly(rng, lexicon.FOODS, count)
    colours = _spread_evenly(rng, [colour.word for colour in lexicon.COLOURS], count)
    animals = _spread_evenly(rng, lexicon.ANIMALS, count)
    return tuple(
        Person(names[i].name, names[i].pronoun, occupations[i], homes[i], foods[i], colours[i], animals[i], mothers[i])
        for i in range(count)
    )


def _mothers(rng: random.Random, names: Sequence[Name]) -> list[str | None]:
    """For each person, eldest first, a woman of the generation before, or None in the eldest generation."""
    mothers: list[str | None] = [None] * PEOPLE_PER_GENERATION[0]
    start = 0
    for elders, children in pairwise(PEOPLE_PER_GENERATION):
        women = [person.name for person in names[start : start + elders] if person.pronoun == "she"]
        mothers += _spread_evenly(rng, women, children)
        start += elders
    return mothers


def _choose_withheld(rng: random.Random, facts: Sequence[Fact]) -> frozenset[tuple[str, str]]:
    """About WITHHELD_SHARE of the facts of each relation (at least one), never two of one subject."""
    chosen: dict[str, str] = {}
    for relation in WITHHELD_RELATIONS:
        subjects = [fact.subject for fact in facts if fact.relation == relation]
        wanted = max(1, round(WITHHELD_SHARE * len(subjects)))
        free = [subject for subject in _in_random_order(rng, subjects) if subject not in chosen]
        chosen.update(dict.fromkeys(free[:wanted], relation))
    return frozenset(chosen.items())


def _facts_of_person(person: Person) -> list[Fact]:
    values = {
        "home": person.home,
        "occupation": person.occupation.singular,
        "food": person.food.singular,
        "colour": person.colour,
        "animal": person.animal.singular,
        "mother": person.mother,
    }
    return [Fact(person.name, relation, value) for relation, value in values.items() if value is not None]


def _assemble(
    people: Sequence[Person],
    towns: Sequence[Town],
    regions: Sequence[Region],
    sizes: dict[str, int],
    unknown: int | None = None,
) -> World:
    """A world with nothing withheld, the first `sizes[field]` words of each list, the default pronoun rates."""
    words = {name: entries[: sizes[name]] for name, entries in _word_lists().items()}
    strangers = (
        *(Name(name, "she") for name in lexicon.UNKNOWN_FEMALE_NAMES[:unknown]),
        *(Name(name, "he") for name in lexicon.UNKNOWN_MALE_NAMES[:unknown]),
    )
    return World(
        people=tuple(people),
        towns=tuple(towns),
        regions=tuple(regions),
        withheld=frozenset(),
        she_rate=_she_rates(words["occupations"], SHE_RATE, {}),
        unknown_people=strangers,
        unknown_towns=lexicon.UNKNOWN_TOWN_NAMES[:unknown],
        **words,
    )


def _word_lists() -> dict[str, tuple[Any, ...]]:
    """The full list for each word field of World."""
    names = (field.name for field in fields(World))
    return {name: getattr(lexicon, name.upper()) for name in names if hasattr(lexicon, name.upper())}


def _she_rates(occupations: Sequence[Noun], base: dict[str, float], override: dict[str, float]) -> dict[str, float]:
    """`base` with `override` for exactly these occupations. ValueError: an unknown occupation, a rate not in [0, 1]."""
    names = [occupation.singular for occupation in occupations]
    for name, rate in override.items():
        if name not in names:
            raise ValueError(f"No occupation {name!r} in this world; there are: {', '.join(names)}.")
        if not 0.0 <= rate <= 1.0:
            raise ValueError(f"P(she) of {name!r} must lie between 0 and 1, not {rate}.")
    return {name: override.get(name, base[name]) for name in names}


def _in_random_order(rng: random.Random, items: Sequence[Item]) -> list[Item]:
    shuffled = list(items)
    rng.shuffle(shuffled)
    return shuffled


def _spread_evenly(rng: random.Random, items: Sequence[Item], count: int) -> list[Item]:
    """`count` items in random order, each used as often as any other, give or take one."""
    spread: list[Item] = []
    while len(spread) < count:
        spread += _in_random_order(rng, items)
    return _in_random_order(rng, spread[:count])
