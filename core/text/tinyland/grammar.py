"""The engine: one grammar, written as data, that is sampled, parsed and enumerated by the same rules.

A grammar is a set of rules; a rule is a weighted choice between alternatives; an alternative is a template with
choices in it. A *derivation* is the sequence of choices made, and its probability is the product of theirs. The text
is a function of the derivation. Sampling makes the choices with dice (`Grammar.sample`); parsing tries every choice
that the text allows, and enumerating tries every choice (both `Grammar.derivations`).

The pattern language, a line per alternative below the name of its rule:

    event
      3              | {@subject} went to the {p=nearby s}. | go s p
      2 ?holding s   | {@subject} dropped the {x=held s}.      | drop s x

    3  ?guard args   weight (a number, or the name of a function of the state), then guards that must hold
    {p=domain args}  choose uniformly from a domain, bind it to `p`, and write it
    {p=domain:a}     the same, written in the form `a` ("a kite"); the form `-` writes nothing
    {p=space args}   draw from a space: values that are too many to list, or not equally likely
    {p} {p:form}     write what is bound to `p`
    {@rule}          expand another rule
    {<}  {>}         an answer starts, ends
    ⏎  •             a new line, a space at an end
    effects          separated by commas, applied after the template: they change the state
"""

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Any, Protocol

from core.text.tinyland.marks import Mark, positions, unwind

Env = dict[Any, Any]  # variables by name, and the state of the story by tuples such as ("at", person)
Op = tuple[Any, ...]  # a code, then what that code needs
Call = tuple[Callable[..., Any], tuple[str, ...]]  # a function of the vocabulary, and its arguments
LITERAL, WRITE, PICK, CALL, ANSWER, DRAW = range(6)
_TOKEN = re.compile(r"\{([^{}]+)\}")


class GrammarError(ValueError):
    """A pattern file says something that the grammar cannot mean."""


class Space(Protocol):
    """Values that are too many to list, or not equally likely, each with its log-probability."""

    def draw(self, random: Callable[[], float]) -> tuple[Any, float]:
        """A value by dice."""

    def read(self, text: str, at: int) -> Iterable[tuple[Any, float]]:
        """The values that may be written at this place of a text."""

    def all(self) -> Iterable[tuple[Any, float]]:
        """Every value, where somebody wants to enumerate a small world."""


@dataclass(frozen=True)
class Vocabulary:
    """What the names in the patterns mean: each a function of the state (and of the variables named after it)."""

    domains: dict[str, Callable[..., Sequence[Any]]]
    spaces: dict[str, Callable[..., Space]]
    guards: dict[str, Callable[..., bool]]
    effects: dict[str, Callable[..., None]]
    forms: dict[str, Callable[[Any], str]]
    weights: dict[str, Callable[[Env], float]]


@dataclass(slots=True, eq=False)
class Alternative:
    ops: list[Op]
    effects: list[Call]
    guards: list[Call]
    weight: float
    weigh: Callable[[Env], float] | None
    source: str


@dataclass(slots=True, eq=False)
class Rule:
    name: str
    alternatives: list[Alternative] = field(default_factory=list)
    fixed: bool = True  # no guard and no computed weight: the odds never change
    cumulative: list[float] = field(default_factory=list)
    log_weights: list[float] = field(default_factory=list)

    def freeze(self) -> None:
        self.fixed = all(not a.guards and a.weigh is None for a in self.alternatives)
        weights = [a.weight for a in self.alternatives]
        self.cumulative = list(accumulate(weights))
        if self.fixed:
            self.log_weights = [math.log(w / self.cumulative[-1]) for w in weights]

    def odds(self, env: Env) -> list[tuple[Alternative, float]]:
        """The alternatives possible in this state, with their probabilities."""
        possible, total = self.possible(env)
        return [(alternative, weight / total) for alternative, weight in possible]

    def possible(self, env: Env) -> tuple[list[tuple[Alternative, float]], float]:
        """The alternatives possible in this state, with their weights, and the sum of these."""
        possible = []
        total = 0.0
        for alternative in self.alternatives:
            for guard, args in alternative.guards:
                if not guard(env, *args):
                    break
            else:
                weight = alternative.weigh(env) if alternative.weigh else alternative.weight
                if weight > 0:
                    total += weight
                    possible.append((alternative, weight))
        return possible, total


@dataclass(frozen=True, slots=True)
class Derivation:
    """A text, how likely the grammar is to write it by these choices (nats), and what was written where.

    `marks`: (start, end, kind, value, form); kind is a variable's name, or "answer".
    """

    text: str
    log_prob: float
    env: Env
    _marks: Callable[[], tuple[Mark, ...]]  # worked out only when asked for: training never does

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self._marks()


class Grammar:
    def __init__(self, patterns: str, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.rules: dict[str, Rule] = {}
        self._read(patterns)

    # -- reading the patterns ----------------------------------------------------------------------------------

    def _read(self, patterns: str) -> None:
        rule = None
        for line in patterns.splitlines():
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if not line[0].isspace():
                rule = self.rule(line.strip())
                if rule.alternatives:
                    raise GrammarError(f"rule {rule.name!r} is written twice")
            elif rule is None:
                raise GrammarError(f"no rule above the line {line!r}")
            else:
                rule.alternatives.append(self._alternative(line))
        for rule in self.rules.values():
            if not rule.alternatives:
                raise GrammarError(f"rule {rule.name!r} is used but not written")
            rule.freeze()

    def rule(self, name: str) -> Rule:
        return self.rules.setdefault(name, Rule(name))

    def _alternative(self, line: str) -> Alternative:
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) not in (2, 3):
            raise GrammarError(f"expected 'weight | template | effects', got {line!r}")
        weight, *guards = parts[0].split("?")
        named = self.vocabulary.weights.get(weight.strip())
        return Alternative(
            ops=self._ops(parts[1]),
            effects=[self._call(e, self.vocabulary.effects) for e in parts[2].split(",")] if len(parts) == 3 else [],
            guards=[self._call(g, self.vocabulary.guards) for g in guards],
            weight=1.0 if named else float(weight or 1),
            weigh=named,
            source=parts[1],
        )

    def _call(self, words: str, table: Mapping[str, Callable[..., Any]]) -> Call:
        name, *args = words.split()
        if name not in table:
            raise GrammarError(f"{name!r} is not one of {sorted(table)}")
        return table[name], tuple(args)

    def _ops(self, template: str) -> list[Op]:
        ops: list[Op] = []
        for i, part in enumerate(_TOKEN.split(template.replace("⏎", "\n").replace("•", " "))):
            if i % 2 == 0:
                if part:
                    ops.append((LITERAL, part))
            elif part in "<>":
                ops.append((ANSWER, part))
            elif part.startswith("@"):
                ops.append((CALL, self.rule(part[1:])))
            else:
                ops.append(self._slot(part))
        return ops

    def _slot(self, part: str) -> Op:
        name, _, form = part.partition(":")
        if form != "-" and form not in self.vocabulary.forms:
            raise GrammarError(f"{form!r} in {part!r} is not one of the forms {sorted(self.vocabulary.forms)}")
        write = None if form == "-" else self.vocabulary.forms[form]
        if "=" not in name:
            return (WRITE, name, write, form)
        variable, _, domain = name.partition("=")
        if domain.split()[0] in self.vocabulary.spaces:
            if write is None:
                raise GrammarError(f"what is drawn from a space must be written, and {part!r} hides it")
            return (DRAW, variable, write, form, *self._call(domain, self.vocabulary.spaces))
        return (PICK, variable, write, form, *self._call(domain, self.vocabulary.domains))

    # -- writing: choices by dice ------------------------------------------------------------------------------

    def sample(self, start: str, random: Callable[[], float]) -> Derivation:
        """Write one text from the rule `start`; `random()` gives a float in [0, 1) for each choice."""
        env: Env = {}
        out: list[str] = []
        marks: list[tuple[int, str, Any, str]] = []
        choices = 1.0  # product of the probabilities since the last logarithm
        log_prob = 0.0
        write, mark, log = out.append, marks.append, math.log

        def expand(rule: Rule) -> None:
            nonlocal choices, log_prob
            if len(rule.alternatives) == 1:
                alternative = rule.alternatives[0]
            elif rule.fixed:
                i = bisect_right(rule.cumulative, random() * rule.cumulative[-1])
                alternative = rule.alternatives[i]
                log_prob += rule.log_weights[i]
            else:
                u = random()
                possible, total = rule.possible(env)
                for alternative, weight in possible:  # noqa: B007 (the last one stands when rounding leaves u over)
                    u -= weight / total
                    if u < 0:
                        break
                log_prob += log(weight / total)
            for op in alternative.ops:
                code = op[0]
                if code == LITERAL:
                    write(op[1])
                elif code == WRITE:
                    value = env[op[1]]
                    mark((len(out), op[1], value, op[3]))
                    write(op[2](value))
                elif code == PICK:
                    options = op[4](env, *op[5])
                    n = len(options)
                    value = env[op[1]] = options[int(random() * n)] if n > 1 else options[0]
                    if n > 1:
                        choices /= n
                        if choices < 1e-200:
                            log_prob += log(choices)
                            choices = 1.0
                    if op[2] is not None:
                        mark((len(out), op[1], value, op[3]))
                        write(op[2](value))
                elif code == CALL:
                    expand(op[1])
                elif code == DRAW:
                    value, p = op[4](env, *op[5]).draw(random)
                    log_prob += p
                    env[op[1]] = value
                    mark((len(out), op[1], value, op[3]))
                    write(op[2](value))
                else:
                    mark((len(out), op[1], None, ""))
            for effect, args in alternative.effects:
                effect(env, *args)

        expand(self.rules[start])
        return Derivation("".join(out), log_prob + log(choices), env, lambda: positions(out, marks))

    # -- reading: every choice that the text allows ------------------------------------------------------------

    def derivations(
        self, start: str, text: str | None = None, reached: list[int] | None = None
    ) -> Iterator[Derivation]:
        """Every derivation of `text` from `start`; of every text the grammar can write when `text` is None.

        `reached`, a list of one int, is raised to the furthest character that some derivation explained.
        """
        log = math.log

        def known(end: int | None) -> bool:  # a way that ends there tells nothing new
            return end is not None and (reached is None or end <= reached[0])

        first = (((CALL, self.rule(start)),), 0, (), None)
        agenda: list[tuple[Any, ...]] = [(first, "" if text is None else 0, {}, 0.0, ())]
        while agenda:
            frame, at, env, log_prob, marks = agenda.pop()
            while frame is not None:
                ops, i, effects, parent = frame
                if i == len(ops):
                    for effect, args in effects:
                        effect(env, *args)
                    frame = parent
                    continue
                op = ops[i]
                frame = (ops, i + 1, effects, parent)
                code = op[0]
                if code in (LITERAL, WRITE):
                    written = op[1] if code == LITERAL else op[2](env[op[1]])
                    after = _advance(text, at, written)
                    if after is None:
                        break
                    if code == WRITE:
                        marks = ((at, after, op[1], env[op[1]], op[3]), marks)
                    at = after
                elif code == ANSWER:
                    marks = ((at, at, op[1], None, ""), marks)
                elif code == PICK:
                    if text is not None and op[2] is None and known(_after_picks(ops, i, text, at, env)):
                        break
                    options = op[4](env, *op[5])
                    cost = log(len(options)) if options else 0.0
                    for value in options:
                        after = at if op[2] is None else _advance(text, at, op[2](value))
                        if after is not None:
                            new = marks if op[2] is None else ((at, after, op[1], value, op[3]), marks)
                            agenda.append((frame, after, {**env, op[1]: value}, log_prob - cost, new))
                    break
                elif code == DRAW:
                    space = op[4](env, *op[5])
                    for value, p in space.all() if text is None else space.read(text, at):
                        after = _advance(text, at, op[2](value))
                        if after is not None:
                            new = ((at, after, op[1], value, op[3]), marks)
                            agenda.append((frame, after, {**env, op[1]: value}, log_prob + p, new))
                    break
                else:
                    for alternative, p in op[1].odds(env):
                        if text is None or not known(furthest(alternative.ops, 0, text, at, env)):
                            inner = (alternative.ops, 0, alternative.effects, frame)
                            agenda.append((inner, at, dict(env), log_prob + log(p), marks))
                    break
                if reached is not None and at > reached[0]:
                    reached[0] = at
            else:
                if text is None or at == len(text):
                    yield Derivation(at if text is None else text, log_prob, env, partial(unwind, marks))


def furthest(ops: list[Op], i: int, text: str, at: int, env: Env) -> int | None:
    """How far the text goes along with the operations from i on before it says something else; None where it may go
    along, and where only trying can tell."""
    start = at
    while i < len(ops):
        op = ops[i]
        if op[0] == LITERAL:
            written = op[1]
        elif op[0] == WRITE and op[1] in env:
            written = op[2](env[op[1]])
        elif op[0] == CALL and at == start:
            ends = [furthest(inner.ops, 0, text, at, env) for inner in op[1].alternatives]
            told = [end for end in ends if end is not None]
            return max(told) if len(told) == len(ends) else None
        else:
            return None
        if not text.startswith(written, at):
            return at
        at, i = at + len(written), i + 1
    return None


def _after_picks(ops: list[Op], i: int, text: str, at: int, env: Env) -> int | None:
    """How far the text goes along with what stands after the picks from i on that write nothing, whatever they pick."""
    unknown = set()
    while i < len(ops) and ops[i][0] == PICK and ops[i][2] is None:
        unknown.add(ops[i][1])
        i += 1
    return furthest(ops, i, text, at, {name: env[name] for name in env.keys() - unknown})


def _advance(text: str | None, at: Any, written: str) -> Any:  # noqa: ANN401 (a place, or the text so far)
    """Where the text stands after `written`; None if it says something else. With no text: the text so far."""
    if text is None:
        return at + written
    return at + len(written) if text.startswith(written, at) else None
