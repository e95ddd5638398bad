"""A page of two sections, the server of which is held up at the worst moments; see tests/browser/test_held_up.py.

So it goes on a busy machine: a request is heard when what the last run has drawn is not yet sent, or while others wait.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

from pages.ui import streamlit_privates

PATIENCE = 60  # seconds that anything here waits for anything else


@dataclass(frozen=True)
class How:
    """What waits (the "page", or section "one" when it was pressed), and until what was asked for: a name for each
    section, "" for the page."""

    waits: str = ""
    until: Callable[[list[str]], bool] = bool


HOWS = {
    "free": How(),
    "unsent while the page runs": How("page"),
    "unsent until a section has run": How("page"),
    "two sections ask while the page runs": How("page", lambda asked: len(asked) == 2),
    "a section and the page ask while a section runs": How("one", lambda asked: "" in asked),
    "the section that runs asks again": How("one", lambda asked: len(asked) == 5),
}


@dataclass
class Held:
    """What the server knows of a visitor."""

    how: str = "free"
    asked: list[str] = field(default_factory=list)
    pressed: dict[str, int] = field(default_factory=lambda: {"one": 0, "two": 0})
    go_on: threading.Event = field(default_factory=threading.Event)
    drawn: threading.Event = field(default_factory=threading.Event)


@st.cache_resource
def change() -> None:
    """Once for the process: the changes to Streamlit, and before them what holds the server up."""
    streamlit_privates.change()
    request = AppSession.request_rerun

    def held_up(session, client_state):
        held = session.session_state.filtered_state.get("held", Held())
        if held.how == "free" or held.go_on.is_set():
            return request(session, client_state)
        held.asked.append(client_state.fragment_id)
        runner = session._scriptrunner
        if held.how == "unsent while the page runs":
            held.go_on.set()
            while runner._requests._state != ScriptRequestType.STOP:
                time.sleep(0.01)
        request(session, client_state)
        if HOWS[held.how].until(held.asked):
            held.go_on.set()
        if held.how == "unsent until a section has run":
            held.drawn.wait(PATIENCE)

    flush = AppSession.flush_browser_queue

    def later(session):
        held = session.session_state.filtered_state.get("held", Held())
        return [] if held.how == "the section that runs asks again" and len(held.asked) == 4 else flush(session)

    AppSession.request_rerun, AppSession.flush_browser_queue = held_up, later


def section(name: str) -> None:
    held = st.session_state["held"]
    if st.button(f"Press {name}", on_click=press, args=(name,)) and name == HOWS[held.how].waits:
        held.go_on.wait(PATIENCE)
    st.button(f"Once more {name}", on_click=press, args=(name,))
    if held.how == "free":
        st.text(f"{name} is empty")
    else:
        with st.container(border=True):
            inner(name)
    st.text(f"{name} was pressed: {held.pressed[name]}")
    st.caption(("even ", "odd ")[held.pressed[name] % 2] * 4000)  # so long that browsers keep it
    if held.pressed[name]:
        held.drawn.set()


@st.fragment
def inner(name: str) -> None:
    st.text(f"{name} is full")


def press(name: str) -> None:
    st.session_state["held"].pressed[name] += 1
    if name == "one":
        st.rerun("one")


def choose() -> None:
    st.session_state["held"].how = st.session_state["how"]


def shout() -> None:
    st.session_state["said"] = st.session_state["said"].upper()


change()
held = st.session_state.setdefault("held", Held())
st.radio("How is the server held up?", list(HOWS), key="how", on_change=choose)
st.text_input("Say", key="said", on_change=shout)
st.button("Run the page", on_click=lambda: None)
if HOWS[held.how].waits == "page":
    held.go_on.wait(PATIENCE)
for name in ("one", "two"):
    with st.container(key=f"section-{name}"):
        st.fragment(section, key=name)(name)
    st.text(f"after {name}")
