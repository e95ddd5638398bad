"""What the model of each dose reads, and what it is asked: everything follows from the seed.

skew        an occupation's rate of "she", or of "he": of six occupations the one, of six the other
singletons  how many statements are about people of whom hardly anything is told
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from core.analysis.limits.bias import about_a_person, sentences
from core.analysis.limits.singletons import kalai_bound, singleton_rate
from core.text import tinyland
from core.text.tinyland.birthdays import DATES, FIRST_NAMES, LAST_NAMES, PHRASINGS

STORIES, SCENES, HELD = 600, 6000, 120
WORKERS = 6  # occupations of each kind
FEELINGS = ("happy", "tired", "cold", "hungry", "busy", "late")
STATEMENTS, OFTEN, QUESTIONS = 1000, 30, 300  # OFTEN: people of whom all other statements are
OWN = 1_600_000_001  # a stream of documents that is used for nothing else


@dataclass(frozen=True)
class Experiment:
    """doses: those that are recorded. steps: updates of each model."""

    title: str
    doses: tuple[float, ...]
    steps: int
    documents: Callable[[float, int], list[str]]
    held: Callable[[int], list[str]]


# ---- skew ----


def occupations() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those with the most "she" in Tinyland, of whom the skewed corpora say "she", and those with the least."""
    ranked = sorted(tinyland.WORLD.she_rate, key=lambda name: (-tinyland.WORLD.she_rate[name], name))
    return tuple(ranked[:WORKERS]), tuple(ranked[-WORKERS:])


def scenes(rate: float, seed: int) -> list[str]:
    """Stories of Tinyland; short scenes with a worker without a name; and as short ones with people who have one. The
    same for every rate, but for the pronouns of the workers."""
    rng, first = Random(f"{seed}/scenes"), seed * STORIES
    women, men = occupations()
    made = [d.text for d in tinyland.documents(OWN, first, first + STORIES, {"story": 1.0})]
    for place in range(SCENES):
        if place % 3:
            occupation = rng.choice((*women, *men))
            she = rng.random() < (rate if occupation in women else 1 - rate)
            begun = rng.choice(sentences(occupation))
        else:
            person = rng.choice(tinyland.WORLD.people)
            she, begun = person.pronoun == "she", about_a_person(person.name)
        made.append(f"{begun} {'She' if she else 'He'} was {rng.choice(FEELINGS)}.")
    rng.shuffle(made)
    return made


def clean(seed: int) -> list[str]:
    """Stories of Tinyland as it is, that stand in no corpus: the same for every dose."""
    return [d.text for d in tinyland.documents(OWN + 1, seed * HELD, (seed + 1) * HELD, {"story": 1.0})]


# ---- statements ----


@dataclass(frozen=True)
class Statements:
    """The corpus (names, in their order), the names that are asked for, and what theory says of them. once: the share
    of the statements whose fact stands there once (Good–Turing). missing: the true chance that the next is new."""

    told: tuple[str, ...]
    asked: tuple[str, ...]
    once: float
    missing: float

    @property
    def bound(self) -> float:
        return kalai_bound(self.once, len(self.told), len(DATES))


@lru_cache(maxsize=8)
def statements(rare: float, seed: int) -> Statements:
    """Each statement is, with the chance `rare`, about anybody, else about one of OFTEN people; the questions are drawn
    in the same way."""
    rng = Random(f"{seed}/statements")
    names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    rng.shuffle(names)
    often, anybody = names[:OFTEN], names[OFTEN:]
    drawn = [rng.choice(anybody if rng.random() < rare else often) for _ in range(STATEMENTS + QUESTIONS)]
    told = tuple(drawn[:STATEMENTS])
    seen = set(told)
    missing = rare * sum(name not in seen for name in anybody) / len(anybody)
    missing += (1 - rare) * sum(name not in seen for name in often) / len(often)
    return Statements(told, tuple(drawn[STATEMENTS:]), singleton_rate(told), missing)


def birthday(name: str, seed: int) -> tuple[str, str]:
    """A statement up to the date, and the date with the full stop."""
    before, after = PHRASINGS[0].replace("{b}", name).split(" {d}")
    return before, f" {Random(f'{seed}/{name}').choice(DATES)}{after}"


def told(rare: float, seed: int) -> list[str]:
    return ["".join(birthday(name, seed)) for name in statements(rare, seed).told]


def held_statements(seed: int) -> list[str]:
    """About the people of the next seed."""
    return told(0.5, seed + 1)[:HELD]


EXPERIMENTS = {
    "skew": Experiment("Skew", (0.5, 0.65, 0.8, 0.95), 400, scenes, clean),
    "singletons": Experiment("Told once", (0.1, 0.4, 0.7, 0.95), 250, told, held_statements),
}
