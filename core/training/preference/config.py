"""The settings of preference tuning. No torch here."""

import math
from dataclasses import dataclass, field, fields
from typing import Any

METHODS = ("dpo", "grpo", "reinforce")
WEIGHTS = {"dpo": 0.1, "grpo": 0.04, "reinforce": 0.04}  # β; those of the papers
REWARDS = ("truth", "model", "rater")
FEWEST = 4  # comparisons with a choice, of which one is held out
COMPARISONS = "comparisons.jsonl"  # in the folder of a run
GRADES = {"right": 1.0, "unknown": 0.0, "wrong": -1.0}


@dataclass(frozen=True)
class Preference:
    """How a model is shaped by feedback on its own answers.

    method: "dpo", "grpo" or "reinforce". reward: what answers are worth: "truth", to questions of Tinyland (Graded);
    "model", what a reward model learned from comparisons says of continuations; "rater", what a programmatic rater says
    (Rated). Comparisons are made at the beginning by the rater with this `taste` and `noise`, `comparisons` of them, of
    continuations of the `openings`; without a taste they are a person's, in COMPARISONS.
    prompts: questions, pairs or openings of an update; samples: answers to each that are drawn, at `temperature`.
    known: the part of the questions whose answer the model may know; the others are about people who do not exist.
    beta: weight of the distance from the reference, with the default of the method's paper. epsilon: GRPO's clipping.
    grades: what an answer is worth that is right, says "I do not know", or is wrong. With {"wrong": 0} guessing pays.
    """

    method: str = "dpo"
    prompts: int = 16
    samples: int = 8
    known: float = 0.6
    temperature: float = 1.0
    max_new_tokens: int = 40
    beta: float | None = None
    epsilon: float = 0.2
    grades: dict[str, float] = field(default_factory=lambda: dict(GRADES))
    reward: str = "truth"
    taste: str = ""
    noise: float = 0.0
    comparisons: int = 200
    openings: list[str] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """β."""
        return WEIGHTS[self.method] if self.beta is None else self.beta

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"preference.method must be one of {', '.join(METHODS)}, not {self.method!r}")
        for name, least in (("prompts", 1), ("samples", 2), ("max_new_tokens", 1), ("comparisons", 4)):
            if type(value := getattr(self, name)) is not int or not least <= value <= 10_000:
                raise ValueError(f"preference.{name} must be a whole number from {least}, not {value!r}")
        for name in ("known", "temperature", "epsilon", "beta", "noise"):
            value = getattr(self, name)
            if name == "beta" and value is None:
                continue
            if type(value) not in (int, float) or not (math.isfinite(value) and value >= 0):
                raise ValueError(f"preference.{name} must be a number from 0, not {value!r}")
        if self.known > 1:
            raise ValueError(f"preference.known must be a part of the questions, at most 1, not {self.known}")
        grades = self.grades if isinstance(self.grades, dict) else {}
        if grades.keys() != GRADES.keys() or not all(math.isfinite(grade) for grade in grades.values()):
            raise ValueError(f"preference.grades must be numbers for {', '.join(GRADES)}, not {self.grades!r}")

        if self.reward not in REWARDS:
            raise ValueError(f"preference.reward must be one of {', '.join(REWARDS)}, not {self.reward!r}")
        if not isinstance(self.openings, list) or not all(isinstance(one, str) for one in self.openings):
            raise ValueError(f"preference.openings must be a list of texts, not {self.openings!r}")
        if self.taste and not self.openings:
            raise ValueError("a rater needs preference.openings: texts whose continuations it compares")
        if self.reward == "rater" and not self.taste:
            raise ValueError("preference.reward can be 'rater' for a programmatic one only: set preference.taste")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preference":
        """Missing fields, and missing grades, take their defaults; unknown ones raise ValueError."""
        if unknown := values.keys() - {f.name for f in fields(cls)}:
            raise ValueError(f"unknown settings of preference: {', '.join(sorted(unknown))}")
        grades = values.get("grades", {})
        return cls(**values | {"grades": GRADES | grades if isinstance(grades, dict) else grades})
