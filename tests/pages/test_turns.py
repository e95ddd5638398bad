"""Runs of pages take turns: some at a time, in order, and a long one keeps nobody waiting for good."""

import inspect
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from streamlit.runtime.scriptrunner import ScriptRunner

from pages.ui import streamlit_privates
from pages.ui.turns import Turns

LONG = 3600.0  # seconds


class Crowd:
    """Runs that each end when they are told to; `most` is how many ran at once."""

    def __init__(self, turns: Turns, number: int) -> None:
        self.turns, self.running, self.most = turns, 0, 0
        self.ends = [threading.Event() for _ in range(number)]
        self.starts = [threading.Event() for _ in range(number)]
        self._lock = threading.Lock()

    def run(self, i: int) -> None:
        with self.turns.turn():
            with self._lock:
                self.running += 1
                self.most = max(self.most, self.running)
            self.starts[i].set()
            assert self.ends[i].wait(60)
            with self._lock:
                self.running -= 1

    def come(self, pool: ThreadPoolExecutor, i: int) -> None:
        """The next comes when this one is in the line, or has begun."""
        before = self.here()
        pool.submit(self.run, i)
        while self.here() == before:
            pass

    def here(self) -> int:
        """How many wait or have their turn; asked under the lock, for one may just be passing from here to there."""
        with self.turns._lock:
            return len(self.turns._waiting) + len(self.turns._until)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_as_many_at_a_time_as_said_and_the_first_come_first(at_once):
    crowd = Crowd(Turns(at_once, patience=LONG), 8)
    with ThreadPoolExecutor(8) as pool:
        for i in range(8):
            crowd.come(pool, i)
        for i in range(8):
            assert crowd.starts[i].wait(60)
            assert not any(start.is_set() for start in crowd.starts[i + at_once :])
            crowd.ends[i].set()
    assert crowd.most == at_once and not crowd.turns._until and not crowd.turns._waiting


def test_a_long_run_keeps_nobody_waiting_for_good():
    crowd = Crowd(Turns(1, patience=0.01), 3)
    with ThreadPoolExecutor(3) as pool:
        for i in range(3):
            crowd.come(pool, i)
        for start in crowd.starts:
            assert start.wait(60)  # though none has ended
        for end in crowd.ends:
            end.set()
    assert crowd.most == 3 and not crowd.turns._until


def test_a_run_that_fails_gives_its_turn_back():
    turns = Turns(1, patience=LONG)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="as it happens"), turns.turn():
            raise RuntimeError("as it happens")
    with turns.turn():
        assert len(turns._until) == 1


def test_every_run_of_a_page_is_in_turn():
    streamlit_privates.change()
    assert inspect.unwrap(ScriptRunner._run_script) is not ScriptRunner._run_script
    assert "self._run_script(request.rerun_data)" in inspect.getsource(ScriptRunner._run_script_thread)
    assert list(inspect.signature(ScriptRunner._run_script).parameters) == ["self", "rerun_data"]
