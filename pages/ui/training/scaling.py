"""Scaling: a ladder of sizes at equal compute, a power law through their losses, and the next size foretold."""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from core import jobs
from core.figures import training as figures
from core.training import preset
from core.training.disk.folder import RunError
from core.training.disk.rows import Row
from pages.ui import components
from pages.ui.caption import truth
from pages.ui.code import Code
from pages.ui.literal import literal
from pages.ui.training.curves import metrics
from pages.ui.training.failures import runs_called
from pages.ui.training.owner import key as owner_key

BUDGETS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # TFLOP for each size
USUAL = 0.5  # with less, the size that is foretold has read too little to keep to the law
TRAINED, NEXT = (8, 12, 16, 24), 32  # widths: those of the fit, and the one that it foretells
ENDED = ("", "finished", "stopped", "failed", "interrupted", "damaged")
TOKENS_PER_STEP, LENGTH = 955, 89  # of the documents of one step, on average: how many steps a budget buys


def ladder() -> None:
    """The budget, the runs, the fit and the prediction."""
    budget = st.select_slider(
        "Compute for each size, in TFLOP", BUDGETS, USUAL, key="scaling_budget", persist_state="page"
    )
    rungs = rungs_of(float(budget))
    found = {width: runs_called(name_of_rung(budget, width)) for width in (*TRAINED, NEXT)}
    states = {width: _state(run) for width, run in found.items()}
    st.markdown(
        f"Sizes: {len(TRAINED)} widths from {TRAINED[0]} to {TRAINED[-1]}, with as many layers and heads, each trained "
        "with the same arithmetic, the smaller ones for more steps. Then the scaling law predicts width "
        f"{NEXT}, before anybody trains it. With little compute the smaller ones win, because they read more: the best "
        "size grows with the budget."
    )
    missing = [width for width in TRAINED if found[width] is None and width in rungs]
    with st.container(horizontal=True, vertical_alignment="center"):
        act = (budget, missing)
        st.button("Train the ladder", on_click=_begin, args=act, disabled=not missing, key="scaling_start")
        st.button("Show their progress", key="scaling_look", disabled=not any(found.values()))
        going = [run for width, run in found.items() if run and states[width] not in ENDED]
        st.button("Stop the ladder", on_click=_stop, args=(going,), disabled=not going, key="scaling_stop")
        words = [f"width {width}: {word}" for width, word in states.items() if word]
        st.caption(" · ".join(words) or "No size of this ladder has been trained yet.", width="content")
    if message := st.session_state.pop("scaling_error", None):
        st.warning(message)
    done = {width: _last_row(found[width]) for width in TRAINED}
    reached = {width: row for width, row in done.items() if row and width in rungs}
    if len(reached) >= 2:
        fit(float(budget), rungs, reached, found[NEXT])


@st.cache_data(max_entries=8, show_spinner=False)
def rungs_of(budget: float) -> dict[int, Any]:
    """The rung of each width that the budget buys at least one step of."""
    from core.lab import scaling

    base = replace(preset("live"), eval_every=100, final_eval_documents=400, snapshots=4)
    rungs = scaling.ladder(base, budget * 1e12, TOKENS_PER_STEP, (*TRAINED, NEXT), length=LENGTH)
    return {rung.config.model["d_model"]: rung for rung in rungs}


def name_of_rung(budget: float, width: int) -> str:
    """The name of the run of one rung."""
    return f"ladder of {budget:g} TFLOP, width {width}"


def _state(run: str | None) -> str:
    if not run:
        return ""
    try:
        now = jobs.status(run)
    except (RunError, ValueError):
        return ""
    return f"{now.step:,} of {now.steps:,}" if now.state == "running" else now.state


def _stop(runs: list[str]) -> None:
    """Ends them, those that wait first: none of these then takes the place of one that goes."""
    for run in sorted(runs, key=lambda run: jobs.status(run).state != "queued"):
        try:
            jobs.stop(run, owner_key())
        except (RunError, OSError):  # it has ended, or was deleted
            continue


def _last_row(run: str | None) -> Row | None:
    """The last row of a finished run."""
    rows = metrics(jobs.run_folder(run)) if run else []
    return rows[-1] if rows and rows[-1].get("status") == "finished" else None


def _begin(budget: float, widths: list[int]) -> None:
    try:
        for width in widths:
            jobs.start(rungs_of(budget)[width].config, owner_key(), name=name_of_rung(budget, width))
    except (RunError, ValueError) as error:
        st.session_state["scaling_error"] = f"Not all were started: {literal(str(error))}."
    except OSError:
        st.session_state["scaling_error"] = "Not started: a folder or a process could not be made."


def fit(budget: float, rungs: dict[int, Any], reached: dict[int, Row], following: str | None) -> None:
    """The points, the law when there are enough of them, the visitor's guess, and the next size."""
    from core.lab.scaling import fit_power_law, larger_is_better, verdict

    sizes = [rungs[width].parameters for width in reached]
    losses = [row["val_loss_per_token"] for row in reached.values()]
    floors = [row["floor_per_token"] for row in reached.values() if "floor_per_token" in row]
    law = expected = None
    words = "a law needs four sizes"
    size = rungs[NEXT].parameters if NEXT in rungs else None
    if len(sizes) == len(TRAINED):
        law = fit_power_law(sizes, losses, min(floors) if floors else None)
        low, high = law.exponent_interval()
        words = f"exponent {law.exponent:.2f}, with 90 % between {low:.2f} and {high:.2f}; floor {law.floor:.2f} nats"
        if not larger_is_better(sizes, losses, law):
            law, words = None, "no law: the loss does not fall with the size"
            st.info(
                "With so little compute the larger ones do not win: nothing can be predicted. Take a larger budget."
            )
        expected = (float(size), *law.predict(size)) if size and law else None
    across = np.geomspace(min(sizes), size or max(sizes), 40)
    actual, last = None, _last_row(following)
    guess = None
    if expected:
        label = f"Your guess: the loss that width {NEXT} will reach, in nats per token"
        said = st.number_input(
            label, 0.1, 10.0, None, 0.01, placeholder="guess", key=f"scaling_guess_{budget:g}", persist_state="session"
        )
        guess = (expected[0], float(said)) if said else None
        if last:
            actual = (expected[0], float(last["val_loss_per_token"]))
    line = (across.tolist(), law.at(across).tolist()) if law else None
    shown = expected if guess or last else None  # the guess comes first
    figure = figures.scaling(sizes, losses, line if shown else None, shown, actual, guess)
    components.plot(figure, key="scaling_plot", height=340, title="Held-out loss against size at equal compute")
    floor = min(floors) if floors else None
    code = Code().with_import("core.lab.scaling", "fit_power_law").then(f"sizes, losses = {sizes}, {losses}")
    if law:
        code = code.then(f"law = fit_power_law(sizes, losses, {floor})").gives(
            f"law.exponent, law.floor, law.exponent_interval(), law.predict({size})",
            (law.exponent, law.floor, law.exponent_interval(), expected[1:] if expected else None),
        )
    else:
        code = code.gives("sizes, losses", (sizes, losses))
    truth(
        "fit_power_law(sizes, losses)",
        (len(sizes),),
        f"each was trained with {budget:g} TFLOP; {words if shown or not law else 'first your guess'}",
        code,
    )
    if expected and shown:
        _, loss, low, high = expected
        st.markdown(f"The law expects **{loss:.3f}**, and with 90 % something between {low:.3f} and {high:.3f}.")
        if not following:
            act = (budget, [NEXT])
            st.button(f"Train width {NEXT}", on_click=_begin, args=act, type="primary", key="scaling_next")
    if actual and expected:
        st.markdown(f"It reached **{actual[1]:.3f}**: {verdict(actual[1], expected[1:], losses)}")
