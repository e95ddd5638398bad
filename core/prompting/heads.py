"""Induction heads and learning from examples: the curve without them, beside the curve without as many others."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.heads.scores import head_scores
from core.analysis.interventions.intervene import intervene, sample_parts
from core.analysis.skills.games import Family
from core.model import Checkpoint
from core.prompting.examples import GAMES, Curve, Report, bayesian_curve, curve, draw, fitting

OFF = 3  # heads that are switched off, at most
CLEAR = 2.0  # times the score of a head that looks evenly
CONTROLS = 2  # random choices of as many others
CASES, HALF = 16, 25  # sequences, and random tokens that each repeats


@dataclass(frozen=True)
class Head:
    """A head and its induction score: how much it looks at what came next the last time; `chance`: looking evenly."""

    layer: int
    head: int
    score: float
    chance: float

    @property
    def name(self) -> str:
        return f"L{self.layer}H{self.head}"


@dataclass(frozen=True)
class Without:
    """The curve of a family with all heads, without the induction heads, and without others; `control` has a curve for
    each choice of others."""

    heads: tuple[Head, ...]
    whole: Curve
    off: Curve
    control: tuple[Curve, ...]
    control_heads: tuple[tuple[str, ...], ...]
    bayesian: Curve
    games: int


def induction_heads(checkpoint: Checkpoint, count: int = OFF) -> list[Head]:
    """The heads with the highest induction scores, the highest first: those over CLEAR times chance, but at least one
    and at most `count`."""
    half = min(HALF, (checkpoint.config.context_length - 1) // 2)
    scores = head_scores(checkpoint.model, half=half, cases=CASES, start=(checkpoint.tokenizer.eot,))
    found = next(one for one in scores if one.name == "induction")
    order = np.argsort(-found.mean, axis=None, kind="stable")[:count]
    places = zip(*np.unravel_index(order, found.mean.shape), strict=True)
    heads = [Head(int(i), int(j), float(found.mean[i, j]), float(found.chance[i, j])) for i, j in places]
    return heads[:1] + [one for one in heads[1:] if one.score > CLEAR * one.chance]


def without(checkpoint: Checkpoint, family: Family, count: int = GAMES, report: Report = lambda *_: None) -> Without:
    """The curve with and without the induction heads: each put out its mean over a sample of texts instead."""
    tokenizer, heads = checkpoint.tokenizer, induction_heads(checkpoint)
    games = fitting(checkpoint.model, tokenizer, draw(family, count))
    sample, choices = sample_parts(checkpoint), others(checkpoint, heads)
    sets = [[], [one.name for one in heads], *choices]
    curves = []
    for place, names in enumerate(sets):
        report(place / len(sets), "without " + ", ".join(names) if names else "all heads")
        changed = intervene(checkpoint, " ".join(f"mean:{name}" for name in names), sample) if names else checkpoint
        curves.append(curve(changed.model, tokenizer, games))
    whole, off, *control = curves
    named = tuple(tuple(names) for names in choices)
    return Without(tuple(heads), whole, off, tuple(control), named, bayesian_curve(games), len(games))


def others(checkpoint: Checkpoint, heads: Sequence[Head]) -> list[list[str]]:
    """CONTROLS choices of as many other heads, in the same layers where these have others."""
    taken, dice = {one.name for one in heads}, random.Random("other heads")
    layers, count = range(checkpoint.config.n_layers), checkpoint.config.n_heads
    found = []
    for _ in range(CONTROLS):
        chosen: list[str] = []
        for one in heads:
            near = [f"L{one.layer}H{j}" for j in range(count)]
            every = [f"L{i}H{j}" for i in layers for j in range(count)]
            free = [[name for name in names if name not in taken and name not in chosen] for names in (near, every)]
            if pool := free[0] or free[1]:
                chosen.append(dice.choice(pool))
        found.append(chosen)
    return found
