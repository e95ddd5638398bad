"""The choice of the run that a page shows."""

from collections.abc import Callable, Sequence

import streamlit as st

from pages.ui.names import labels


def choose(found: Sequence[str], now: str | None, key: str, on_change: Callable[[], None]) -> str | None:
    """A box with the runs `found`, of which `now` is on show; returns that, or None where there is none to choose."""
    if not found:
        return None
    named = labels(found)
    st.session_state[key] = now if now in found else None  # told anew: a run may have begun, or be called otherwise
    st.selectbox("Run on show", found, format_func=lambda run: named.get(run, run), key=key, on_change=on_change,
                 placeholder="Choose a run")  # fmt: skip
    return now
