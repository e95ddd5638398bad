"""Marks: which part of a text was written by what."""

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

Mark = tuple[int, int, str, Any, str]  # start, end, kind, value, form


def positions(out: list[str], marks: list[tuple[int, str, Any, str]]) -> tuple[Mark, ...]:
    """Marks by index into the written pieces -> marks by character."""
    ends = [0, *accumulate(map(len, out))]
    return _answers(
        (ends[i], ends[i + 1] if name not in "<>" else ends[i], name, v, form) for i, name, v, form in marks
    )


def unwind(marks: tuple[Any, ...]) -> tuple[Mark, ...]:
    """Marks of a reading, each linked to the one before it -> marks in their order."""
    found = []
    while marks:
        (start, end, name, value, form), marks = marks
        if isinstance(start, str):  # enumerated: the text so far stands for the position
            start, end = len(start), len(end)
        found.append((start, end, name, value, form))
    return _answers(reversed(found))


def _answers(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Pair {<} with {>} into one mark named "answer"."""
    done: list[Mark] = []
    opened = 0
    for mark in marks:
        if mark[2] == "<":
            opened = mark[0]
        elif mark[2] == ">":
            done.append((opened, mark[0], "answer", None, ""))
        else:
            done.append(mark)
    return tuple(done)
