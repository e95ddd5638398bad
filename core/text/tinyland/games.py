"""Rule games: pairs that follow a rule nobody names, and the Bayesian who weighs the rules.

A game draws a rule by WEIGHTS, then its cases: words, lists or numbers, each with what the rule makes of it. Several
rules may have written the same pairs, so the probability of a game is the sum over the rules. It is had step by step:
each case is drawn from its probability given all pairs before, each outcome from its own given the case too, and the
product of these is the sum (`Cases` and `Outcomes`, spaces of the grammar).

Kept out of training: the rules in HELD_OUT_RULES, and of every other rule the inputs that `Rule.withheld` names, one in
eight. `belief_after` and `predictive` say what the Bayesian believes, `game` makes games to hold a
model against him.
"""

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, pairwise, product
from typing import Any
from zlib import crc32

from core.text.tinyland import lexicon
from core.text.tinyland.coined import SYLLABLES
from core.text.tinyland.grammar import Env, Space

OPPOSITES = (
    "big small", "old new", "light heavy", "tall short", "wide narrow", "clean dirty", "wet dry", "smooth rough",
    "pretty ugly", "quiet noisy", "strong weak", "fast slow", "happy sad", "brave scared", "up down", "left right",
    "open closed", "hot cold", "full empty", "early late", "yes no", "day night", "black white", "in out", "thick thin",
    "first last", "young aged", "near far", "above below", "before after", "inside outside", "hello goodbye",
)  # fmt: skip
KINDS_OF_NOUN = {
    "animals": "animal", "foods": "food", "plants": "plant", "places": "place", "objects": "thing",
    "occupations": "job", "containers": "container",
}  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"
LIST_LENGTHS = (2, 3, 4, 5)  # of two items, several rules make the same
WITHHELD = 8  # one input in so many


@dataclass(frozen=True, eq=False)
class Lists:
    """Lists of two to five items of one pool, as inputs of a rule; the pool has a multiple of WITHHELD items.

    Item i of the pool has number i; a list whose numbers and the rule's own sum to a multiple of WITHHELD is withheld:
    exactly one in WITHHELD lists of every length, whatever the rule.
    """

    pool: tuple[str, ...]
    number: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", {item: i for i, item in enumerate(self.pool)})

    def log_prob(self, length: int) -> float:
        """Of each list of this length, the withheld ones included."""
        return -math.log(len(POOLS) * len(LIST_LENGTHS)) - length * math.log(len(self.pool))


def _pool(words: Iterable[Any]) -> tuple[str, ...]:
    listed = [str(word) for word in words]
    return tuple(listed[: len(listed) // WITHHELD * WITHHELD])


POOLS = (Lists(SYLLABLES), Lists(_pool((*lexicon.OBJECTS, *lexicon.ANIMALS, *lexicon.FOODS))), Lists(_pool(LETTERS)))


@dataclass(frozen=True, eq=False)
class Rule:
    """`apply` makes the outcome of an input. `table` has the inputs of a rule about words or numbers with their
    outcomes; a rule about lists has none. `number` tells it from other rules."""

    name: str
    number: int
    table: dict[str, str] | None
    of_list: Callable[[list[str]], list[str]] | None = None

    def apply(self, given: str) -> str | None:
        """The outcome; None for what is no input of this rule."""
        if self.table is not None:
            return self.table.get(given)
        items = given.split(" ")
        return " ".join(self.of_list(items)) if self.of_list and pool_of(items) else None

    def is_withheld(self, given: str) -> bool:
        """Whether this input never stands in training."""
        if self.table is not None:
            return crc32(f"{self.name} {given}".encode()) % WITHHELD == 0
        items = given.split(" ")
        pool = pool_of(items)
        return pool is not None and (sum(pool.number[item] for item in items) + self.number) % WITHHELD == 0

    def __str__(self) -> str:
        return self.name


_POOL_OF = {item: pool for pool in reversed(POOLS) for item in pool.pool}


def pool_of(items: Sequence[str]) -> Lists | None:
    """The pool of a list; None if it is none."""
    pool = _POOL_OF.get(items[0])
    if pool is None or len(items) not in LIST_LENGTHS or any(item not in pool.number for item in items):
        return None
    return pool


def _tables() -> dict[str, dict[str, str]]:
    nouns = (*lexicon.OBJECTS, *lexicon.ANIMALS, *lexicon.FOODS, *lexicon.PLACES)
    in_olu: tuple[Any, ...] = (*nouns, *lexicon.ADJECTIVES, *lexicon.COLOURS)
    kinds = (*nouns, *lexicon.PLANTS, *lexicon.OCCUPATIONS, *lexicon.CONTAINERS)
    common = [str(noun) for noun in (*lexicon.ANIMALS, *lexicon.FOODS, *lexicon.PLACES)]
    ordered = (lexicon.WEEKDAYS, lexicon.MONTHS, lexicon.SEASONS)
    rows = [(*cycle, cycle[0]) for cycle in ordered] + [lexicon.NUMBER_WORDS, tuple(LETTERS.upper())]
    pairs = [tuple(pair.split()) for pair in OPPOSITES]
    return {
        "plural": {noun.singular: noun.plural for noun in kinds},
        "category": {noun.singular: KINDS_OF_NOUN[noun.category] for noun in kinds},
        "Olu": {str(word): word.invented for word in in_olu},
        "English": {word.invented: str(word) for word in in_olu},
        "past": {verb.base: verb.past for verb in lexicon.VERBS},
        "opposite": {a: b for pair in pairs for a, b in (pair, pair[::-1])},
        "next": {a: b for row in rows for a, b in pairwise(row)},
        "first letter": {word: word[0] for word in common},
        "last letter": {word: word[-1] for word in common},
        "spell": {word: " ".join(word) for word in common},
        **{f"add {n}": {str(x): str(x + n) for x in range(31)} for n in range(1, 11)},
        "double": {str(x): str(x + x) for x in range(16)},
        "previous": {b: a for row in rows for a, b in pairwise(row)},
    }


_OF_LISTS: dict[str, Callable[[list[str]], list[str]]] = {
    "same": lambda items: items,
    "reverse": lambda items: items[::-1],
    "first": lambda items: items[:1],
    "last": lambda items: items[-1:],
    "without the first": lambda items: items[1:],
    "without the last": lambda items: items[:-1],
    "each twice": lambda items: [item for item in items for _ in range(2)],
    "first two swapped": lambda items: [items[1], items[0], *items[2:]],
    "first and last": lambda items: [items[0], items[-1]],
    "second": lambda items: items[1:2],
    "last to the front": lambda items: [items[-1], *items[:-1]],
}
HELD_OUT_RULES = ("second", "last to the front", "previous", "add 4", "add 7")
# How often each rule is drawn; the ten ways of adding share what one rule has. Which rule of lists it is must be found
# in the examples alone, so they need the most practice.
WEIGHTS = dict.fromkeys(_tables(), 1.0) | dict.fromkeys(_OF_LISTS, 2.5) | {f"add {n}": 0.25 for n in range(1, 11)}


@lru_cache(maxsize=1)
def rules() -> dict[str, Rule]:
    """Every rule by name, those kept out of training included."""
    found = [Rule(name, i, table) for i, (name, table) in enumerate(_tables().items())]
    found += [Rule(name, i, None, of_list) for i, (name, of_list) in enumerate(_OF_LISTS.items())]
    return {rule.name: rule for rule in found}


Belief = dict[Rule, float]  # the rules that are possible after the pairs so far, with their probabilities


class Case(str):
    """An input, and how likely each rule is together with it."""

    __slots__ = ("weighed",)
    weighed: list[tuple[Rule, float]]

    def __new__(cls, text: str, weighed: list[tuple[Rule, float]]) -> "Case":
        case = str.__new__(cls, text)
        case.weighed = weighed
        return case


@dataclass(frozen=True, eq=False)
class Player:
    """The Bayesian: the rules that there are for him, and the inputs that they can have.

    withheld=False: the inputs of training; True: all inputs, for games that hold what training kept out.
    """

    names: tuple[str, ...]
    withheld: bool = False
    prior: Belief = field(init=False)
    inputs: dict[Rule, tuple[str, ...]] = field(init=False)  # of the rules that have a table
    rules_of: dict[str, list[Rule]] = field(init=False)  # the other way round

    def __post_init__(self) -> None:
        mine = [rules()[name] for name in self.names]
        total = sum(WEIGHTS[rule.name] for rule in mine)
        object.__setattr__(self, "prior", {rule: WEIGHTS[rule.name] / total for rule in mine})
        inputs = {r: tuple(x for x in r.table if self.withheld or not r.is_withheld(x)) for r in mine if r.table}
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "rules_of", {})
        for rule, given in inputs.items():
            for x in given:
                self.rules_of.setdefault(x, []).append(rule)

    def weigh(self, belief: Belief, given: str, seen: Sequence[str]) -> list[tuple[Rule, float]]:
        """P(rule and this case | the pairs so far, of the cases `seen`), for each rule that can have this case.

        Of its table a rule takes each case once; of lists there are so many that it does not care.
        """
        if given in self.rules_of:
            if given in seen:
                return []
            return [(r, belief[r] / (len(self.inputs[r]) - len(seen))) for r in self.rules_of[given] if r in belief]
        items = given.split(" ")
        if (pool := pool_of(items)) is None:
            return []
        p = math.exp(pool.log_prob(len(items))) / (1 if self.withheld else 1 - 1 / WITHHELD)
        total = sum([pool.number[item] for item in items])
        return [
            (rule, belief[rule] * p) for rule in belief
            if rule.table is None and (self.withheld or (total + rule.number) % WITHHELD)
        ]  # fmt: skip

    def draw_input(self, rule: Rule, seen: Sequence[str], dice: Callable[[], float]) -> str:
        """A case for the rule, by dice."""
        while True:
            if rule.table is not None:
                given = self.inputs[rule][int(dice() * len(self.inputs[rule]))]
                if given not in seen:
                    return given
            else:
                pool = POOLS[int(dice() * len(POOLS))].pool
                length = LIST_LENGTHS[int(dice() * len(LIST_LENGTHS))]
                given = " ".join([pool[int(dice() * len(pool))] for _ in range(length)])
                if self.withheld or not rule.is_withheld(given):
                    return given


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases that may come next, as a space."""

    player: Player
    belief: Belief
    seen: tuple[str, ...]
    sign: str  # what the text has after a case

    def draw(self, dice: Callable[[], float]) -> tuple[Case, float]:
        """See Space.draw."""
        return self._case(self.player.draw_input(_choose_rule(self.belief.items(), dice), self.seen, dice))

    def read(self, text: str, at: int) -> Iterator[tuple[Case, float]]:
        """See Space.read."""
        end = text.find(self.sign, at)
        if end > 0 and self.player.weigh(self.belief, text[at:end], self.seen):
            yield self._case(text[at:end])

    def all(self) -> Iterator[tuple[Case, float]]:
        """See Space.all."""
        lists = (" ".join(items) for pool in POOLS for n in LIST_LENGTHS for items in product(pool.pool, repeat=n))
        possible = any(rule.table is None for rule in self.belief)
        for given in chain(self.player.rules_of, lists if possible else ()):
            if self.player.weigh(self.belief, given, self.seen):
                yield self._case(given)

    def _case(self, given: str) -> tuple[Case, float]:
        weighed = self.player.weigh(self.belief, given, self.seen)
        return Case(given, weighed), math.log(sum([p for _, p in weighed]))


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What may be made of a case, as a space."""

    case: Case

    def draw(self, dice: Callable[[], float]) -> tuple[str, float]:
        """See Space.draw."""
        outcome = str(_choose_rule(self.case.weighed, dice).apply(self.case))
        return outcome, math.log(_outcomes(self.case.weighed, self.case)[outcome])

    def read(self, text: str, at: int) -> Iterator[tuple[str, float]]:
        """See Space.read."""
        return ((outcome, p) for outcome, p in self.all() if text.startswith(outcome, at))

    def all(self) -> Iterator[tuple[str, float]]:
        """See Space.all."""
        return ((outcome, math.log(p)) for outcome, p in _outcomes(self.case.weighed, self.case).items())


def _choose_rule(options: Iterable[tuple[Rule, float]], dice: Callable[[], float]) -> Rule:
    options = list(options)
    u = dice() * sum([p for _, p in options])
    for option, p in options:  # noqa: B007 (the last one stands when rounding leaves some of u over)
        u -= p
        if u < 0:
            break
    return option


def _outcomes(weighed: list[tuple[Rule, float]], given: str) -> dict[str, float]:
    """P(outcome | the case and the pairs before it)."""
    found: dict[str, float] = {}
    total = sum([p for _, p in weighed])
    for rule, p in weighed:
        outcome = str(rule.apply(given))  # who is weighed has this case
        found[outcome] = found.get(outcome, 0.0) + p / total
    return found


def _belief_after(case: Case, outcome: str) -> Belief:
    """The belief after this outcome."""
    right = [(rule, p) for rule, p in case.weighed if rule.apply(case) == outcome]
    total = sum([p for _, p in right])
    return {rule: p / total for rule, p in right}


TRAINED_RULES = tuple(name for name in WEIGHTS if name not in HELD_OUT_RULES)
LIST_RULES = tuple(_OF_LISTS)  # whoever has found one can do any case; of the others, each case must be known


@lru_cache(maxsize=2)
def player(everything: bool = False) -> Player:
    """The Bayesian of training: with its rules and its inputs only; or one who knows everything."""
    return Player(tuple(WEIGHTS), True) if everything else Player(TRAINED_RULES)


# -- for analysis: what the Bayesian believes, and games to hold a model against him ---------------------------------


def belief_after(pairs: Sequence[tuple[str, str]], bayesian: Player | None = None) -> Belief:
    """P(rule | these pairs). Empty when no rule of this Bayesian could have written them."""
    bayesian = bayesian or player()
    belief = bayesian.prior
    for i, (given, outcome) in enumerate(pairs):
        weighed = bayesian.weigh(belief, given, [x for x, _ in pairs[:i]])
        if not any(rule.apply(given) == outcome for rule, _ in weighed):
            return {}
        belief = _belief_after(Case(given, weighed), outcome)
    return belief


def predictive(pairs: Sequence[tuple[str, str]], given: str, bayesian: Player | None = None) -> dict[str, float]:
    """P(outcome | these pairs and this case). Empty when this Bayesian thinks the game impossible."""
    bayesian = bayesian or player()
    weighed = bayesian.weigh(belief_after(pairs, bayesian), given, [x for x, _ in pairs])
    return _outcomes(weighed, given) if weighed else {}


@dataclass(frozen=True)
class Game:
    """`pairs` are the examples, `given` the case to do, `outcome` what the rule makes of it."""

    rule: str
    pairs: tuple[tuple[str, str], ...]
    given: str
    outcome: str

    def prompt(self, title: str = "Find the rule!", sign: str = " -> ") -> str:
        """The text of the game up to the outcome, as training has it."""
        lines = [f"\n {given}{sign}{outcome}" for given, outcome in (*self.pairs, (self.given, ""))]
        return title + "".join(lines).removesuffix(" ")


def game(rule: str, k: int, seed: int, withheld: bool = True) -> Game:
    """A game of this rule with k examples; the same seed gives the same game.

    The case to do is one that training withholds or, with withheld=False, one that it may hold. Of a rule that training
    knows, the examples are such as training has; of a rule kept out, anything.
    """
    dice = random.Random(f"{rule} {k} {seed}").random
    mine = rules()[rule]
    every, usual = Player((rule,), withheld=True), Player((rule,))
    examples = every if rule in HELD_OUT_RULES else usual
    seen: list[str] = []
    while len(seen) < k:
        seen.append(examples.draw_input(mine, seen, dice))
    while True:
        given = every.draw_input(mine, seen, dice)
        if rule in HELD_OUT_RULES or mine.is_withheld(given) == withheld:
            return Game(rule, tuple((x, str(mine.apply(x))) for x in seen), given, str(mine.apply(given)))


# -- for the grammar -------------------------------------------------------------------------------------------------


def _cases(env: Env) -> Space:
    return Cases(player(), env.get("belief") or player().prior, env.get("cases", ()), env["s"])


def _settle(env: Env, x: str, y: str) -> None:
    env["belief"] = _belief_after(env[x], env[y])
    env["cases"] = (*env.get("cases", ()), env[x])


SIGNS = (" -> ", ": ", " = ", " gives ")
DOMAINS: dict[str, Callable[..., Sequence[Any]]] = {"sign": lambda _env: SIGNS}
SPACES: dict[str, Callable[..., Space]] = {"case": _cases, "outcome": lambda env, x: Outcomes(env[x])}
EFFECTS: dict[str, Callable[..., None]] = {"settle": _settle}
