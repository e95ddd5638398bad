"""Presses in a component that writes: a busy server may be given only the last of several events, so each press is sent
until the component knows that it was seen (assets/components/shared/presses.js). `key` holds the last one that was.
"""

from typing import Any

import streamlit as st

NOBODY = {"by": None, "number": 0}  # of which component, and its number


def last_seen(key: str) -> dict[str, Any]:
    """What the component's header says of it."""
    seen: dict[str, Any] = st.session_state.get(key, NOBODY)
    return seen


def unseen(event: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """In a callback: the presses of one event that no earlier one brought. An event without any asks for more."""
    seen = last_seen(key)
    last = seen["number"] if seen["by"] == event.get("by") else 0
    found = [press for press in event.get("presses", []) if isinstance(press, dict) and press.get("number", 0) > last]
    if found:
        st.session_state[key] = {"by": event.get("by"), "number": found[-1]["number"]}
    return found
