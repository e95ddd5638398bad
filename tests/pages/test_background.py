"""Work in the background: once for all who ask, with progress, within bounds, and errors that can be tried again."""

import threading

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import background


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(background, "_jobs", type(background._jobs)())


def test_the_same_key_is_computed_once():
    calls = []
    jobs = [background.start("one", lambda report: calls.append(1) or 7) for _ in range(5)]
    assert [job.future.result(10) for job in jobs] == [7] * 5 and calls == [1]
    background.forget("one")
    assert background.start("one", lambda report: 8).future.result(10) == 8


def test_results_are_bounded_in_number_and_in_bytes(monkeypatch):
    monkeypatch.setattr(background, "MAX_RESULTS", 5)
    for n in range(9):
        background.start(n, lambda report: 0).future.result(10)
        background.start(0, lambda report: 0)  # asked for again and again, it stays
    assert len(background._jobs) <= 6 and 0 in background._jobs and 8 in background._jobs and 1 not in background._jobs
    monkeypatch.setattr(background, "MAX_BYTES", 10_000)
    for n in range(20, 26):
        background.start(n, lambda report: {"rows": (np.zeros(500),)}).future.result(10)
    assert background._bytes([np.zeros(3, np.float32), {"a": np.zeros(2)}]) == 28
    assert sum(background._bytes(job.future) for job in background._jobs.values()) <= 4 * 4_000


def test_slow_work_does_not_hold_up_the_quick():
    gate = threading.Event()
    slow = background.start("slow", lambda report: gate.wait(20), slow=True)
    assert background.start("quick", lambda report: 1).future.result(10) == 1
    assert not slow.future.done()
    gate.set()
    assert slow.future.result(10)


GATE, TRIES = threading.Event(), []


def page() -> None:
    import streamlit as st

    from pages.ui import background
    from tests.pages import test_background as shared

    def work(report):
        report(0.5, "half way")
        shared.GATE.wait(20)
        shared.TRIES.append(1)
        if len(shared.TRIES) == 1:
            raise ValueError("the table is missing")
        return 42

    result = background.compute("page", work, "Counting")
    if result is not None:
        st.write(f"it is {result}")


@pytest.mark.slow
def test_progress_then_the_error_then_the_result():
    import sys

    sys.modules["tests.pages.test_background"] = sys.modules[__name__]  # the page must see this very module
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.markdown and not at.exception
    background._jobs["page"].future.done()
    assert background._jobs["page"].share == 0.5 and background._jobs["page"].doing == "half way"
    GATE.set()
    background._jobs["page"].future.exception(20)
    at.run()
    assert "Counting: the table is missing" in at.error[0].value
    at.button[0].click().run()
    background._jobs["page"].future.result(20)
    at.run()
    assert at.markdown[0].value == "it is 42"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "about 1 s"), (7.4, "about 7 s"), (21, "about 20 s"), (200, "about 3 minutes")]
)
def test_times_as_one_says_them(seconds, words):
    assert background.about(seconds) == words


def test_the_time_that_is_left_is_judged_by_how_far_it_came(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(background.time, "monotonic", lambda: now[0])
    job = background.Job()
    assert job.left() == ""
    job.report(0.0, "begun")
    now[0] += 30
    assert job.left() == ""  # nothing is done yet: nothing can be told
    job.report(0.25, "a quarter")
    assert job.left() == ", about 2 minutes left"
    now[0] += 30
    job.report(0.75, "three quarters")
    assert job.left() == ", about 20 s left"
