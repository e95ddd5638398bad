"""The words around a figure: the question, what one sees, what was measured, the code, an experiment."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.arrays import npz
from pages.ui import near, state
from pages.ui.code import Code
from pages.ui.components import Event, component, pack
from pages.ui.theme import MARKS

_truth = component("truth")
_NUMBERS = re.compile(r"\d+")  # so that a line stays in place, and open, when the pin or the head is another


TOUCH = ((r"\bPoint at\b", "Tap"), (r"\bpoint at\b", "tap"), (r"\bClick\b", "Tap"), (r"\bclick\b", "tap"))
# Stands where a page first counts in nats.
NATS = "*Nats* count surprise: 0 for what was certain, 0.69 for the toss of a coin, 2.3 for one in ten."


def page_header(question: str, lead: str = "") -> None:
    """The question that a page answers, and at most one line below it."""
    st.title(question, anchor=False)
    if lead:
        st.markdown(by_hand(lead))


def number(of: int, role: str) -> str:
    """The number of one step of a longer path, in the colour of its role."""
    return f":{MARKS[role]}[{of}]"


def stage_title(of: int, title: str, role: str) -> None:
    """The heading of one step of a longer path, within a section."""
    st.markdown(f"### {number(of, role)} {title}")


def by_hand(text: str) -> str:
    """A hint as it is for this visitor: on a phone one taps. assets/components/shared/hand.js does the same."""
    agent = str(st.context.headers.get("User-Agent", ""))
    if not re.search(r"Mobile|Android|iPhone|iPad", agent):
        return text
    for mouse, finger in TOUCH:
        text = re.sub(mouse, finger, text)
    return text


def what_you_see(text: str) -> None:
    """Two to four sentences that name what is on the screen. `text` is ours (Markdown), never the visitor's."""
    text = by_hand(text)
    st.markdown("**What you see**")
    st.markdown(text)


def truth(tensor: str, shape: Sequence[int | str], sentence: str, code: Code, key: str = "") -> None:
    """The line under a figure: a `sentence` in plain words; on demand the tensor, its shape, the code that gives it,
    and the tensor itself as a file.

    One element of the page, and all of it text. `key` is needed where a page has two lines about the same tensor.
    """
    size = " × ".join(str(n) for n in shape)
    shown = {"sentence": _sentence(sentence), "tensor": tensor, "shape": f"({size})" if size else "", "code": code.text}
    key = f"truth-{key or _NUMBERS.sub('', tensor)}"
    asked = f"{key}_asked"

    def on_save(event: Event) -> None:
        st.session_state[asked] = event.get("turn")

    file = _file(tensor, code) if (turn := st.session_state.pop(asked, None)) else b""
    _truth(key=key, data=pack(shown | {"turn": turn, "file": _file_name(tensor)}, file), on_save_change=on_save)


def _file(tensor: str, code: Code) -> bytes:
    """The value that the code gives; empty where it holds no numbers."""
    value = code.value() if callable(code.value) else code.value
    try:
        return npz(tensor, value)
    except ValueError:
        return b""


def _file_name(tensor: str) -> str:
    return re.sub(r"\W+", "-", tensor).strip("-").lower()[:60] or "numbers"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")


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
