"""The sidebar that every page shares: the model, the step of its life, the text, and a link that restores them."""

import os
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.ui import cache, components, near, stages, state
from pages.ui.ideas import ideas, unknown_note
from pages.ui.interventions import settle
from pages.ui.literal import literal
from pages.ui.names import labels, title
from pages.ui.opened import opener, origin
from pages.ui.streamlit_privates import ADDRESS
from pages.ui.text import MAX_CHARS, special_names
from pages.ui.view import current

if TYPE_CHECKING:
    from core.text import Tokenizer

TINYLAND = ("tinyland", "chats")  # kinds of data that hold nothing else
NO_MODEL = """
# No model here yet

Glassbox shows the inside of a model, and there is none in `assets/models` or in your runs.
Train one, then reload this page:

    python -m core.training --preset live --out runs/first
"""


def sidebar() -> bool:
    """Draws the sidebar and puts the session's properties right. False when there is no model to show, or none that can
    be read. What stands below the model is a fragment, which runs with the stage where another text is read."""
    from core.model import list_checkpoints

    names = list_checkpoints()
    if not names:
        st.markdown(NO_MODEL)
        return False
    with st.sidebar:
        _model(names)
        if not _can_be_read():
            return False
        _read()
    return True


def _model(names: list[str]) -> None:
    preferred = os.environ.get("GLASSBOX_MODEL", "tinyland")
    default = preferred if preferred in names else names[0]
    asked = state.get("model")
    if asked not in names:
        if asked:
            state.note("model", f"There is no model “{literal(asked[:60])}” here; this is {literal(default)}.")
        state.assume(model=default)
    shown = labels(names)
    state.relabelled("model", shown[state.get("model")])
    st.selectbox(
        "Model", names, format_func=lambda name: shown.get(name, name), key="model", persist_state="session",
        on_change=_model_changed,
    )  # fmt: skip
    state.note("model")
    opener()


def _model_changed() -> None:
    state.update(model=st.session_state["model"], step=None, layer=0, head=0)


def _can_be_read() -> bool:
    name = state.get("model")
    try:
        cache.description(name)
    except ValueError as error:  # CheckpointError says what to do
        st.error(f"The model {literal(title(name))} cannot be read. {literal(error)}")
        return False
    return True


@st.fragment(key=near.SIDEBAR)
def _read() -> None:
    """What is read: the step of the model's life, the text, and a link to both."""
    _step()
    settle()
    _text()
    _link()


def _step() -> None:
    name = state.get("model")
    known = cache.description(name)
    steps = known.steps
    step = state.get("step")
    if step not in steps:
        if step is not None:
            state.note("step", f"{literal(title(name))} has no step {step:,}; this is its last, {steps[-1]:,}.")
        state.assume(step=steps[-1])
    if len(steps) > 1:
        st.select_slider(
            "Training step",
            steps,
            key="step",
            persist_state="session",
            format_func=lambda n: f"{n:,}",
            on_change=_step_changed,
            help="The life of the model: from random weights on the left to fully trained on the right.",
        )
        stages.draw(known.stages, steps, state.get("step"))
    elif cache.is_opened(known.name):
        origin(known)
    else:
        st.caption(f"Only step {steps[-1]:,} of this model was kept.")
    state.note("step")


def _step_changed() -> None:
    state.forget("step")
    near.reread()


def _text() -> None:
    st.text_area("Your text", key="text", persist_state="session", height=120, on_change=_text_changed)
    view = current()
    for message in view.messages:
        st.info(message)
    _special(special_names(view.text, view.tokenizer))
    if reads_tinyland(view.description.card):
        unknown_note(_words_of(view.text, view.tokenizer))
        ideas()
    state.note("text")


def _words_of(text: str, tokenizer: "Tokenizer") -> str:
    """A text without the names of special tokens, when they are tokens."""
    if state.get("special") == "tokens":
        for name in special_names(text, tokenizer):
            text = text.replace(name, " ")
    return text


def _special(names: list[str]) -> None:
    """What the names of special tokens in the text are, and a button that makes them the other."""
    if names:
        tokens = state.get("special") == "tokens"
        shown = ", ".join(map(literal, names))
        st.caption(f"{shown}: read as {'special tokens, one each' if tokens else 'ordinary text'}.")
        st.button(
            f"Read as {'ordinary text' if tokens else 'special tokens'}", key="read_special", on_click=_read_special,
            args=("text" if tokens else "tokens",),
        )  # fmt: skip


def _read_special(kind: str) -> None:
    near.reread(special=kind, cursor=None)


def reads_tinyland(card: dict[str, Any]) -> bool:
    """Whether a model has learned from Tinyland alone, in every stage of its life, so that its words are Tinyland's."""
    from core.model.description import told_stages

    read = [one.get("data") for one in told_stages(card)]
    return all(isinstance(data, dict) and data.get("kind") in TINYLAND for data in read)


def _text_changed() -> None:
    text = state.clean(st.session_state["text"] or "")
    state.update(text=text[:MAX_CHARS], cursor=None)
    if len(text) > MAX_CHARS:
        state.note("text", f"Only the first {MAX_CHARS:,} of {len(text):,} characters were kept.")
    near.reread()


def _link() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        _copy()
        told = "Text, pins, settings and changes inside as at the beginning. The model stays."
        st.button("Reset", key="reset", on_click=_reset, help=told)
    if len(state.get("text")) > state.MAX_LINK_TEXT:
        st.caption(f"The link carries the first {state.MAX_LINK_TEXT:,} characters of the text.")
    for name in list(st.session_state["notes"]):
        if name not in ("model", "step", "text", "opened"):
            state.note(name)


def _reset() -> None:
    state.reset()
    near.whole()


@st.fragment(key=ADDRESS)
def _copy() -> None:
    components.copy_link()
