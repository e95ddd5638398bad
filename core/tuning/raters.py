"""Programmatic raters: each has a stated taste and a stated noise, so that it is known what could be learned from its
comparisons."""

import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.analysis.skills.honesty import ASSISTANT, END, Question
from core.text import tinyland
from core.tuning.comparisons import Pair

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


def animals(text: str, _prompt: str) -> float:
    """How many animals are named."""
    known = {str(animal).lower() for animal in tinyland.WORLD.animals}
    return float(sum(word in known or word.removesuffix("s") in known for word in _words(text)))


def happier(text: str, _prompt: str) -> float:
    """Happy words less sad ones."""
    return float(sum((word in HAPPY) - (word in SAD) for word in _words(text)))


def shorter(text: str, _prompt: str) -> float:
    """Minus a tenth of its words."""
    return -len(_words(text)) / 10


def unsure(text: str, _prompt: str) -> float:
    """Whether it says that it does not know."""
    return float("do not know" in text.lower())


TRUTH = {"right": 1.0, "unknown": 0.0, "wrong": -1.0}


@lru_cache(maxsize=20_000)
def truthful(text: str, prompt: str) -> float:
    """In a chat: 1 for an answer that is right, 0 for "I do not know", -1 for a wrong one. Elsewhere: which part of the
    text Tinyland, with its people and its facts, could have written after the prompt."""
    if ASSISTANT in prompt:
        return TRUTH[Question(prompt).judge(text + END)]
    whole = prompt + text
    read = tinyland.parse(whole)
    reached = len(whole) if read.ok else read.failed_at
    return max(0, reached - len(prompt)) / len(text) if text else float(read.ok)


FEWEST = 4  # comparisons in which there must be something to compare
TASTES: dict[str, Callable[[str, str], float]] = {  # what a text is worth after a prompt
    "more animals": animals, "happier": happier, "shorter": shorter, "truthful": truthful,
    "says “I do not know”": unsure,
}  # fmt: skip


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

    def utility(self, text: str, prompt: str = "") -> float:
        """What a text is worth to it."""
        return TASTES[self.taste](text, prompt)

    def probability(self, a: str, b: str, prompt: str = "") -> float:
        """That it prefers A."""
        difference = self.utility(a, prompt) - self.utility(b, prompt)
        if self.noise == 0:
            return 0.5 if difference == 0 else float(difference > 0)
        return 1 / (1 + math.exp(max(-700.0, min(700.0, -difference / self.noise))))

    def compare(self, prompt: str, a: str, b: str, dice: random.Random) -> Pair:
        """What it says this time."""
        if a == b or (self.noise == 0 and self.utility(a, prompt) == self.utility(b, prompt)):
            return Pair(prompt, a, b, "tie")
        return Pair(prompt, a, b, "a" if dice.random() < self.probability(a, b, prompt) else "b")

    def check(self, pairs: Sequence[Pair]) -> None:
        """Raises ValueError where there is next to nothing to compare: its choices would be ties, or noise alone."""
        apart = sum(self.utility(pair.a, pair.prompt) != self.utility(pair.b, pair.prompt) for pair in pairs)
        if apart < FEWEST:
            raise ValueError(
                f"in only {apart} of {len(pairs)} comparisons do the two texts differ in what “{self.taste}” looks at: "
                "choose another taste, another text, or more comparisons"
            )

    def ceiling(self, pairs: Sequence[Pair]) -> float:
        """The accuracy that nobody can exceed on its choices: the mean probability of the likelier one."""
        chances = [self.probability(pair.a, pair.b, pair.prompt) for pair in pairs if pair.choice != "tie"]
        return sum(max(p, 1 - p) for p in chances) / len(chances) if chances else 1.0
