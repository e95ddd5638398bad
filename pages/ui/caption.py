"""The words around a figure: the question, what one sees, what was measured, the code, an experiment."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.ui import near, state
from pages.ui.code import Code
from pages.ui.theme import MARKS


def page_header(question: str, lead: str = "") -> None:
    """The question that a page answers, and at most one line below it."""
    st.title(question, anchor=False)
    if lead:
        st.markdown(lead)


def number(of: int, role: str) -> str:
    """The number of one step of a longer path, in the colour of its role."""
    return f":{MARKS[role]}[{of}]"


def stage_title(of: int, title: str, role: str) -> None:
    """The heading of one step of a longer path, within a section."""
    st.markdown(f"### {number(of, role)} {title}")


def what_you_see(text: str) -> None:
    """Two to four sentences that name what is on the screen. `text` is ours (Markdown), never the visitor's."""
    st.markdown("**What you see**")
    st.markdown(text)


def truth(tensor: str, shape: Sequence[int | str], note: str, code: Code) -> None:
    """The line under a figure: the tensor, its shape, what was measured on how many cases; and its code."""
    size = " × ".join(str(n) for n in shape)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"`{tensor}` {f'({size})' if size else ''} · {note}", width="content")
        with st.popover("Show code", type="tertiary"):
            st.code(code.text, language="python", wrap_lines=True)


def try_it(
    question: str,
    answer: str | Callable[[], str],
    *,
    label: str,
    key: str,
    update: Mapping[str, Any] | None = None,
) -> None:
    """An experiment: `question` is asked, a click sets the state that shows it; the answer comes after a guess.

    An `answer` with measurements in it is a function, called only when it is read. All of it is ours (Markdown).
    """
    asked, answered = f"{key}_asked", f"{key}_told"

    def begin() -> None:
        st.session_state[asked], st.session_state[answered] = True, False
        if update:
            near.whole(**update)

    def tell() -> None:
        st.session_state[answered] = True

    there = update is not None and all(state.get(name) == value for name, value in update.items())
    with st.container(border=True):
        st.markdown(question)
        if not there:  # "Go back to step 0" is not offered at step 0
            st.button(label, key=f"{key}_begin", on_click=begin, width="stretch")
        if st.session_state.get(answered):
            st.markdown(answer() if callable(answer) else answer)
        elif there or st.session_state.get(asked):
            st.button("I have a guess: show the answer", key=f"{key}_tell", on_click=tell, type="tertiary")
