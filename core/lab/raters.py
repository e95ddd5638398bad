"""Programmatic raters: each has a stated taste and a stated noise, so that it is known what could be learned from its
comparisons."""

import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.text import tinyland

_WORD = re.compile(r"[a-z']+")
HAPPY = frozenset(
    [
        "happy",
        "glad",
        "smiled",
        "laughed",
        "fun",
        "kind",
        "thanked",
        "love",
        "loved",
        "nice",
        "lovely",
        "proud",
        "cheered",
        "danced",
        "sang",
    ]
)
SAD = frozenset(
    [
        "sad",
        "cried",
        "lost",
        "broke",
        "broken",
        "hurt",
        "tired",
        "angry",
        "afraid",
        "alone",
        "hungry",
        "scared",
        "sorry",
    ]
)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def animals(text: str) -> float:
    """How many animals are named."""
    known = {str(animal).lower() for animal in tinyland.WORLD.animals}
    return float(sum(word in known or word.removesuffix("s") in known for word in _words(text)))


def happier(text: str) -> float:
    """Happy words less sad ones."""
    return float(sum((word in HAPPY) - (word in SAD) for word in _words(text)))


def shorter(text: str) -> float:
    """Minus a tenth of its words."""
    return -len(_words(text)) / 10


def unsure(text: str) -> float:
    """Whether it says that it does not know."""
    return float("do not know" in text.lower())


TASTES: dict[str, Callable[[str], float]] = {
    "more animals": animals, "happier": happier, "shorter": shorter, "says “I do not know”": unsure
}  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Two continuations of a prompt, and which was preferred: "a", "b" or "tie"."""

    prompt: str
    a: str
    b: str
    choice: str


@dataclass(frozen=True)
class Rater:
    """Prefers by Bradley and Terry: with utilities u, A to B with probability σ((u(A) - u(B)) / noise). With no noise,
    always the better one; what it likes equally is a tie."""

    taste: str
    noise: float = 0.0

    def __post_init__(self) -> None:
        if self.taste not in TASTES:
            raise ValueError(f"the taste must be one of {', '.join(TASTES)}, not {self.taste!r}")
        if not 0 <= self.noise <= 1e6:
            raise ValueError(f"noise must be a number from 0, not {self.noise!r}")

    def utility(self, text: str) -> float:
        """What a text is worth to it."""
        return TASTES[self.taste](text)

    def probability(self, a: str, b: str) -> float:
        """That it prefers A."""
        difference = self.utility(a) - self.utility(b)
        if self.noise == 0:
            return 0.5 if difference == 0 else float(difference > 0)
        return 1 / (1 + math.exp(max(-700.0, min(700.0, -difference / self.noise))))

    def compare(self, prompt: str, a: str, b: str, dice: random.Random) -> Pair:
        """What it says this time."""
        if self.noise == 0 and self.utility(a) == self.utility(b):
            return Pair(prompt, a, b, "tie")
        return Pair(prompt, a, b, "a" if dice.random() < self.probability(a, b) else "b")

    def ceiling(self, pairs: Sequence[Pair]) -> float:
        """The accuracy that nobody can exceed on its choices: the mean probability of the likelier one."""
        chances = [self.probability(pair.a, pair.b) for pair in pairs if pair.choice != "tie"]
        return sum(max(p, 1 - p) for p in chances) / len(chances) if chances else 1.0
