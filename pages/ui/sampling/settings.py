"""The settings of sampling as a visitor has left them: values, order, and the stages that are switched off."""

from typing import Any

import streamlit as st

from core.generation import BOUNDS, ORDER, Sampler
from pages.ui import state

OFF: dict[str, Any] = {name: state.PROPERTIES[name].default for name in ORDER} | {"stages": ""}


def settings() -> dict[str, Any]:
    """{"values": {name: number}, "order": [name], "off": [name]}, always usable: a link may hold anything."""
    values = {name: state.get(name) for name in ORDER}
    if values["temperature"] < 0.001:  # next to nothing cannot be divided by: it is greedy
        values["temperature"] = 0.0
    written = [part for part in state.get("stages").split(",") if part]
    order = [part.removeprefix("-") for part in written]
    if sorted(order) != sorted(ORDER):
        return {"values": values, "order": list(ORDER), "off": []}
    return {"values": values, "order": order, "off": sorted(part[1:] for part in written if part.startswith("-"))}


def store(raw: object) -> None:
    """Keeps what the browser sent; what is not a setting, or outside its bounds, is left out."""
    if not isinstance(raw, dict):
        return
    values, order, off = raw.get("values") or {}, raw.get("order") or [], raw.get("off") or []
    for name in ORDER:
        row, value = state.PROPERTIES[name], values.get(name)
        if isinstance(value, int | float) and row.holds(value):
            state.update(**{name: row.kind(value)})
    if sorted(map(str, order)) == sorted(ORDER):
        usual = order == list(ORDER) and not off
        state.update(stages="" if usual else ",".join(f"-{name}" if name in off else name for name in order))


def chosen_sampler() -> Sampler:
    """The Sampler that these settings are."""
    now = settings()
    values: dict[str, Any] = {
        name: BOUNDS[name][2] if name in now["off"] else value for name, value in now["values"].items()
    }
    return Sampler(**values, order=tuple(now["order"]))


def fresh() -> None:
    """On a run of the whole page: the component may be a new one, so what it is given must be the present settings."""
    if st.session_state.get("sampler_known") == (now := settings()):
        st.session_state["sampler_given"] = now


def settings_header() -> dict[str, Any]:
    """The part of the component's header that holds the settings, with a revision number.

    The browser moves its own sliders and tells the session afterwards. Data that it was given stays the same meanwhile,
    so that nothing is sent back; the revision grows only when the page itself has decided (a link, an experiment).
    """
    now = settings()
    if st.session_state.get("sampler_known") != now:
        st.session_state["sampler_revision"] = st.session_state.get("sampler_revision", 0) + 1
        st.session_state["sampler_known"] = st.session_state["sampler_given"] = now
    return {"settings": st.session_state["sampler_given"], "revision": st.session_state["sampler_revision"]}


def on_settings(raw: object) -> None:
    """A callback: the visitor has moved something in the browser."""
    store(raw)
    st.session_state["sampler_known"] = settings()
