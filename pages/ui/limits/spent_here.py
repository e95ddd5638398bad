"""What was spent here: by this text, this visit, the training of the model that is shown and of the shipped one."""

import math
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import cache, spent
from pages.ui.caption import truth
from pages.ui.code import Timed
from pages.ui.view import View

if TYPE_CHECKING:
    from core.model import Description

SHIPPED = "tinyland"
UNITS = {1e18: "quintillion", 1e15: "quadrillion", 1e12: "trillion", 1e9: "billion", 1e6: "million"}
Watts = tuple[float, float, float]


@st.cache_data(max_entries=64, show_spinner=False)
def _pass(name: str, step: int, stamp: tuple[int, ...], ids: tuple[int, ...]) -> tuple[float, float | None]:
    """(seconds of processor time of one forward pass over these ids, joules by the counters or None)."""
    from core.analysis.limits.meter import measured
    from core.model import run_trace

    model = cache.plain_checkpoint(name, step).model
    run_trace(model, ids)  # warms up
    with measured() as reading:
        for _ in range(5):
            run_trace(model, ids)
    return reading.cpu / 5, None if reading.joules is None else reading.joules / 5


def spent_here(view: View) -> None:
    """Each with its operations, its time, and its energy between a low and a high."""
    seconds, joules = _pass(view.name, view.step, cache.files_stamp(view.name), view.ids)
    st.markdown("### What was spent here")
    watts = _watts()
    lives = {"this model": view.description}
    if view.name != SHIPPED:
        lives["the shipped model"] = cache.description(SHIPPED)
    columns = st.columns(2 + len(lives), gap="large")
    with columns[0]:
        _text(view, seconds, joules, watts)
    with columns[1]:
        _visit(watts)
    for column, (title, description) in zip(columns[2:], lives.items(), strict=True):
        with column:
            _life(title, description, watts)
    code = (
        view.untouched.with_import("core.analysis.limits.meter", "measured")
        .with_import("core.model", "run_trace")
        .then("with measured() as reading:", "    run_trace(checkpoint.model, ids)")
    )
    truth(
        "measured().cpu",
        (),
        f"seconds of processor time, measured now. Watts of a core are assumed ({watts[0]:g}; {watts[1]:g} to "
        f"{watts[2]:g}), because most machines do not let a program read their energy counters. A visit pays for the "
        "threads that worked for it; what others had asked for before, and lay ready, it has for nothing",
        code.gives("reading.cpu", Timed(seconds)),
    )


def _text(view: View, seconds: float, joules: float | None, watts: Watts) -> None:
    from core.analysis.limits.energy import answering
    from core.analysis.limits.meter import watt_hours

    flops = answering(view.description.config.parameter_count()["total"], len(view.ids))
    reckoned, low, high = watt_hours(seconds, watts)
    counted = "" if joules is None else f" The counters of the processor say {joules:.2f} J."
    st.metric("Operations to read your text once", _big(flops))
    st.markdown(
        f"{len(view.ids)} tokens, {1000 * seconds:.1f} ms of processor time, about **{3600 * reckoned:.2g} J** "
        f"({3600 * low:.2g} to {3600 * high:.2g}).{counted}"
    )


def _visit(watts: Watts) -> None:
    """Up to the moment when this was drawn; the button draws it again."""
    from core.analysis.limits.meter import watt_hours

    visit = spent.visit()
    reckoned, low, high = watt_hours(visit.cpu, watts)
    st.metric("Operations of your visit so far", _big(visit.tally.flops))
    read = "What you saw lay ready, computed for others before"
    if visit.tally.tokens:
        read = f"Models read {visit.tally.tokens:,.0f} tokens for you"
    st.markdown(f"{read}; {visit.cpu:,.1f} s of processor time, about **{reckoned:.2g} Wh** ({low:.2g} to {high:.2g}).")
    st.button("Look again", key="energy_again")


def _life(title: str, description: "Description", watts: Watts) -> None:
    from core.analysis.limits.meter import watt_hours

    card = description.card
    seconds, cores = float(card.get("seconds") or 0.0), int((card.get("recipe") or {}).get("threads", 1))
    if not seconds:
        st.info(f"The card of {title} does not say what its training took.")
        return
    reckoned, low, high = watt_hours(seconds * cores, watts)
    st.metric(f"Operations to train {title}", _big(float(card.get("flops") or 0)))
    st.markdown(
        f"{int(card.get('tokens', 0)):,} tokens in {seconds / 60:,.0f} minutes on {cores} cores, about "
        f"**{reckoned:.3g} Wh** ({low:.2g} to {high:.3g}): boiling {reckoned / 110:.2g} litres of water."
    )


def _big(count: float) -> str:
    """In words, with three digits."""
    for unit, name in UNITS.items():
        if count >= unit:
            return f"{count / unit:,.{max(0, 2 - int(math.log10(min(count / unit, 100))))}f} {name}"
    return f"{count:,.0f}"


def _watts() -> Watts:
    """Of a busy core, as a visitor would have it; low and high keep their distance from it."""
    from core.analysis.limits.meter import WATTS

    value, low, high = WATTS
    entered = float(
        st.number_input("Watts of a busy core", 0.1, 500.0, value, format="%.4g", key="energy_watts", width=180,
                        persist_state="session")
    )  # fmt: skip
    st.caption(f"Assumed {value:g}, between {low:g} (a phone) and {high:g} (a workstation); change it if you know.")
    return entered, low * entered / value, high * entered / value
