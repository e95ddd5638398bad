"""The four uses as they were measured: recorded beside the model, else measured when a visitor asks for it."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import background, cache
from pages.ui.code import Code
from pages.ui.on_request import on_request
from pages.ui.uses import able
from pages.ui.view import View

if TYPE_CHECKING:
    from core.uses.skills import Found


def found(view: View, asks: bool) -> "list[Found] | None":
    """What was found; None while it is not there: then a button (if `asks`) or a bar stands here."""
    if not able.knows_tinyland(view):
        st.info("The uses are measured on Tinyland, whose truth is known: choose a model that learned from it.")
        return None
    name, step, stamp = view.name, view.step, cache.files_stamp(view.name)

    def work(report: background.Report) -> "list[Found]":
        from core.uses.recorded import found_of

        return found_of(name, step, report)

    kept = _recorded(name, step, stamp)
    return kept if kept is not None else on_request(
        ("uses", "skills", name, step, stamp), work, recorded=False, step=step, button="Measure the four uses",
        how_long="a few minutes", height=300, label="Measuring the four uses",
        elsewhere="" if asks else "Measure the four uses above first.",
    )  # fmt: skip


@st.cache_data(max_entries=64, show_spinner=False)
def _recorded(name: str, step: int, stamp: tuple[int, ...]) -> "list[Found] | None":
    from core.uses.recorded import recorded

    return recorded(cache.description(name, step))


def code(view: View) -> Code:
    """What gives it, as `found`."""
    return (
        Code().with_import("core.uses.recorded", "found_of").with_lines(f"found = found_of({view.name!r}, {view.step})")
    )
