"""Tinyland's little language: a function of one number, calls of it, and what the text says that they give.

    def grow(n):
        return n * 3 + 2
    >>> grow(4)
    14

It is read and run here and nowhere else: numbers, one parameter, + - * and brackets. Nothing of it ever reaches
Python's own evaluation, and length, depth and the size of numbers are bounded.
"""

import re
from dataclasses import dataclass

LONGEST = 2000  # characters of a program
MOST = 200  # numbers, names and signs of an expression
DEEPEST = 40  # brackets within brackets
DIGITS = 18  # of a number that is written down
LARGEST = 10**60  # of one that is computed on the way

_HEAD = re.compile(r"def ([A-Za-z_]\w{0,40})\(([A-Za-z_]\w{0,40})\):\n", re.ASCII)
_RETURN = re.compile(r" {4}return ([^\n]*)(?:\n|$)")
_CALL = re.compile(r">>> ([A-Za-z_]\w{0,40})\((-?\d+)\)(?:\n|$)", re.ASCII)
_RESULT = re.compile(r"(-?\d+)(?:\n|$)", re.ASCII)
_PART = re.compile(r"\s*(?:(\d+)|([A-Za-z_]\w*)|([-+*()]))", re.ASCII)
Part = int | str  # a number, "x" for the parameter, or an operation: "+", "-", "*", "negate"


class ProgramError(ValueError):
    """What stands there is no program of this language; `at` is the character where that shows."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True)
class Step:
    """One operation: `left` sign `right` gives `result`; a sign change has no left."""

    left: int | None
    sign: str
    right: int
    result: int

    def __str__(self) -> str:
        left = "" if self.left is None else f"{self.left} "
        return f"{left}{self.sign} {self.right} = {self.result}"


@dataclass(frozen=True)
class Call:
    """A call at characters [start, end) of the text: what it gives, and what the text says that it gives (None:
    nothing yet)."""

    argument: int
    computed: int
    stated: int | None
    start: int
    end: int

    @property
    def right(self) -> bool:
        return self.stated == self.computed


@dataclass(frozen=True)
class Program:
    """`postfix` is the expression with each operation after what it works on."""

    name: str
    parameter: str
    expression: str
    postfix: tuple[Part, ...]
    calls: tuple[Call, ...]


def read(text: str) -> Program:
    """The program of this text, run. Raises ProgramError."""
    if len(text) > LONGEST:
        raise ProgramError(f"longer than {LONGEST:,} characters", LONGEST)
    head = _HEAD.match(text)
    if not head:
        raise ProgramError("a program begins with a line such as “def grow(n):”", 0)
    body = _RETURN.match(text, head.end())
    if not body:
        raise ProgramError("after it stands “    return” with four spaces before it", head.end())
    postfix = compiled(body[1], head[2], body.start(1))
    return Program(head[1], head[2], body[1], postfix, _calls(text, body.end(), head[1], postfix))


def _calls(text: str, at: int, name: str, postfix: tuple[Part, ...]) -> tuple[Call, ...]:
    calls = []
    while at < len(text):
        call = _CALL.match(text, at)
        if not call:
            raise ProgramError(f"here could stand a call such as “>>> {name}(3)”", at)
        if call[1] != name:
            raise ProgramError(f"no function here is called “{call[1]}”", call.start(1))
        argument, result = _number(call[2], call.start(2)), _RESULT.match(text, call.end())
        stated = _number(result[1], result.start(1)) if result else None
        place = (result.start(1), result.end(1)) if result else (call.end(), call.end())
        try:
            computed = run(postfix, argument)[0]
        except ProgramError as error:
            raise ProgramError(str(error), call.start()) from None
        calls.append(Call(argument, computed, stated, *place))
        at = result.end() if result else call.end()
    return tuple(calls)


def _number(digits: str, at: int) -> int:
    if len(digits) > DIGITS:
        raise ProgramError(f"a number of more than {DIGITS} digits", at)
    return int(digits)


# -- expressions -------------------------------------------------------------------------------------------------------


def compiled(expression: str, parameter: str, offset: int = 0) -> tuple[Part, ...]:
    """The expression in postfix, its multiplications first (Dijkstra's shunting yard, with a depth). `offset`: where it
    begins in its text, for the places of errors."""
    out: list[Part] = []
    waiting: list[str] = []  # operations and open brackets
    rank = {"+": 1, "-": 1, "*": 2, "negate": 3}
    value_next = True  # whether a value must come now

    for at, part in _parts(expression, offset):
        if value_next and (isinstance(part, int) or part == parameter):
            out.append(part if isinstance(part, int) else "x")
            value_next = False
        elif value_next and part == "-":
            waiting.append("negate")
        elif value_next and part == "(":
            waiting.append("(")
            if waiting.count("(") > DEEPEST:
                raise ProgramError("brackets within too many brackets", at)
        elif not value_next and part == ")":
            while waiting and waiting[-1] != "(":
                out.append(waiting.pop())
            if not waiting:
                raise ProgramError("a bracket is closed that was never opened", at)
            waiting.pop()
        elif not value_next and part in ("+", "-", "*"):
            while waiting and waiting[-1] != "(" and rank[waiting[-1]] >= rank[str(part)]:
                out.append(waiting.pop())
            waiting.append(str(part))
            value_next = True
        elif isinstance(part, str) and (part[0].isalpha() or part[0] == "_"):
            known = f"the only name that has a value here is “{parameter}”"
            raise ProgramError(known if part != parameter else "a sign is missing before this name", at)
        else:
            raise ProgramError(f"“{part}” cannot stand here", at)
    if value_next:
        raise ProgramError("a value is missing", offset + len(expression))
    if "(" in waiting:
        raise ProgramError("a bracket is not closed", offset + len(expression))
    return (*out, *reversed(waiting))


def _parts(expression: str, offset: int) -> list[tuple[int, Part]]:
    """(where it stands, a number, a name or a sign) for each part."""
    found: list[tuple[int, Part]] = []
    at = 0
    while expression[at:].strip():
        part = _PART.match(expression, at)
        if not part:
            start = at + len(expression[at:]) - len(expression[at:].lstrip())
            raise ProgramError(f"“{expression[start]}” is no part of this language", offset + start)
        place = offset + part.start(part.lastindex or 0)
        found.append((place, _number(part[1], place) if part[1] else str(part[2] or part[3])))
        if len(found) > MOST:
            raise ProgramError(f"more than {MOST} numbers, names and signs", place)
        at = part.end()
    return found


def run(postfix: tuple[Part, ...], argument: int) -> tuple[int, list[Step]]:
    """What an expression gives for this argument, and the operations in their order."""
    stack: list[int] = []
    steps: list[Step] = []
    for part in postfix:
        if isinstance(part, int):
            stack.append(part)
        elif part == "x":
            stack.append(argument)
        else:
            right = stack.pop()
            left = None if part == "negate" else stack.pop()
            result = _apply(part, left, right)
            if abs(result) > LARGEST:
                raise ProgramError("this call gives a number that is too large", 0)
            steps.append(Step(left, "-" if part == "negate" else part, right, result))
            stack.append(result)
    return stack.pop(), steps


def _apply(sign: str, left: int | None, right: int) -> int:
    if left is None:
        return -right
    return {"+": left + right, "-": left - right, "*": left * right}[sign]  # both within LARGEST
