"""One rule game, with its examples in one order: what a model and the Bayesian think of each outcome."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, permutations

import numpy as np

from core.analysis.skills.games import FAMILIES
from core.model import Checkpoint
from core.prompting.examples import changed, draw, first
from core.prompting.scores import after, score
from core.text.tinyland.games import WEIGHTS, Game, player, predictive, rules

DRAWN = 200  # games that are told apart by number


def shown(family: str, number: int, k: int, kind: str, order: int) -> Game:
    """Game `number` of a family with k examples of a kind (see `changed`), in one of their orders: 0 as drawn.
    ValueError: no such family."""
    if family not in FAMILIES:
        raise ValueError(f"the rules are of one of {', '.join(FAMILIES)}")
    one = first(changed(draw(FAMILIES[family], number % DRAWN + 1)[-1], kind), k)
    place = order % math.factorial(min(k, 5))
    if k <= 5:
        return replace(one, pairs=next(islice(permutations(one.pairs), place, None)))
    pairs = list(one.pairs)
    random.Random(order).shuffle(pairs)
    return replace(one, pairs=tuple(pairs) if order else one.pairs)


def candidates(one: Game, count: int) -> list[str]:
    """The right outcome, what the Bayesian finds likeliest, and what other rules would make of the case."""
    believed = predictive(one.pairs, one.given, player(everything=True))
    likely = sorted(believed, key=lambda outcome: -believed[outcome])
    applied = [rules()[name].apply(one.given) for name in WEIGHTS]
    return list(dict.fromkeys([one.outcome, *likely, *(outcome for outcome in applied if outcome)]))[:count]


def probabilities(checkpoint: Checkpoint, one: Game, count: int) -> tuple[list[str], list[float], list[float]]:
    """Outcomes, the model's probability of each with its end, and the Bayesian's (0 where he thinks the game
    impossible). ValueError: the game does not fit the context."""
    outcomes = candidates(one, count)
    asked = [after(checkpoint.tokenizer, one.prompt(), f" {outcome}") for outcome in outcomes]
    check_length(checkpoint, [len(text.ids) for text in asked])
    believed = predictive(one.pairs, one.given, player(everything=True))
    model = np.exp(score(checkpoint.model, checkpoint.tokenizer, asked).log_prob)
    return outcomes, model.tolist(), [believed.get(outcome, 0.0) for outcome in outcomes]


def check_length(checkpoint: Checkpoint, lengths: Sequence[int]) -> None:
    """ValueError, for people, when a text does not fit the model's context."""
    if max(lengths) > checkpoint.config.context_length:
        raise ValueError(f"it has {max(lengths)} tokens, and the model reads {checkpoint.config.context_length}")
