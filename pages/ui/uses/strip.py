"""The tokens that a use consists of, special ones among them, shown on demand."""

from collections.abc import Sequence

import streamlit as st

from pages.ui import components
from pages.ui.text import chips
from pages.ui.view import View


def strip(view: View, ids: Sequence[int], key: str) -> None:
    """A switch, and below it the tokens with their ids as the model reads them."""
    if st.toggle("Show the tokens, as the model reads them", key=f"{key}_tokens", persist_state="session"):
        made = chips(view.tokenizer, tuple(ids))
        components.tokens(made, key=f"{key}_strip", ids=True, shared=False, title="Tokens that the model reads")
