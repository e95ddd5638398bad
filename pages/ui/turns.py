"""Runs of pages take turns: some at a time, the others in the order in which they came.

A hundred runs at once would each come to Python's lock once in half a second, and so would the thread that sends what
they drew: all would be late. In turns the first are done at once, and all have done sooner.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 0.5  # seconds after which a run no longer keeps others waiting


class Turns:
    """At most `at_once` runs have their turn; one that takes longer than `patience` seconds no longer counts."""

    def __init__(self, at_once: int, patience: float = PATIENCE) -> None:
        self.at_once, self.patience = at_once, patience
        self._lock = threading.Lock()
        self._until: dict[object, float] = {}  # of the runs that have their turn, on the monotonic clock
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for one, and has it until the block ends."""
        mine = threading.Event()
        with self._lock:
            self._waiting.append(mine)
        while (seconds := self._seconds_to_wait(mine)) != 0:
            mine.wait(seconds)
        try:
            yield
        finally:
            with self._lock:
                del self._until[mine]
                self._wake_the_first()

    def _seconds_to_wait(self, mine: threading.Event) -> float | None:
        """None until woken; 0 where it has its turn now."""
        with self._lock:
            mine.clear()
            if self._waiting[0] is not mine:
                return None
            now = time.monotonic()
            counting = [until for until in self._until.values() if until > now]
            if len(counting) >= self.at_once:
                return min(counting) - now
            self._waiting.popleft()
            self._until[mine] = now + self.patience
            self._wake_the_first()
            return 0

    def _wake_the_first(self) -> None:
        if self._waiting:
            self._waiting[0].set()


TURNS = Turns(max(2, os.cpu_count() or 1))


def in_turn(run: Callable[..., T]) -> Callable[..., T]:
    """`run`, in its turn."""

    @wraps(run)
    def when_it_is(*args: Any, **more: Any) -> T:  # noqa: ANN401 (whatever the run takes)
        with TURNS.turn():
            return run(*args, **more)

    return when_it_is
