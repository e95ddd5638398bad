"""Rule games: their probability is the sum over all rules, and what training must not see it does not see."""

import math
import random
from collections import Counter
from functools import cache
from itertools import product

import pytest

from core.text import tinyland
from core.text.tinyland import games
from core.text.tinyland.games import HELD_OUT_RULES, LIST_LENGTHS, POOLS, TRAINED_RULES, WEIGHTS, WITHHELD
from core.text.tinyland.grammar import Grammar
from core.text.tinyland.vocabulary import vocabulary


@cache
def docs() -> list[tinyland.Document]:
    return list(tinyland.documents(31, stop=1500, weights={"game": 1}))


def pairs_of(d: tinyland.Document) -> list[tuple[str, str]]:
    """The pairs of a rule game, read from its text; empty for the secret languages."""
    sign = d.derivation.env.get("s")
    return [tuple(line.split(sign)) for line in d.text.split("\n ")[1:]] if isinstance(sign, str) else []  # type: ignore


def by_enumeration(pairs: list[tuple[str, str]], names: tuple[str, ...] = TRAINED_RULES) -> dict[str, float]:
    """P(rule and these pairs) for each rule, written apart from the player: one rule at a time, whole games."""
    total = sum(WEIGHTS[name] for name in names)
    found = {}
    for name in names:
        rule = games.rules()[name]
        p = WEIGHTS[name] / total
        for i, (given, outcome) in enumerate(pairs):
            if rule.apply(given) != outcome or rule.is_withheld(given):
                p = 0.0
            elif rule.table is not None:
                p *= (given not in [x for x, _ in pairs[:i]]) / (sum(not rule.is_withheld(x) for x in rule.table) - i)
            else:
                items = given.split(" ")
                pool = next(pool for pool in POOLS if all(item in pool.pool for item in items))
                p /= len(POOLS) * len(LIST_LENGTHS) * len(pool.pool) ** len(items) * (1 - 1 / WITHHELD)
        found[name] = p
    return found


@pytest.mark.slow
def test_the_probability_of_a_game_is_the_sum_over_rules() -> None:
    text = "game\n  2 | {s=sign:-}{@pair}\n  1 | {s=sign:-}{@pair}{@pair}{@pair}\n"
    text += "pair\n  1 | ⏎{x=case:sign}{s}{y=outcome x:sign} | settle x y"
    rules = Grammar(text, vocabulary(tinyland.small_world()))
    dice = random.Random(4).random
    ambiguous = 0
    for _ in range(400):
        d = rules.sample("game", dice)
        pairs = [tuple(line.split(d.env["s"])) for line in d.text.split("\n")[1:]]
        each = by_enumeration(pairs)  # type: ignore[arg-type]
        assert d.log_prob == pytest.approx(
            math.log(sum(each.values()) * (2 if len(pairs) == 1 else 1) / 3 / len(games.SIGNS)), abs=1e-9
        )
        belief = {rule.name: p for rule, p in d.env["belief"].items()}
        expected = {name: p / sum(each.values()) for name, p in each.items() if p}
        assert belief == pytest.approx(expected)
        assert games.belief_after(pairs) == pytest.approx(d.env["belief"])  # type: ignore[arg-type]
        ambiguous += len(belief) > 1
        [again] = rules.derivations("game", d.text)
        assert again.log_prob == pytest.approx(d.log_prob, abs=1e-9)
    assert ambiguous > 8  # else the sum has one term and proves nothing


@pytest.mark.slow
def test_rules_are_drawn_as_often_as_their_weights_say() -> None:
    counts = Counter()
    for d in docs():
        pairs = pairs_of(d)
        if len(pairs) >= 4 and len(belief := games.belief_after(pairs)) == 1:
            counts[next(iter(belief)).name] += 1
    n = sum(counts.values())
    total = sum(WEIGHTS[name] for name in TRAINED_RULES)
    for name in ("reverse", "plural", "Olu", "each twice", "past"):
        p = WEIGHTS[name] / total
        assert abs(counts[name] - n * p) < 4 * math.sqrt(n * p) + 0.1 * n * p, (name, counts[name], n * p)
    assert set(counts) <= set(TRAINED_RULES) and len(counts) >= 20


def test_cases_and_outcomes_sum_to_one() -> None:
    """Over all inputs where there are few, and over all lists of three letters their share."""
    player = games.Player(("opposite", "past", "double", "add 1", "next"))
    space = games.Cases(player, player.prior, (), " -> ")
    tables = list(space.all())
    assert sum(math.exp(p) for _, p in tables) == pytest.approx(1)
    for case, _ in tables:
        assert sum(math.exp(p) for _, p in games.Outcomes(case).all()) == pytest.approx(1)
    lists = games.Player(("reverse", "first", "same"))
    letters = [" ".join(items) for items in product(POOLS[2].pool, repeat=3)]
    seen = sum(p for given in letters for _, p in lists.weigh(lists.prior, given, ()))
    assert seen == pytest.approx(1 / len(POOLS) / len(LIST_LENGTHS))


@pytest.mark.parametrize("name", ["reverse", "second", "same"])
def test_one_list_in_eight_is_withheld_exactly(name: str) -> None:
    rule = games.rules()[name]
    withheld = sum(rule.is_withheld(" ".join(items)) for items in product(POOLS[2].pool, repeat=3))
    assert withheld * WITHHELD == len(POOLS[2].pool) ** 3


@pytest.mark.slow
def test_training_holds_no_withheld_rule_and_no_withheld_input() -> None:
    seen = 0
    for d in docs():
        pairs = pairs_of(d)
        if not pairs:
            continue
        each = by_enumeration(pairs)
        assert sum(each.values()) > 0
        seen += 1
    assert seen > 1000
    for name, rule in games.rules().items():
        if rule.table is not None and len(rule.table) >= 40:
            share = sum(map(rule.is_withheld, rule.table)) / len(rule.table)
            assert 0.04 < share < 0.26, (name, share)
        elif rule.table is not None:
            assert len(rule.table) - sum(map(rule.is_withheld, rule.table)) >= 9, name  # a game has up to nine pairs


def test_what_rules_do() -> None:
    made = {
        "reverse": ("ba do ki", "ki do ba"), "first": ("a b c d", "a"), "last": ("a b c d", "d"),
        "each twice": ("a b c", "a a b b c c"), "without the first": ("a b c", "b c"), "plural": ("mouse", "mice"),
        "category": ("owl", "animal"), "first letter": ("owl", "o"), "opposite": ("big", "small"),
        "next": ("Sunday", "Monday"), "add 3": ("9", "12"), "past": ("draw", "drew"), "double": ("7", "14"),
        "last to the front": ("a b c", "c a b"), "previous": ("January", "December"), "spell": ("owl", "o w l"),
    }  # fmt: skip
    for name, (given, outcome) in made.items():
        assert games.rules()[name].apply(given) == outcome
    assert games.rules()["reverse"].apply("ba owl ki") is None and games.rules()["plural"].apply("ba") is None
    assert len(TRAINED_RULES) >= 10 and not set(HELD_OUT_RULES) & set(TRAINED_RULES)
    assert all(a not in {w for p in games.OPPOSITES if p != q for w in p.split()} for q in games.OPPOSITES
               for a in q.split())  # fmt: skip


def test_the_bayesian_learns_from_examples() -> None:
    """Of two items the first may be `first` or `without the last`; of four it is one of them."""
    before = games.predictive([], "ba do ki mu")
    assert sum(before.values()) == pytest.approx(1) and len(before) > 5
    unsure = games.predictive([("ro mi", "ro")], "ba do ki mu")
    assert set(unsure) == {"ba", "ba do ki"} and sum(unsure.values()) == pytest.approx(1)
    sure = games.predictive([("ro mi", "ro"), ("b b c d", "b")], "ba do ki mu")
    assert sure == {"ba": 1.0}
    assert games.predictive([("ro mi", "nonsense")], "ba do ki mu") == {}
    two = games.belief_after([("2", "4")])  # add 2 or double
    assert {rule.name for rule in two} == {"add 2", "double"} and sum(two.values()) == pytest.approx(1)
    known = {name: sum(not games.rules()[name].is_withheld(x) for x in games.rules()[name].table) for name in
             ("add 2", "double")}  # fmt: skip
    odds = {name: WEIGHTS[name] / n / (n - 1) for name, n in known.items()}  # the prior, and a case each time
    expected = {"9": odds["add 2"] / sum(odds.values()), "14": odds["double"] / sum(odds.values())}
    assert games.predictive([("2", "4")], "7") == pytest.approx(expected)


@pytest.mark.parametrize("name", ["reverse", "plural", "second", "add 4", "add 2"])
def test_games_for_evaluation_hold_what_training_withholds(name: str) -> None:
    rule = games.rules()[name]
    for seed in range(30):
        game = games.game(name, 4, seed)
        assert game == games.game(name, 4, seed) and len(game.pairs) == 4
        assert rule.apply(game.given) == game.outcome and game.given not in [x for x, _ in game.pairs]
        text = game.prompt() + " " + game.outcome
        reading = tinyland.parse(text, {"game": 1})
        if name in HELD_OUT_RULES:
            assert games.predictive(game.pairs, game.given, games.player(everything=True))[game.outcome] > 0
        else:
            assert not any(rule.is_withheld(x) for x, _ in game.pairs) and rule.is_withheld(game.given)
            known = games.game(name, 4, seed, withheld=False)
            assert tinyland.parse(known.prompt() + " " + known.outcome, {"game": 1}).derivations == 1
        assert not reading.ok or not by_enumeration([*game.pairs, (game.given, game.outcome)])[name]


@pytest.mark.slow
def test_secret_languages_follow_their_table() -> None:
    checked = 0
    for d in docs():
        if " means " not in d.text:
            continue
        lines = d.text.split("\n ")[1:]
        table = dict(line.split(" means ") for line in lines if " means " in line)
        table |= {word: made_up for made_up, word in table.items()}
        for line in lines:
            if ": " in line:
                given, outcome = line.split(": ")
                assert outcome.split() == [table[word] for word in given.split()]
                checked += 1
    assert checked > 500
