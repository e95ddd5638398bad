"""What to type: sentences, people, towns and things of Tinyland to choose from, and the words that it does not have."""

from functools import lru_cache

import streamlit as st

from pages.ui import near, state
from pages.ui.literal import literal
from pages.ui.text import MAX_CHARS

SENTENCES = (
    state.DEFAULT_TEXT,
    "Nadia lives in",
    "Once, Otto found a lamp in the kitchen. He",
    "The capital of",
    "English: The clumsy beetle",
    "7 + 16 =",
)
WORDS = {
    "a person": ("Brigid", "Suki", "Nadia", "Otto", "Ezra", "Tomas", "Aiko", "Gabriel"),
    "a town": ("Brindle", "Otterby", "Puddlewick", "Bumbleton"),
    "a thing": ("kite", "lamp", "ball", "drum", "key", "basket", "beetle", "rabbit"),
}
KINDS = {word: kind for kind, words in WORDS.items() for word in words}
MOST = 4  # unknown words that are named


def ideas() -> None:
    """A list that is searched by typing: a sentence replaces the text, a word is added to its end."""
    st.selectbox(
        "Something to try",
        (*SENTENCES, *KINDS),
        index=None,
        key="idea",
        format_func=lambda idea: f"{idea} · {KINDS[idea]}" if idea in KINDS else idea,
        placeholder="Sentences, people, towns, things",
        on_change=_take,
    )


def _take() -> None:
    idea = st.session_state["idea"]
    st.session_state["idea"] = None
    if idea is not None:
        text = f"{state.get('text').rstrip()} {idea}" if idea in KINDS else idea
        near.reread(text=text[:MAX_CHARS], cursor=None)


def unknown_note(text: str) -> None:
    """Names the words of the text that a model of Tinyland has never read."""
    unknown = () if text == state.DEFAULT_TEXT else _unknown_words(text)
    if unknown:
        named = ", ".join(f"“{literal(word)}”" for word in unknown[:MOST]) + (" …" if len(unknown) > MOST else "")
        st.caption(f"Not a word of Tinyland: {named}. The model has never read it, so expect a guess.")


@lru_cache(maxsize=512)
def _unknown_words(text: str) -> tuple[str, ...]:
    from core.text.tinyland.known import unknown_words  # word lists: not before somebody types

    return tuple(unknown_words(text))
