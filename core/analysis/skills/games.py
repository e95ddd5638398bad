"""Learning from examples: rule games with k examples, beside the exact Bayesian who weighs all rules."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.analysis.skills.cases import Share
from core.analysis.skills.exact import ask, those_that_fit, would_write
from core.model import Transformer
from core.text import Tokenizer
from core.text.tinyland import Span
from core.text.tinyland.games import HELD_OUT_RULES, LIST_RULES, TRAINED_RULES, WEIGHTS, Game, game, player, predictive

MOST = 8  # examples


@dataclass(frozen=True)
class Family:
    """Rules, and whether the case to do is one that training withholds."""

    rules: tuple[str, ...]
    withheld: bool = True


_TABLES = tuple(rule for rule in TRAINED_RULES if rule not in LIST_RULES)
FAMILIES = {
    "lists": Family(tuple(rule for rule in TRAINED_RULES if rule in LIST_RULES)),
    "tables_seen": Family(_TABLES, withheld=False),  # the rule has to be found, its case may be remembered
    "tables": Family(_TABLES),  # the case has to be known from elsewhere, such as the opposite of a word
    "kept_out": Family(HELD_OUT_RULES),
}


@dataclass(frozen=True)
class Point:
    """With k examples: how often the model is right, and how often the Bayesian who names the likeliest outcome."""

    k: int
    model: Share
    bayesian: Share

    def to_dict(self) -> dict[str, Any]:
        return {"k": self.k} | self.model.to_dict() | {"bayesian": self.bayesian.to_dict()}


def draw_games(family: Family, k: int, count: int) -> list[Game]:
    """`count` games with k examples, their rules drawn as training draws them."""
    dice = random.Random(f"games {k}")
    chosen = dice.choices(family.rules, [WEIGHTS[rule] for rule in family.rules], k=count)
    return [game(rule, k, seed, family.withheld) for seed, rule in enumerate(chosen)]


def curve(model: Transformer, tokenizer: Tokenizer, family: Family, count: int) -> list[Point]:
    """A point for each number of examples from 0 to MOST, of `count` games; those too long are left out."""
    return [_point(model, tokenizer, k, draw_games(family, k, count)) for k in range(MOST + 1)]


def _point(model: Transformer, tokenizer: Tokenizer, k: int, games: Sequence[Game]) -> Point:
    asked = []
    for one in games:
        text = f"{one.prompt()} {one.outcome}"
        asked.append(ask(tokenizer, text, [Span(len(text) - len(one.outcome), len(text), one.outcome)]))
    longest = model.config.context_length
    right = (row[0] for row in would_write(model, tokenizer, those_that_fit(asked, longest)))
    guesses = (guess(one) == one.outcome for one, text in zip(games, asked, strict=True) if len(text.ids) <= longest)
    return Point(k, Share.of(right), Share.of(guesses))


def guess(one: Game) -> str:
    """What the Bayesian who knows every rule and every input thinks likeliest."""
    outcomes = predictive(one.pairs, one.given, player(everything=True))
    return max(outcomes, key=lambda outcome: outcomes[outcome])
