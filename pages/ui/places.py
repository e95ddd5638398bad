"""How many visitors one server takes: a place for each session, given back when the session ends."""

import os
import threading

import streamlit as st

MOST = 120  # visitors at once, unless $GLASSBOX_VISITORS says otherwise: two cores serve 100 within 3 s (`make load`)


class House:
    """Counts who is in. Shared by all sessions."""

    def __init__(self, most: int) -> None:
        self.most, self.taken = most, 0
        self._lock = threading.Lock()

    def enter(self) -> bool:
        """Take a place, if one is free."""
        with self._lock:
            free = self.taken < self.most
            self.taken += free
        return free

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self.taken -= 1


class HouseFull(Exception):
    """All places are taken."""


@st.cache_resource(show_spinner=False)
def house() -> House:
    """The places of this server."""
    return House(int(os.environ.get("GLASSBOX_VISITORS", MOST)))


@st.cache_resource(scope="session", on_release=House.leave, show_spinner=False)
def _place() -> House:
    if not house().enter():
        raise HouseFull
    return house()


def has_place() -> bool:
    """Whether this visitor has a place, now or since earlier; if not, the page says so."""
    try:
        _place()
    except HouseFull:
        st.warning(
            f"Glassbox is full: {house().most} people are here, as many as this server can answer quickly. "
            "A place is free as soon as somebody leaves: try again in a minute."
        )
        st.button("Try again")
        return False
    return True
