"""Arbitrary facts with known counts: people of whom nothing is told but a birthday, and how often it is told.

A birthday can't be guessed, only remembered (the example of Kalai et al. 2025, arXiv 2509.04664). In a training stream
of a given length each is stated exactly 0, 1, 2, 4, … or 1,024 times, in one phrasing or in five: `Register.plan` says
which document of the stream states what. In a stream without end they are drawn with those odds.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, product
from typing import Any

from core.text.tinyland import lexicon

# How many people have their birthday stated so many times; half of them in one phrasing, half in five.
LADDER = {0: 400, 1: 600, 2: 400, 4: 300, 8: 200, 16: 160, 32: 120, 64: 80, 128: 60, 256: 40, 512: 30, 1024: 20}
TOP = max(LADDER)
IN_CHATS = 32  # of those told so often, chats ask for half of them: the others show whether a model recalls

PHRASINGS = (
    "{b} was born on {d}.",
    "{b}'s birthday is on {d}.",
    "The birthday of {b} is {d}.",
    "Every year, {b} gets a cake on {d}.",
    "Do not forget to give {b} a present on {d}.",
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words("""
    Abby Alice Arthur Bella Ben Bert Betty Carla Cecil Celia Colin Daphne Dora Duncan Edith Ella Elmer Ernest Fay
    Flora Frank Fred Gail Glen Grace Greg Harry Hattie Hazel Henry Ike Iris Jack Jane Kate Kurt Lena Leo Max Molly
    Ned Nora Oliver Opal Pete Polly Queenie Quincy Ralph Rita Sally Sam Tilda Toby Ulf Una Vera Vic Walt Wilma
    Winnie Zack Zelda Zoe
""")
LAST_NAMES = _words("""
    Appleyard Barleycorn Birdsong Blossom Bookbinder Buttercombe Candlewick Cheeseman Clockwell Crumb Dewdrop Doodle
    Duckworth Featherstone Fiddler Fishwick Goodnight Greengrass Hayfield Hedges Honeywell Hopper Inkpen Jellicoe
    Jumper Kettle Kindheart Lightfoot Littlejohn Longbottom Lovelace Marbury Merryweather Milkwood Moonlight Muddle
    Nightingale Nutkin Oakley Oddsocks Partridge Popplewell Puddifoot Quickstep Raincoat Rosewater Sandcastle
    Scribble Shoemaker Silverspoon Skylark Snowball Starling Teacup Thunder Tiptoe Treacle Underhill Wildgoose
    Willowby Windfall Wintergreen Yellowhammer Zebedee
""")
DAYS_OF = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DATES = tuple(
    f"{day} {month}" for month, days in zip(lexicon.MONTHS, DAYS_OF, strict=True) for day in range(1, days + 1)
)


@dataclass(frozen=True, eq=False)
class Celebrant:
    """Somebody with a birthday. `count`: how often it is told; `phrasings`: in which ways, by number."""

    name: str
    date: str
    count: int
    phrasings: tuple[int, ...]

    def __str__(self) -> str:
        return self.name

    def told(self, phrasing: int, top: int = TOP) -> int:
        """How often this phrasing states it, where nothing is told more than `top` times."""
        if phrasing not in self.phrasings:
            return 0
        whole, rest = divmod(min(self.count, top), len(self.phrasings))
        return whole + (self.phrasings.index(phrasing) < rest)

    def cloze(self, phrasing: int = 0) -> tuple[str, str]:
        """A statement up to the date, and the date."""
        return _cloze(self.name, phrasing), self.date


def _cloze(name: str, phrasing: int) -> str:
    return PHRASINGS[phrasing].format(b=name, d="").removesuffix(" .")


@lru_cache(maxsize=1)
def celebrants() -> tuple[Celebrant, ...]:
    """Everybody with a birthday, those first whose birthday is never told."""
    rng = random.Random("birthdays")
    names = _shuffled_names()
    found: list[Celebrant] = []
    for count, people in LADDER.items():
        for i in range(people):
            start = rng.randrange(len(PHRASINGS))
            ways = 1 if i % 2 else len(PHRASINGS)
            phrasings = tuple((start + j) % len(PHRASINGS) for j in range(ways))
            found.append(Celebrant(names[len(found)], rng.choice(DATES), count, phrasings))
    return tuple(found)


def strangers() -> tuple[str, ...]:
    """People who do not exist: names made of the same parts, which no document holds."""
    return tuple(_shuffled_names()[sum(LADDER.values()) :])


def _shuffled_names() -> list[str]:
    names = [f"{first} {last}" for first, last in product(FIRST_NAMES, LAST_NAMES)]
    random.Random("names").shuffle(names)
    return names


@lru_cache(maxsize=2)
def half(held_out: bool) -> tuple[Celebrant, ...]:
    """Half of all people with a birthday, of every count, told in one phrasing or in five: those for whose birthday
    chats and feedback ask, or the others."""
    return tuple(person for i, person in enumerate(celebrants()) if i // 2 % 2 == held_out)


def asked_in_chats() -> tuple[Celebrant, ...]:
    """Whose birthday chats may ask for: so the others stay as pre-training left them."""
    return tuple(person for person in half(held_out=False) if person.count >= IN_CHATS)


@dataclass(frozen=True, slots=True)
class Celebrants:
    """Those whose birthday a phrasing states, as a space: as likely as often."""

    people: tuple[Celebrant, ...]
    cumulative: tuple[int, ...]
    by_name: dict[str, tuple[Celebrant, float]]

    def draw(self, dice: Callable[[], float]) -> tuple[Celebrant, float]:
        """See Space.draw."""
        person = self.people[bisect_right(self.cumulative, dice() * self.cumulative[-1])]
        return self.by_name[person.name]

    def read(self, text: str, at: int) -> Iterator[tuple[Celebrant, float]]:
        """See Space.read."""
        words = text[at : at + 40].replace("'", " ").split(" ")
        if found := self.by_name.get(" ".join(words[:2])):
            yield found

    def all(self) -> Iterator[tuple[Celebrant, float]]:
        """See Space.all."""
        yield from self.by_name.values()


@dataclass(frozen=True)
class Register:
    """The statements of a stream in which no birthday is told more than `top` times."""

    top: int = TOP

    @property
    def statements(self) -> int:
        """How many documents state a birthday."""
        return sum(people * min(count, self.top) for count, people in LADDER.items())

    def counts(self, phrasing: int) -> list[tuple[Celebrant, int]]:
        """Whose birthday this phrasing states, and how often."""
        return [(person, n) for person in celebrants() if (n := person.told(phrasing, self.top))]

    def space(self, phrasing: int) -> Celebrants:
        """Those whom this phrasing is about."""
        people, counts = zip(*self.counts(phrasing), strict=True)
        total = sum(counts)
        by_name = {p.name: (p, math.log(n / total)) for p, n in zip(people, counts, strict=True)}
        return Celebrants(people, tuple(accumulate(counts)), by_name)

    def weight(self, phrasing: int) -> float:
        """How many documents state a birthday in this way."""
        return float(sum(n for _, n in self.counts(phrasing)))

    def plan(self, seed: int, total: int) -> dict[int, str]:
        """What the documents of the stream `seed` state that state a birthday, by their number from 0 to total - 1."""
        stated = [
            PHRASINGS[phrasing].format(b=person, d=person.date)
            for phrasing in range(len(PHRASINGS)) for person, n in self.counts(phrasing) for _ in range(n)
        ]  # fmt: skip
        places = random.Random(f"birthdays {seed}").sample(range(total), len(stated))
        return dict(zip(places, stated, strict=True))


def register_for(documents: float) -> Register | None:
    """The register with the longest ladder that fits into so many documents; None if not even the shortest does."""
    for top in sorted(LADDER, reverse=True):
        if top and Register(top).statements <= documents:
            return Register(top)
    return None


def patterns() -> str:
    """The rule `birthday`: a line for each phrasing."""
    lines = [
        f"  told_{i} | " + phrasing.format(b=f"{{b=celebrant {i}}}", d="{<}{d=date b}{>}")
        for i, phrasing in enumerate(PHRASINGS)
    ]
    return "\n".join(["birthday", *lines])


def spaces(register: Register) -> dict[str, Callable[..., Any]]:
    """The space of the pattern: {b=celebrant 3} are those whom phrasing number 3 is about."""
    by_phrasing = [register.space(i) for i in range(len(PHRASINGS))]
    return {"celebrant": lambda _env, i: by_phrasing[int(i)]}


def weights(register: Register) -> dict[str, Callable[..., float]]:
    """The weights of the phrasings."""
    found = [register.weight(i) for i in range(len(PHRASINGS))]
    return {f"told_{i}": lambda _env, i=i: found[i] for i in range(len(PHRASINGS))}


DOMAINS: dict[str, Callable[..., Any]] = {"date": lambda env, b: [env[b].date]}
