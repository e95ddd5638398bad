"""A form for a run outlives a reload: its tab keeps what was filled in, which links leave out."""

from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from pages.ui import components, state
from pages.ui.properties import Property, clean

LONGEST = 100_000  # characters of a text that is kept
_form = components.component("kept_form")


def keep(name: str, rows: Mapping[str, Property], empty: Collection[str] = ()) -> None:
    """Lets the browser keep what the form `name` has, or takes over what it has kept, as far as the rows allow it.
    `empty`: those that may be None. Call it where the form is drawn, before its controls."""
    known = f"kept_{name}_known"  # whether this session has something of the form, or has been given what was kept

    def on_kept(event: components.Event) -> None:
        st.session_state[known] = True
        values = event.get("values")
        if isinstance(values, dict):
            state.update(**taken(values, rows, empty))

    changed = {row.name: state.get(row.name) for row in rows.values() if state.get(row.name) != row.default}
    changed = {at: value for at, value in changed.items() if len(str(value)) <= LONGEST}
    if changed:
        st.session_state[known] = True
    header = {"form": name, "values": changed, "known": st.session_state.get(known, False)}
    _form(key=f"kept_{name}", data=components.pack(header), on_kept_change=on_kept)


def taken(values: Mapping[str, Any], rows: Mapping[str, Property], empty: Collection[str] = ()) -> dict[str, Any]:
    """Of what a browser sent, the values that the rows allow."""
    found: dict[str, Any] = {}
    for name, row in rows.items():
        if name not in values:
            continue
        value = values[name]
        if value is None and name in empty:
            found[name] = None
        elif allowed(row, value):
            found[name] = clean(value) if row.kind is str else row.kind(value)
    return found


def allowed(row: Property, value: object) -> bool:
    """Whether a JSON value is one of the row's options, or of its kind and within its bounds."""
    kinds = (int, float) if row.kind is float else (row.kind,)
    return type(value) in kinds and row.holds(value) and not (row.kind is str and len(str(value)) > LONGEST)
