"""The corpus that the page shows, and the one that is being made: started, watched, cancelled."""

import streamlit as st

from core.data.plan import Plan
from core.data.report import Report
from core.jobs import RunError, corpora
from pages.ui import state
from pages.ui.data import settings
from pages.ui.literal import literal
from pages.ui.training.owner import key as owner_key

SHOWN, GOING, ERROR = "data_shown", "data_going", "data_error"
KEY = "data_key"  # with which it was started: the page's first run does so before the browser has told its own
EVERY = 0.5  # seconds between two looks at what is being made


def corpus_on_show() -> tuple[str, Report] | None:
    """The corpus on show, and what was done to make it: that of the present settings if it is there, else the last."""
    wanted = corpora.name_of(settings.plan())
    if _finished(wanted):
        st.session_state[SHOWN] = wanted
    corpus = st.session_state.get(SHOWN, "")
    if not corpus:
        return None
    try:
        return corpus, corpora.report(corpus)
    except RunError:
        st.session_state[SHOWN] = ""
        return None


def _finished(corpus: str) -> bool:
    return corpora.status(corpus).state == "finished"


def is_stale(report: Report) -> bool:
    """Whether the settings have changed since."""
    return report.plan != settings.plan()


def begin() -> None:
    """Starts what the settings describe, unless it is there; in a callback, or when the page is opened."""
    st.session_state[ERROR] = ""
    plan = settings.plan()
    files = settings.own_files() if plan.source.kind == "files" else []
    if plan.source.kind == "files" and not files:
        st.session_state[ERROR] = "Choose some files first."
        return
    try:
        key = owner_key()
        st.session_state[GOING], st.session_state[KEY] = corpora.start(plan, key, files), key
    except (RunError, OSError, ValueError) as error:
        st.session_state[ERROR] = f"Not started: {literal(str(error))}."


def open_page() -> None:
    """The first pipeline runs by itself: nobody should begin at an empty page."""
    if corpus_on_show() or st.session_state.get(GOING) or st.session_state.get(ERROR):
        return
    plan = settings.plan()
    if plan.source.kind == "crawl" and plan.stages:
        begin()


def controls(plan: Plan, stale: bool, nothing: bool) -> None:
    """The button, and what is being made instead of it."""
    going = st.session_state.get(GOING, "")
    claim(going)
    if going and corpora.status(going).state in ("queued", "running"):
        st.fragment(_watch, run_every=EVERY)(going)
        return
    _ended(going)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Run the pipeline", on_click=begin, type="primary" if stale or nothing else "secondary",
            disabled=not (stale or nothing) or not plan.stages, key="data_run",
        )  # fmt: skip
        st.button("As usual", on_click=settings.as_usual, key="data_usual", type="tertiary",
                  disabled=not (state.get("pipeline") or state.get("tuned")))  # fmt: skip
        if not plan.stages:
            st.caption("Every stage is off: nothing would be done.", width="content")
        elif stale and not nothing:
            st.caption(
                "The figures below are those of the last run. You have changed something since.", width="content"
            )
    if message := st.session_state.get(ERROR):
        st.warning(message)


def claim(corpus: str) -> None:
    """The first run begins before the browser has told which key it keeps: once it has, that key can cancel it."""
    mine = owner_key()
    if corpus and st.session_state.get(KEY) != mine:
        corpora.hand_over(corpus, st.session_state.get(KEY), mine)
        st.session_state[KEY] = mine


def _watch(corpus: str) -> None:
    claim(corpus)
    now = corpora.status(corpus)
    if now.state not in ("queued", "running"):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        words = f"waiting for a place: {now.position} in the queue" if now.state == "queued" else now.doing
        st.progress(now.share, text=literal(f"Running the pipeline: {words}"), width="stretch")
        mine = corpora.owns(corpus, st.session_state.get(KEY))
        st.button("Cancel", on_click=_cancel, args=(corpus,), key="data_cancel", disabled=not mine,
                  help=None if mine else "Somebody else began this one, and waits for it too.")  # fmt: skip


def _cancel(corpus: str) -> None:
    try:
        corpora.stop(corpus, st.session_state.get(KEY))
    except (RunError, OSError) as error:
        st.session_state[ERROR] = literal(str(error))


def _ended(corpus: str) -> None:
    """What is to be said of the one that was being made."""
    if not corpus:
        return
    st.session_state[GOING] = ""
    now = corpora.status(corpus)
    if now.state == "failed":
        st.session_state[ERROR] = f"It ended with an error: {literal(now.message)}"
    elif now.state == "stopped":
        st.session_state[ERROR] = "Cancelled. Press Run to begin again."
    elif now.state == "interrupted":
        st.session_state[ERROR] = "Its process ended without a word: perhaps the memory was used up. Press Run again."
