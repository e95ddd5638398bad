"""Long computations off the page's thread, once for all visitors, with a progress bar where the result will stand.

    def work(report):            # report(share from 0 to 1, what is being done)
        ...
        return result

    result = background.compute(("map", name, step, cache.stamp(name)), work, "Drawing the map")
    if result is not None:
        ...                      # shown at once when the result is there; until then the bar stands here

Results are bounded, in number and in bytes of arrays: those nobody has asked for the longest are dropped. One thread
works at a time, so that a class of thirty does not start thirty of them; what takes minutes is `slow` and has a thread
of its own.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from pages.ui import spent
from pages.ui.literal import literal

T = TypeVar("T")
Report = Callable[[float, str], None]

MAX_RESULTS = 48
MAX_BYTES = 600_000_000
PATIENCE = 0.25  # seconds that a page waits: what is quick comes at once and no bar flashes
EVERY = 0.5  # seconds between two looks at a computation
SPEED = 2e10  # operations a second of one core on products of large matrices, about


@dataclass
class Job:
    """One computation: how far it is (from 0 to 1), what it is doing, and its result."""

    future: Future[Any] = field(default_factory=Future)
    share: float = 0.0
    doing: str = "waiting for its turn"
    begun: float | None = None  # when it first reported

    def report(self, share: float, doing: str) -> None:
        self.share, self.doing = min(max(share, 0.0), 1.0), doing
        if self.begun is None:
            self.begun = time.monotonic()

    def left(self) -> str:
        """How long it will still take, judged by how far it came since it began; "" before that can be told."""
        passed = 0.0 if self.begun is None else time.monotonic() - self.begun
        if passed < 1 or self.share < 0.05:
            return ""
        return f", {about(passed * (1 - self.share) / self.share)} left"


def about(seconds: float) -> str:
    """A length of time as one says it: "about 20 s", "about 3 minutes"."""
    if seconds < 90:
        return f"about {max(1, round(seconds)) if seconds < 10 else round(seconds / 5) * 5} s"
    return f"about {round(seconds / 60)} minutes"


_jobs: OrderedDict[Hashable, Job] = OrderedDict()
_lock = threading.Lock()
_workers = {slow: ThreadPoolExecutor(max_workers=1, thread_name_prefix="background") for slow in (False, True)}


def start(key: Hashable, work: Callable[[Report], Any], slow: bool = False) -> Job:
    """The job of this key, begun now if it is new. `key` must hold all that the result depends on."""
    with _lock:
        job = _jobs.get(key)
        if job is None:
            job = _jobs[key] = Job()
            job.future = _workers[slow].submit(_work, spent.visit_or_none(), work, job.report)
            _drop_old()
        _jobs.move_to_end(key)
        return job


def _work(visit: spent.Spent | None, work: Callable[[Report], Any], report: Report) -> Any:  # noqa: ANN401
    """On the worker's thread: `work`, at the expense of the visit that asked for it."""
    with spent.working_for(visit):
        return work(report)


def _drop_old() -> None:
    """Keeps the results within bounds; the latest three stay whatever their size, and so does what still runs."""
    finished = [key for key, job in _jobs.items() if job.future.done()]
    sizes = {key: _bytes(_jobs[key].future) for key in finished}
    for key in finished[:-3]:
        if len(_jobs) <= MAX_RESULTS and sum(sizes.values()) <= MAX_BYTES:
            break
        del _jobs[key], sizes[key]


def _bytes(value: object) -> int:
    """Bytes of the arrays in a result."""
    if isinstance(value, Future):
        return 0 if value.exception() else _bytes(value.result())
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, Mapping):
        return sum(map(_bytes, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_bytes, value))
    return sum(map(_bytes, vars(value).values())) if hasattr(value, "__dict__") else 0


def forget(key: Hashable) -> None:
    """Drops a finished job, so that the next `start` computes again."""
    with _lock:
        if key in _jobs and _jobs[key].future.done():
            del _jobs[key]


def compute(
    key: Hashable, work: Callable[[Report], T], label: str, *, height: int | None = None, slow: bool = False
) -> T | None:
    """The result of `work(report)`, or None while a progress bar (or what went wrong) stands in its place.

    `height` keeps that many pixels free meanwhile, so that nothing jumps when the result comes. Without a `label`
    nothing is shown, and the page is drawn again when the result is there.
    """
    # `work` runs outside the session: it must use nothing of st.session_state, only what it was given
    job = start(key, work, slow)
    try:
        result: T = job.future.result(timeout=PATIENCE)
        return result
    except TimeoutError:
        pass
    except Exception as error:  # the work's own, shown to the visitor, who can try again
        if not label:
            return None
        st.error(f"{literal(label)}: {literal(error)}")
        st.button("Try again", key=f"again {hash(key)}", on_click=forget, args=(key,))
        return None
    with st.container(height=height or "content", border=False):
        _watch(job, label)
    return None


@st.fragment(run_every=EVERY)
def _watch(job: Job, label: str) -> None:
    if job.future.done():
        st.rerun()
    if label:
        st.progress(job.share, text=literal(f"{label}: {job.doing}{job.left()}"))
