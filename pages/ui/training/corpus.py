"""A corpus that the visitor has kept on the data page, as the text of a run; its data card stays with the run."""

import hashlib

import streamlit as st

from core.runs.corpora import cards_of, kept_corpora, text_of
from core.training.disk.folder import RunError
from pages.ui import state
from pages.ui.training import setup
from pages.ui.training.owner import key as owner_key

TAKEN = "setup_corpus_taken"  # the corpus whose text was put into the box, and the hash of that text


def choose_corpus(longest: int) -> None:
    """A box with the corpora of this browser, if it has any; choosing one puts its documents where the text is."""
    names = kept_corpora(owner_key())
    if not names:
        return

    def take() -> None:
        name = st.session_state["setup_corpus_name"]
        st.session_state["setup_file_note"] = None
        if name not in names:
            return
        try:
            text, whole = text_of(names[name], longest)
        except RunError as error:
            st.session_state["setup_file_note"] = f"It was not read: {error}."
            return
        text = state.clean(text)
        setup.fill({"text": text})
        setup.suit()
        st.session_state[TAKEN] = names[name], _hash_of(text)
        if not whole:
            st.session_state["setup_file_note"] = f"Only its first documents, {len(text):,} characters, were taken."

    st.selectbox(
        "or a corpus that you have kept on the page Data", list(names), index=None, key="setup_corpus_name",
        on_change=take, placeholder="choose one",
    )  # fmt: skip


def cards_for(text: str | None) -> dict[str, bytes]:
    """The data card of the corpus that the text is; of a text that was changed since, nobody knows one."""
    corpus, known = st.session_state.get(TAKEN, ("", ""))
    return cards_of(corpus) if text and corpus and _hash_of(text) == known else {}


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
