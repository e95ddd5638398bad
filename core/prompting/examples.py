"""Learning from examples: rule games with k examples, right, shuffled or beside the point, in every order, beside the
exact Bayesian.

A game is drawn once with MOST examples, and asked with the first k of them: so the points of a curve differ in nothing
but the number of examples. The Bayesian knows every rule, and no order: his belief is a product.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from core.analysis.skills.cases import Share
from core.analysis.skills.exact import Asked
from core.analysis.skills.games import MOST, Family, guess
from core.intervals import mean_interval
from core.model import Transformer
from core.prompting.scores import Scores, after, score
from core.text import Tokenizer
from core.text.tinyland.games import WEIGHTS, Game, game, player, predictive

ORDERED = 4  # up to so many examples every order is tried: 4! = 24
GAMES = 100  # of each family
KINDS = ("right", "wrong", "irrelevant")
Interval = tuple[float, float, float]  # a value, and the ends of its 95 % interval
Report = Callable[[float, str], object]


@dataclass(frozen=True)
class Curve:
    """With 0 to MOST examples: the share of games done right, and the mean log-probability (nats) of the outcome."""

    right: tuple[Interval, ...]
    log_prob: tuple[Interval, ...]


@dataclass(frozen=True)
class Orders:
    """All orders of k examples: the mean over games of the worst order and of the best, for both measures, and the
    share of games in which the order decides between right and wrong."""

    k: int
    right: tuple[float, float]
    log_prob: tuple[float, float]
    decides: float


@dataclass(frozen=True)
class FewShot:
    """What examples do in one family of rules: by the kind of examples, the Bayesian, and all orders."""

    games: int
    curves: dict[str, Curve]  # by KINDS
    bayesian: Curve
    orders: tuple[Orders, ...]


def draw(family: Family, count: int) -> list[Game]:
    """`count` games with MOST examples, their rules drawn as training draws them; the same each time."""
    dice = random.Random("few-shot")
    chosen = dice.choices(family.rules, [WEIGHTS[rule] for rule in family.rules], k=count)
    return [game(rule, MOST, seed, family.withheld) for seed, rule in enumerate(chosen)]


def first(one: Game, k: int) -> Game:
    """The game with its first k examples."""
    return replace(one, pairs=one.pairs[:k])


def changed(one: Game, kind: str) -> Game:
    """The game with its examples as they are ("right"); with outcomes of other cases of the rule ("wrong"; where these
    happen to be right too they stay); or with examples each of another rule ("irrelevant")."""
    if kind == "right":
        return one
    dice = random.Random(f"{kind} {one.given} {one.pairs}")
    seed = dice.randrange(10**6)
    if kind == "wrong":
        others = game(one.rule, MOST, seed).pairs
        return replace(one, pairs=tuple((x, y) for (x, _), (_, y) in zip(one.pairs, others, strict=False)))
    rules = dice.sample([rule for rule in WEIGHTS if rule != one.rule], len(one.pairs))
    return replace(one, pairs=tuple(game(rule, 1, seed, False).pairs[0] for rule in rules))


def orders(one: Game) -> Iterator[Game]:
    """The game with its examples in each order."""
    return (replace(one, pairs=pairs) for pairs in permutations(one.pairs))


def asked(tokenizer: Tokenizer, one: Game) -> Asked:
    """The outcome asked for after the prompt of the game."""
    return after(tokenizer, one.prompt(), f" {one.outcome}")


def few_shot(
    model: Transformer, tokenizer: Tokenizer, family: Family, count: int = GAMES, report: Report = lambda *_: None
) -> FewShot:
    """Everything about one family of rules. Games too long for the context are left out."""
    games = fitting(model, tokenizer, draw(family, count))
    curves = {}
    for place, kind in enumerate(KINDS):
        report(0.2 * place, f"{kind} examples")
        curves[kind] = curve(model, tokenizer, [changed(one, kind) for one in games])
    found = []
    for k in range(ORDERED + 1):
        report(0.6 + 0.08 * k, f"all orders of {k} examples")
        found.append(_all_orders(model, tokenizer, [first(one, k) for one in games]))
    return FewShot(len(games), curves, bayesian_curve(games), tuple(found))


def fitting(model: Transformer, tokenizer: Tokenizer, games: Sequence[Game]) -> list[Game]:
    """Those that the model can read whole, whatever the kind of examples. ValueError: none."""
    longest = model.config.context_length
    kept = [one for one in games if all(len(asked(tokenizer, changed(one, kind)).ids) <= longest for kind in KINDS)]
    if len(kept) < 2:
        raise ValueError(f"a game with {MOST} examples does not fit the {longest} tokens that this model reads")
    return kept


def curve(model: Transformer, tokenizer: Tokenizer, games: Sequence[Game], counts: Sequence[int] = ()) -> Curve:
    """A point for each of these numbers of examples; for 0 to MOST, if none are given."""
    numbers = counts or range(MOST + 1)
    found = score(model, tokenizer, [asked(tokenizer, first(one, k)) for k in numbers for one in games])
    return _curve([Scores(*rows) for rows in zip(
        found.log_prob.reshape(len(numbers), -1), found.right.reshape(len(numbers), -1), strict=True
    )])  # fmt: skip


def bayesian_curve(games: Sequence[Game]) -> Curve:
    """The same for the Bayesian, who answers with what he finds likeliest."""
    points = []
    for k in range(MOST + 1):
        seen = [first(one, k) for one in games]
        probs = [predictive(one.pairs, one.given, player(everything=True))[one.outcome] for one in seen]
        points.append(Scores(np.log(probs), np.array([guess(one) == one.outcome for one in seen])))
    return _curve(points)


def _curve(points: Sequence[Scores]) -> Curve:
    right = [Share.of(point.right.tolist()) for point in points]
    means = [mean_interval(point.log_prob) for point in points]
    return Curve(
        tuple((share.rate, *share.interval) for share in right),
        tuple((float(mean), float(low), float(high)) for mean, low, high in means),
    )


def _all_orders(model: Transformer, tokenizer: Tokenizer, games: Sequence[Game]) -> Orders:
    k = len(games[0].pairs)
    found = score(model, tokenizer, [asked(tokenizer, one) for whole in games for one in orders(whole)])
    log_prob = found.log_prob.reshape(len(games), math.factorial(k))
    right = found.right.reshape(log_prob.shape)
    worst, best = right.all(1), right.any(1)
    return Orders(
        k,
        (float(worst.mean()), float(best.mean())),
        (float(log_prob.min(1).mean()), float(log_prob.max(1).mean())),
        float((worst != best).mean()),
    )
