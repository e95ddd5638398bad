"""Long computations off the page's thread, once for all visitors, with a progress bar where the result will stand.

    def work(report):            # report(share from 0 to 1, what is being done)
        ...
        return result

    result = background.compute(("map", name, step, cache.stamp(name)), work, "Drawing the map")
    if result is not None:
        ...                      # shown at once when the result is there; until then the bar stands here

Results are bounded: the one that nobody has asked for the longest is dropped. One thread works at a time, so that a
class of thirty does not start thirty of them; what takes minutes is `slow` and has a thread of its own.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")
Report = Callable[[float, str], None]

MAX_RESULTS = 48
PATIENCE = 0.25  # seconds that a page waits: what is quick comes at once and no bar flashes
EVERY = 0.5  # seconds between two looks at a computation


@dataclass
class Job:
    """One computation: how far it is (from 0 to 1), what it is doing, and its result."""

    future: Future = field(default_factory=Future)
    share: float = 0.0
    doing: str = "waiting for its turn"

    def report(self, share: float, doing: str) -> None:
        self.share, self.doing = min(max(share, 0.0), 1.0), doing


_jobs: OrderedDict[Hashable, Job] = OrderedDict()
_lock = threading.Lock()
_workers = {slow: ThreadPoolExecutor(max_workers=1, thread_name_prefix="background") for slow in (False, True)}


def start(key: Hashable, work: Callable[[Report], Any], slow: bool = False) -> Job:
    """The job of this key, begun now if it is new. `key` must hold all that the result depends on."""
    with _lock:
        job = _jobs.get(key)
        if job is None:
            job = _jobs[key] = Job()
            job.future = _workers[slow].submit(work, job.report)
            finished = [old for old, other in _jobs.items() if other.future.done()]
            for old in finished[: max(0, len(_jobs) - MAX_RESULTS)]:
                del _jobs[old]
        _jobs.move_to_end(key)
        return job


def forget(key: Hashable) -> None:
    """Drops a finished job, so that the next `start` computes again."""
    with _lock:
        if key in _jobs and _jobs[key].future.done():
            del _jobs[key]


def compute(
    key: Hashable, work: Callable[[Report], T], label: str, *, height: int | None = None, slow: bool = False
) -> T | None:
    """The result of `work(report)`, or None while a progress bar (or what went wrong) stands in its place.

    `height` keeps that many pixels free meanwhile, so that nothing jumps when the result comes.
    """
    job = start(key, work, slow)
    try:
        return job.future.result(timeout=PATIENCE)
    except TimeoutError:
        pass
    except Exception as error:  # the work's own, shown to the visitor, who can try again
        st.error(f"{label}: {error}")
        st.button("Try again", key=f"again {hash(key)}", on_click=forget, args=(key,))
        return None
    with st.container(height=height or "content", border=False):
        _watch(job, label)
    return None


@st.fragment(run_every=EVERY)
def _watch(job: Job, label: str) -> None:
    if job.future.done():
        st.rerun()
    st.progress(job.share, text=f"{label}: {job.doing}")
