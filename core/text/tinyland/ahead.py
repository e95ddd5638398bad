"""What may come next: the exact distribution of the next token after the beginning of a document.

Every way of writing the beginning is followed a little further, until the next token is settled; the probabilities of
the ways are those of the grammar. So the product over a document's tokens is the document's own probability.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import regex

from core.text.tinyland.birthdays import Celebrants
from core.text.tinyland.coined import Shapes, Without
from core.text.tinyland.games import Outcomes
from core.text.tinyland.grammar import CALL, DRAW, LITERAL, PICK, WRITE, Alternative, Env, Grammar, Space
from core.text.tinyland.stream import Stream
from core.text.tokenizer import Tokenizer

LISTED = (Celebrants, Outcomes)  # spaces whose values are few enough to try each
MOST_WAYS = 60_000  # that one kind of document is followed for one token
Way = tuple[str | None, float, bool]  # the text after the beginning (None: too many to list), its log-probability, end?


class TooManyWays(ValueError):
    """The beginning can go on in more ways than can be followed."""


@dataclass(frozen=True)
class Ahead:
    """`probs`: of each token that may come next; they add up to 1. `open`: the part of the probability, at most, whose
    next token comes from a list too long to follow, such as all names that can be made up; `probs` leave it out."""

    probs: dict[int, float]
    open: float

    @property
    def entropy(self) -> float:
        """Nats."""
        return -sum(p * math.log(p) for p in self.probs.values() if p > 0)


class Foresight:
    """The next token in documents of a stream, as it is cut by a tokenizer. `kinds`: all of the stream, unless only
    some are asked for; the others are then taken to be impossible."""

    def __init__(self, tokenizer: Tokenizer, stream: Stream) -> None:
        self.tokenizer, self.stream = tokenizer, stream

    def after(self, ids: Sequence[int]) -> Ahead:
        """What may follow these ids, the beginning of a document without its start token. TooManyWays: see there.
        ValueError: no document begins so."""
        text = self.tokenizer.decode(ids)
        head = (self.tokenizer.split(text) or [""])[-1]  # how the text before it is cut is settled
        begun: list[int] = []
        for id in reversed(ids):
            if len(self.tokenizer.decode_bytes(begun)) >= len(head.encode()):
                break
            begun.insert(0, id)
        cut, settled = self._next_token(head, begun), self._settled(head)
        mass: dict[int, float] = defaultdict(float)
        unknown = 0.0
        for kind, share in self.stream.shares.items():
            for way, log_prob, ends in ways(self.stream.rules, kind, text, settled):
                p = share * math.exp(log_prob)
                if way is None:
                    unknown += p
                elif (token := cut(way, ends)) is not None:
                    mass[token] += p
        total = sum(mass.values())
        if not total:
            raise ValueError(
                "no document of Tinyland begins so" if not unknown else "only what cannot be listed follows"
            )
        return Ahead({token: p / total for token, p in mass.items()}, unknown / (total + unknown))

    def _settled(self, head: str) -> Callable[[str], bool]:
        """Whether a text after the beginning is long enough to know the next token."""

        @cache
        def settled(tail: str) -> bool:
            return sum(map(len, self.tokenizer.split(head + tail)[:-1])) > len(head)

        return settled

    def _next_token(self, head: str, begun: list[int]) -> Callable[[str, bool], int | None]:
        """The token that follows when the beginning, whose last chunk is `head` in the tokens `begun`, goes on with a
        text; None where that would not have been cut so."""

        @cache
        def cut(tail: str, ends: bool) -> int | None:
            chunks = self.tokenizer.split(head + tail)
            whole = chunks if ends else chunks[:-1]
            after = [id for chunk in whole for id in self.tokenizer.encode(chunk)] + [self.tokenizer.eot] * ends
            return after[len(begun)] if after[: len(begun)] == begun and len(after) > len(begun) else None

        return cut


def ways(rules: Grammar, start: str, beginning: str, settled: Callable[[str], bool]) -> Iterator[Way]:
    """Every way in which the grammar goes on after the beginning, each followed until it is settled or ends."""
    followed = 0
    first = (((CALL, rules.rule(start)),), 0, (), None)
    agenda: list[tuple[Any, int, str, Env, float]] = [(first, 0, "", {}, 0.0)]
    while agenda:
        frame, at, tail, env, log_prob = agenda.pop()
        followed += 1
        if followed > MOST_WAYS:
            raise TooManyWays(f"a {start} can go on in more than {MOST_WAYS:,} ways")
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
                after = _goes_on(beginning, at, tail, op[1] if code == LITERAL else op[2](env[op[1]]))
                if after is None:
                    break
                at, tail = after
                if tail and settled(tail):
                    yield tail, log_prob, False
                    break
            elif code == PICK:
                options = op[4](env, *op[5])
                cost = math.log(len(options)) if options else 0.0
                for value in options:
                    after = (at, tail) if op[2] is None else _goes_on(beginning, at, tail, op[2](value))
                    if after is not None:
                        agenda.append((frame, *after, {**env, op[1]: value}, log_prob - cost))
                break
            elif code == DRAW:
                values, more = _values(op[4](env, *op[5]), beginning, at)
                for value, p in values:
                    after = _goes_on(beginning, at, tail, op[2](value))
                    if after is not None:
                        agenda.append((frame, *after, {**env, op[1]: value}, log_prob + p))
                if more:
                    yield None, log_prob, False
                break
            elif code == CALL:
                for alternative, p in op[1].odds(env):
                    if _may_begin(alternative, beginning, at, env):
                        inner = (alternative.ops, 0, alternative.effects, frame)
                        agenda.append((inner, at, tail, dict(env), log_prob + math.log(p)))
                break
        else:
            if at == len(beginning):
                yield tail, log_prob, True


def _values(space: Space, beginning: str, at: int) -> tuple[Iterable[tuple[Any, float]], bool]:
    """The values of a space that the beginning may hold here, and whether there are more, which nobody can list."""
    if isinstance(space, LISTED):
        return space.all(), False
    if at == len(beginning):
        return (), True
    shapes = space.space if isinstance(space, Without) else space
    more = bool(_started(shapes).fullmatch(beginning, at, partial=True)) if isinstance(shapes, Shapes) else True
    return space.read(beginning, at), more


@lru_cache(maxsize=16)
def _started(shapes: Shapes) -> regex.Pattern[str]:
    """Matches what a text of one of the shapes begins with (as a partial match)."""
    one = ("".join(f"(?:{'|'.join(map(regex.escape, part))})" for part in shape) for shape in shapes.shapes)
    return regex.compile("|".join(one))


def _goes_on(beginning: str, at: int, tail: str, written: str) -> tuple[int, str] | None:
    """(place in the beginning, text after it) once more is written; None if the beginning says something else."""
    left = len(beginning) - at
    if not beginning.startswith(written[:left], at):
        return None
    return at + min(left, len(written)), tail + written[left:] if left < len(written) else tail


def _may_begin(alternative: Alternative, beginning: str, at: int, env: Env) -> bool:
    """Whether what an alternative writes first agrees with the beginning; true where only trying can tell."""
    if not alternative.ops or at == len(beginning):
        return True
    op = alternative.ops[0]
    if op[0] == LITERAL:
        return beginning.startswith(op[1][: len(beginning) - at], at)
    if op[0] == WRITE and op[1] in env:
        return beginning.startswith(op[2](env[op[1]])[: len(beginning) - at], at)
    if op[0] == CALL:
        return any(_may_begin(inner, beginning, at, env) for inner in op[1].alternatives)
    return True
