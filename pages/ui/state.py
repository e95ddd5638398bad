"""What a visitor has set: one table of properties is the state, the URL and the bounds of the controls.

The rows that links carry are in properties.py, those of the forms for runs in training/settings.py,
finetuning/settings.py and feedback/settings.py. `decode` and
`encode` are pure and tested by round trip. The rest of the file keeps the values in the session, under their own names,
so that `st.slider(…, **state.control("top_k"))` is the control of the property `top_k`.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pages.ui.feedback.settings import SETTINGS as SHAPING
from pages.ui.finetuning.settings import SETTINGS as TEACHING
from pages.ui.properties import DEFAULT_TEXT, MAX_LINK_TEXT, PROPERTIES, Property, clean
from pages.ui.training.settings import SETTINGS

__all__ = ["DEFAULT_TEXT", "MAX_LINK_TEXT", "PROPERTIES", "Property", "clean"]

VERSION = "1"
ROWS: dict[str, Property] = PROPERTIES | SETTINGS | TEACHING | SHAPING


def encode(values: Mapping[str, Any]) -> str:
    """The query of a link that restores `values`; properties at their default are left out. "" when all of them are."""
    query = {}
    for row in PROPERTIES.values():
        value = values.get(row.name, row.default)
        if value is None or value == row.default:
            continue
        query[row.name] = clean(value)[:MAX_LINK_TEXT] if row.kind is str else repr(row.kind(value))
    return urlencode({"v": VERSION} | query) if query else ""


def decode(query: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Values for every property, and by name a message for each part of the link that could not be used."""
    values = {row.name: row.default for row in PROPERTIES.values()}
    notes = {}
    if query.get("v", VERSION) != VERSION:
        notes["link"] = "This link was made by another version of Glassbox; what could be read of it was kept."
    for row in PROPERTIES.values():
        if row.name not in query:
            continue
        try:
            values[row.name] = row.parse(query[row.name])
        except ValueError as error:
            notes[row.name] = f"The link's {row.name.replace('_', ' ')} was not used: {error}."
    return values, notes


# ---- the session ----


def restore() -> None:
    """On the first run of a session, reads the link it was opened with."""
    if "notes" in st.session_state:
        return
    values, st.session_state["notes"] = decode(st.query_params.to_dict())
    for name, value in values.items():
        st.session_state.setdefault(name, value)


def get(name: str) -> Any:  # noqa: ANN401 (of the kind that its row says)
    return st.session_state.get(name, ROWS[name].default)


def update(**values: object) -> None:
    """Sets properties. Call it in a callback (`on_click=state.update, kwargs={...}`), before widgets are drawn."""
    for name, value in values.items():
        if name not in ROWS:
            raise KeyError(f"{name} is not a property; see pages/ui/properties.py")
        st.session_state[name] = value
        st.session_state.get("notes", {}).pop(name, None)
    if "cursor" in values:
        st.session_state["turn"] = turn() + 1


def turn() -> int:
    """How often the pin was set, so that the browser can tell an old word about it from a new one."""
    return int(st.session_state.get("turn", 0))


def update_quietly(**values: object) -> None:
    """Sets properties whose widgets this run has not drawn yet, and keeps their messages."""
    for name, value in values.items():
        st.session_state[name] = value


def assume(**values: object) -> None:
    """Sets properties to what a page takes where nothing was chosen: the last step, the first example. As
    `update_quietly`; links leave them out as long as they stay so."""
    update_quietly(**values)
    st.session_state.setdefault("assumed", {}).update(values)


def reset() -> None:
    """In a callback: every property but the model and the run as at the beginning."""
    kept = {"model", "run"}
    assumed = st.session_state.get("assumed", {})
    st.session_state["assumed"] = {name: assumed[name] for name in assumed.keys() & kept}
    update(**{name: row.default for name, row in PROPERTIES.items() if name not in kept})
    st.session_state["notes"] = {}


def control(name: str) -> dict[str, Any]:
    """Keyword arguments that make a Streamlit widget the control of a property: key, bounds or options, persistence."""
    row = ROWS[name]
    st.session_state.setdefault(name, row.default)
    shared: dict[str, Any] = {"key": name, "persist_state": "session"}
    if row.options:
        return shared | {"options": row.options}
    if row.kind in (str, bool):
        return shared
    return shared | {"min_value": row.kind(row.low), "max_value": row.kind(row.high), "step": row.kind(row.step)}


def choice(name: str, options: Sequence[Any], otherwise: Any) -> dict[str, Any]:  # noqa: ANN401 (as the row's kind)
    """Keyword arguments of a select among what is known only where it is drawn. What is none of the options, or has
    never been chosen, is `otherwise`, and links leave it out."""
    if get(name) not in options or st.session_state.get("assumed", {}).get(name) == get(name):
        assume(**{name: otherwise})
    return {"key": name, "options": options, "persist_state": "session"}


def relabelled(name: str, label: str) -> None:
    """Before a select is drawn whose value is now called `label`. A browser keeps the label that was chosen, and would
    send it back after it has changed, when no option is called so any more: then it is told the new one."""
    shown = st.session_state.setdefault("shown_labels", {})
    if shown.get(name, label) != label:
        update_quietly(**{name: get(name)})
    shown[name] = label


def note(name: str, message: str | None = None) -> None:
    """Shows the message kept for a property beside its control, or keeps a new one to be shown there."""
    notes = st.session_state.setdefault("notes", {})
    if message is not None:
        notes[name] = message
    elif name in notes:
        st.warning(notes[name])


def forget(name: str) -> None:
    """Drops the message of a property: its visitor has set it since."""
    st.session_state.get("notes", {}).pop(name, None)


def query(page: str = "") -> str:
    """The query of a link to what is on the screen now, with what matters on this page; on any, if none is given."""
    return queries(page)[bool(page)]


def queries(page: str) -> tuple[str, str]:
    """Those for any page, and for this one."""
    assumed = st.session_state.get("assumed", {})
    chosen = {name: get(name) for name in PROPERTIES}
    chosen = {name: value for name, value in chosen.items() if name not in assumed or assumed[name] != value}
    here = {name: value for name, value in chosen.items() if PROPERTIES[name].page in ("", page)}
    return encode(chosen), encode(here)
