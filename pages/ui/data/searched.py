"""How much of what a model has read can be searched: the first part by itself, the rest when somebody asks for it."""

import streamlit as st

from core.data.passages.index import Index
from core.figures.labels import percent
from core.jobs import RunError
from core.jobs import lineage as indexes
from core.memory import spoken
from pages.ui import cache
from pages.ui.background import about
from pages.ui.literal import literal

EVERY = 1.0  # seconds between two looks at the index that is being made


def index_of(model: str, key: str) -> Index | None:
    """What can be searched by now; None while that is nothing, which this changes."""
    described = cache.description(model)
    now = indexes.status(described)
    if now.state == "unknown":
        st.info(literal(now.message))
        return None
    if now.state == "none":
        indexes.ensure(described)
    if now.state == "failed" and not now.documents:
        _failed(model, now.message, key)
        return None
    if not now.documents:
        with st.container(height=300, border=False):
            st.fragment(_begins, run_every=EVERY)(model)
        return None
    try:
        return indexes.index(described)
    except RunError as error:
        st.warning(literal(str(error)))
        return None


def _begins(model: str) -> None:
    now = indexes.status(cache.description(model))
    if now.documents or now.state not in ("none", "running"):
        st.rerun()
    words = f"{now.done:,} of {now.wanted:,} documents" if now.done else "starting"
    st.progress(now.share, text=f"Indexing what the model has read, once: {words}")


def _failed(model: str, message: str, key: str) -> None:
    st.warning(f"The training text could not be indexed: {literal(message)}")
    st.button("Try again", on_click=indexes.ensure, args=(cache.description(model), True), key=f"{key}_again")


def scope(known: Index) -> str:
    """Which part of the training text is searched."""
    if known.is_whole:
        return f"all {known.documents:,} documents"
    if known.of is None:
        return f"the first {known.documents:,} documents that it read"
    share = percent(known.documents / known.of)
    return f"the first {known.documents:,} of {known.of:,} documents that it read ({share})"


def searched(model: str, known: Index, key: str) -> None:
    """What is searched, and the rest: a button for it, or how far it is."""
    now = indexes.status(cache.description(model))
    if now.state in ("none", "running"):
        st.fragment(_grows, run_every=EVERY)(model, key)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Searched: {scope(known)}, {known.size / 1e6:,.0f} MB.", width="content")
        left = indexes.rest(cache.description(model))
        if left is not None and known.of is not None:
            took = f"{about(left.seconds)}, {spoken(left.bytes)} on disk"
            st.button(
                f"Read on: all {known.of:,} documents, {took}", on_click=_read_on, args=(model, key),
                key=f"{key}_read_on",
                help="Beside everything else, at the pace so far. It can be cancelled, and what was read is kept.",
            )  # fmt: skip
    if now.state == "failed":
        _failed(model, now.message, key)
    if message := st.session_state.pop(f"{key}_no_room", ""):
        st.warning(message)


def _grows(model: str, key: str) -> None:
    described = cache.description(model)
    now = indexes.status(described)
    if now.state not in ("none", "running"):
        st.rerun()
    indexes.ensure(described)  # a process that was about to end has not heard of it
    left = indexes.rest(described)
    words = f"Reading on: {now.done:,} of {now.wanted:,} documents"
    if left is not None:
        words += f", {about(left.seconds * (now.wanted - now.done) / left.documents)} left"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(now.share, text=f"{words}. {now.documents:,} can be searched.", width="stretch")
        st.button("Cancel", on_click=indexes.cancel, args=(described,), key=f"{key}_cancel",
                  help="What was read is kept.")  # fmt: skip


def _read_on(model: str, key: str) -> None:
    try:
        indexes.read_on(cache.description(model))
    except (RunError, OSError) as error:
        st.session_state[f"{key}_no_room"] = literal(str(error))
