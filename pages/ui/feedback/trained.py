"""Over-optimisation while a model is trained on a reward: proxy and true reward over the distance, and Gao's law."""

import numpy as np
import streamlit as st

from core.figures import feedback as figures
from core.lab.course import FEWEST, course
from pages.ui import components
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.feedback import runs
from pages.ui.feedback.recorded import turnover
from pages.ui.literal import literal

LAW_POINTS = 60


def trained() -> None:
    """The run on show, as far as its true reward is known."""
    run = runs.on_show()
    config = runs.config_of(run) if run else None
    if run is None or config is None or not config.preference.get("taste"):
        st.info("Train with a programmatic rater above, whose true taste is known: both rewards are drawn here.")
        turnover()
        return
    found = course(runs.rows_of(run, config))
    if found is None:
        st.info(f"Both rewards are drawn here after {FEWEST} evaluations.")
        return
    law, turns, curve = found.law, None, None
    if law is not None:
        at = np.linspace(0, max(found.d), LAW_POINTS)
        curve, turns = (at, law.at(at)), law.turnover
    names = [f"step {step:,}" for step in found.steps]
    figure = figures.over_optimised(
        found.d, found.proxy, found.true, curve, turns, names, "d (α − β log d), from the first half"
    )
    components.plot(figure, key="trained_over", height=340, title="Proxy and true reward while it is trained")
    code = (
        Code()
        .with_import("core.lab.course", "course")
        .with_import("core.model", "checkpoint_folder")
        .with_import("core.training.disk.rows", "read_rows")
        .then(f"rows = read_rows(checkpoint_folder({run!r}) / 'metrics.jsonl')")
        .then(f"found = course([row for row in rows if row['step'] >= {config.first_step}])")
        .gives("[found.d, found.proxy, found.true]", [found.d, found.proxy, found.true])
    )
    note = "64 continuations on the same seeds at every evaluation; KL exact, added up over an answer"
    truth("course(rows)", (3, len(found.d)), note, code)
    said = "The first half is too short to foretell a turnover."
    if turns is not None:
        told = f"at d = {turns:.1f}" if turns <= 2 * max(found.d) else "beyond what is drawn"
        said = f"The law, fitted to the first half, foretells the turnover {told}; the best was at {found.best:.1f}."
    what_you_see(
        f"Taste: *{literal(config.preference['taste'])}*. {said} Training spends far more KL than best of n for the "
        "same gain, so the two cannot be compared by d alone. Where the rater itself rewards there is nothing to fool."
    )
