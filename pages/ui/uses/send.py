"""One click that takes a story, a chat or a program to another page, with the cursor on the word in question."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import state
from pages.ui.text import MAX_CHARS
from pages.ui.view import View

if TYPE_CHECKING:
    from core.uses.question import Question

EXPLAIN = {"attention.py": "Attention", "inside.py": "Inside", "experiments.py": "Experiments"}
OTHERS = {
    "overview.py": "Overview",
    "tokenization.py": "Tokenization",
    "embeddings.py": "Embeddings",
    "sampling.py": "Sampling",
    "limits.py": "Limits",
}


def send(view: View, text: str, key: str, question: "Question | None" = None, why: str = "Look at it on") -> None:
    """A row of buttons, one for each page that reads the shared text. With a `question` the pages open at the token
    where the choice went wrong, and Inside compares what was written with what should have been."""
    values: dict[str, object] = {"text": text[:MAX_CHARS], "special": "tokens", "cursor": None}
    if question is not None:
        values |= {"cursor": question.cursor, "answer": _name(view, question.wanted)}
        values |= {"against": _name(view, question.written)}
    with st.container(horizontal=True, vertical_alignment="center", key=f"send_{key}"):
        st.caption(why, width="content")
        pressed = [_button(page, name, key, values) for page, name in EXPLAIN.items()]
        with st.popover("Another page"):
            pressed += [_button(page, name, key, values) for page, name in OTHERS.items()]
    for page in filter(None, pressed):
        st.switch_page(page)


def _button(page: str, name: str, key: str, values: dict[str, object]) -> str:
    """The page, if its button was pressed in this run."""
    pressed = st.button(name, key=f"send_{key}_{page}", on_click=_take, args=(values,))
    return page if pressed else ""


def _take(values: dict[str, object]) -> None:
    state.update(**values)


def _name(view: View, token: int | None) -> str:
    """A token as the page Inside reads it from a link."""
    names = {id: name for name, id in view.tokenizer.special_tokens.items()}
    return "" if token is None else names.get(token) or view.tokenizer.decode([token])
