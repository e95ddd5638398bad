"""The pipeline that a visitor has set up: where the documents come from, and the stages, as links carry them.

`pipeline` is the order of the stages, "-" before one that is switched off: "extract,-repair,near"; "" as usual.
`tuned` are the settings that are not as usual: "near.bands=20 near.shingles=characters".
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.data.plan import Choice, Plan, Source, check_stages, knobs, usual_plan
from core.data.stage import Knob
from core.data.stages import STAGES
from pages.ui import near, state

OURS, YOURS = "our crawl", "your files"
UPLOAD = "data_upload"
Value = bool | int | float | str


@dataclass(frozen=True)
class Setup:
    """All stages in order, those that are off, and what is set otherwise than usual."""

    order: tuple[str, ...]
    off: frozenset[str]
    tuned: dict[str, dict[str, Value]] = field(default_factory=dict)


def own_files() -> list[tuple[str, bytes]]:
    """The files that the visitor has given, as they are called and what is in them."""
    return st.session_state.get("data_files") or []


def keep_files() -> None:
    """In a callback of the uploader: the page may be left, and the files stay."""
    st.session_state["data_files"] = [(file.name, file.getvalue()) for file in st.session_state.get(UPLOAD) or []]
    near.follow()


def source() -> Source:
    if state.get("documents_from") == OURS:
        return Source("crawl", state.get("crawl_seed"), int(state.get("crawl_pages").replace(",", "")))
    whole = hashlib.sha256()
    for name, data in own_files():
        for part in (name.encode("utf-8", "replace"), data):
            whole.update(len(part).to_bytes(8, "big") + part)
    return Source("files", files=whole.hexdigest())


def setup() -> Setup:
    """Always usable: a link may hold anything."""
    usual = [choice.key for choice in usual_plan(source()).stages]
    order, off = _order(state.get("pipeline"), usual)
    return Setup(tuple(order), frozenset(off), _tuned(state.get("tuned")))


def _order(written: str, usual: Sequence[str]) -> tuple[list[str], list[str]]:
    parts = [part for part in written.split(",") if part]
    order = [part.removeprefix("-") for part in parts]
    if sorted(order) != sorted(STAGES):
        return list(STAGES), [key for key in STAGES if key not in usual]
    return order, [part[1:] for part in parts if part.startswith("-")]


def _tuned(written: str) -> dict[str, dict[str, Value]]:
    found: dict[str, dict[str, Value]] = {}
    for part in written.split():
        name, _, raw = part.partition("=")
        key, _, setting = name.partition(".")
        knob = knobs(key).get(setting) if key in STAGES else None
        value = _value(knob, raw) if knob else None
        if knob and value is not None and knob.fits(value) and value != knob.default:
            found.setdefault(key, {})[setting] = value
    return found


def _value(knob: Knob, raw: str) -> Value | None:
    if isinstance(knob.default, bool):
        return {"on": True, "off": False}.get(raw)
    try:
        return type(knob.default)(raw)
    except ValueError:
        return None


def plan() -> Plan:
    now = setup()
    choices = [Choice(key, now.tuned.get(key, {})) for key in now.order if key not in now.off]
    return Plan(source(), check_stages(choices))


def arrange(raw: dict[str, Any]) -> None:
    """Keeps the order and the switches that the browser sent."""
    order, off = raw.get("order"), raw.get("off")
    if not isinstance(order, list) or not isinstance(off, list) or sorted(map(str, order)) != sorted(STAGES):
        return
    usual = [choice.key for choice in usual_plan(source()).stages]
    same = order == list(STAGES) and set(off) == set(STAGES) - set(usual)
    state.update(pipeline="" if same else ",".join(f"-{key}" if key in off else key for key in order))
    near.follow()


def tune(key: str, name: str, value: Value) -> None:
    """Sets one knob of one stage."""
    tuned = {stage: dict(values) for stage, values in setup().tuned.items()}
    tuned.setdefault(key, {})[name] = value
    written = [
        f"{stage}.{setting}={_written(value)}"
        for stage, values in tuned.items()
        for setting, value in values.items()
        if value != knobs(stage)[setting].default
    ]
    state.update(tuned=" ".join(written))
    near.follow()


def _written(value: Value) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else f"{value}"


def as_usual() -> None:
    """In a callback: every stage on, in the usual order, as usual."""
    near.update(pipeline="", tuned="")


def value_of(key: str, knob: Knob) -> Value:
    return setup().tuned.get(key, {}).get(knob.name, knob.default)
