"""The four uses as they were measured: recorded beside the model, else measured when a visitor asks for it."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.ui import background, cache, near
from pages.ui.code import Code
from pages.ui.uses import able
from pages.ui.view import View

if TYPE_CHECKING:
    from core.uses.skills import Found


def found(view: View, asks: bool) -> "list[Found] | None":
    """What was found; None while it is not there: then a button (if `asks`) or a bar stands here."""
    if not able.knows_tinyland(view):
        st.info("The uses are measured on Tinyland, whose truth is known: choose a model that learned from it.")
        return None
    name, step = view.name, view.step
    key = ("uses", name, step, cache.files_stamp(name))
    kept = _recorded(name, step, cache.files_stamp(name))
    if kept is not None:
        return kept
    if key not in st.session_state.setdefault("uses_asked", set()):
        if asks:
            st.info(
                f"This has not been measured at step {step:,} yet. It takes a few minutes on this machine, once for "
                "all visitors. The ends of the stages of the shipped model are there at once."
            )
            st.button("Measure the four uses", key="measure_uses", type="primary", on_click=_ask, args=(key,))
        else:
            st.caption("Measure the four uses above first.")
        return None

    def work(report: background.Report) -> "list[Found]":
        from core.uses.recorded import found_of

        return found_of(name, step, report)

    return background.compute(key, work, "Measuring the four uses", height=300, slow=True)


def _ask(key: tuple[Any, ...]) -> None:
    st.session_state["uses_asked"].add(key)
    near.follow()


@st.cache_data(max_entries=64, show_spinner=False)
def _recorded(name: str, step: int, stamp: tuple[int, ...]) -> "list[Found] | None":
    from core.uses.recorded import recorded

    return recorded(cache.description(name, step))


def code(view: View) -> Code:
    """What gives it, as `found`."""
    return (
        Code().with_import("core.uses.recorded", "found_of").with_lines(f"found = found_of({view.name!r}, {view.step})")
    )
