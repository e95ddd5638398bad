"""What a visit has cost so far: tokens and operations of the models, seconds of the processor. Kept in the session."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.model.passes import Tally, counted

T = TypeVar("T")
KEY = "spent"
_thread = threading.local()  # whose visit this thread works for


@dataclass
class Spent:
    """`cpu`: seconds of processor time of the threads that worked for the visit: its pages, and what it had computed
    beside them. What others had asked for before, and lay ready, is theirs."""

    tally: Tally = field(default_factory=Tally)
    cpu: float = 0.0


def visit() -> Spent:
    """Of this session."""
    found: Spent = st.session_state.setdefault(KEY, Spent())
    return found


def visit_or_none() -> Spent | None:
    """None where no session is drawn: a test, or a server that warms up."""
    return visit() if get_script_run_ctx(suppress_warning=True) else None


@contextmanager
def working_for(spent: Spent | None) -> Iterator[None]:
    """What this thread does within is for that visit; within another such block, the outer one counts."""
    if spent is None or getattr(_thread, "busy", False):
        yield
        return
    start, _thread.busy = time.thread_time(), True
    try:
        with counted(spent.tally):
            yield
    finally:
        spent.cpu += time.thread_time() - start
        _thread.busy = False


def for_the_visit(body: Callable[..., T]) -> Callable[..., T]:
    """`body`, counted for the visit of the session that draws it."""

    @wraps(body)
    def work(*args: Any, **more: Any) -> T:  # noqa: ANN401 (whatever the body takes)
        with working_for(visit()):
            return body(*args, **more)

    return work
