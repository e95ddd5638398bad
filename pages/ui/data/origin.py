"""A text, the visitor's or one that the model writes, and where it comes from."""

import streamlit as st

from pages.ui import cache, state
from pages.ui.data.passages import LONGEST, where_from

TEXT, SEED = "origin_text", "origin_seed"
FIRST = "Rosa keeps a parrot. Paloma works as a doctor. Sven lives in Brindle. One day, Mia was in the park."
TOKENS = 80


def where_texts_come_from() -> None:
    st.markdown(
        "A model has no memory of where it read something. Its **training text** can be searched instead: which "
        "passages of a text stand in it, and in which documents? This is about the model in the sidebar and what it "
        "has read, not about the corpus above."
    )
    st.session_state.setdefault(TEXT, FIRST)
    st.text_area("A text", key=TEXT, height=96, max_chars=LONGEST, persist_state="session")
    model = str(state.get("model"))
    st.button("Let the model write one", on_click=_write, args=(model,), key="origin_write")
    where_from(model, state.clean(st.session_state[TEXT]), "origin", causes=True)


def _write(model: str) -> None:
    """In a callback: another text each time."""
    from core.generation import Sampler, generate_text

    checkpoint = cache.plain_checkpoint(model, state.get("step"))
    seed = st.session_state[SEED] = st.session_state.get(SEED, 0) + 1
    st.session_state[TEXT] = generate_text(checkpoint, "", Sampler(temperature=0.8), TOKENS, seed).strip()
