"""The key with which this browser steers the runs that it started. The browser keeps it; a run keeps only its hash."""

import re

import streamlit as st

from core import jobs
from pages.ui import components

_owner = components.component("owner")
KEY = re.compile(r"[A-Za-z0-9_-]{40,64}")


def key() -> str:
    """This browser's key: a new one until the browser has said which it keeps."""
    return str(st.session_state.setdefault("training_key", jobs.new_key()))


def remember() -> None:
    """Lets the browser keep the key, or learns which it has kept. Call it once on the page."""

    def on_kept(event: components.Event) -> None:
        if isinstance(mine := event.get("key"), str) and KEY.fullmatch(mine):
            st.session_state["training_key"] = mine

    _owner(key="training_owner", data=components.pack({"key": key()}), on_kept_change=on_kept)
