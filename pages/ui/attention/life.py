"""When heads were born: what they do followed over training, beside the losses of the skills that they are for."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import attention as figures
from core.training.disk.rows import column, read_rows
from pages.ui import background, cache, components
from pages.ui.attention.roles import open_head
from pages.ui.attention.stage import chosen_head
from pages.ui.caption import truth
from pages.ui.opened import from_elsewhere, missing
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.heads.roles import Life

Losses = dict[str, tuple[list[int], list[float]]]  # "training", "held out" -> steps, nats per token
ROWS, ROW = 3, 215  # of the panels, and pixels of each


def measured_over_life(view: View) -> "tuple[Life, Losses] | None":
    """What was measured at every kept step, and the losses of training; None while it is being measured."""
    from core.analysis.heads import roles
    from core.model import load_checkpoint

    name, steps = view.name, roles.some_steps(view.description.steps)
    metrics = view.description.folder / "metrics.jsonl"

    def work(report: background.Report) -> "tuple[Life, Losses]":
        life = roles.life(lambda step: load_checkpoint(name, step), steps, report)
        rows = read_rows(metrics)
        return life, {"training": column(rows, "loss_per_token"), "held out": column(rows, "val_loss_per_token")}

    key = ("head life", name, steps, cache.files_stamp(name))
    return background.compute(key, work, "Following every head through training", height=ROWS * ROW, slow=True)


def its_life() -> None:
    """The scores of every head over the kept steps, beside the losses, and when each role was born."""
    from core.analysis.heads.roles import ROLES, THRESHOLD, births

    st.markdown(
        "A line for each head, the open one in :orange[orange], over the steps of training; the three that end highest "
        "are named, the others grey. The dotted line is the step on show. Click a line to open its head. Beside them "
        "stands the loss of the skills that heads are for: where an induction head appears, the loss of copying falls."
    )
    view = current()
    layer, head = chosen_head(view)
    if from_elsewhere(view.description.card):
        return missing("When its heads found their roles", "Choose Tinyland in the sidebar to see it happen.")
    if len(view.description.steps) < 2:
        st.info("Only one step of this model was kept: there is no training to follow.")
        return
    measured = measured_over_life(view)
    if measured is None:
        return
    life, losses = measured
    last = life[-1][1]
    if not last.scores:
        st.info("This model reads too few tokens at a time to measure what its heads do.")
        return
    steps = [step for step, _ in life]
    curves = {ROLES[name].measured: np.stack([one.scores[name].mean for _, one in life]) for name in last.scores}
    skills = {skill: [one.causes[skill].loss for _, one in life] for skill in last.causes}
    figure = figures.life(steps, curves, (layer, head), skills, losses, view.step, THRESHOLD)
    components.plot(
        figure,
        key="life",
        height=ROWS * ROW,
        title="Scores of all heads over training",
        least_width=760,
        on_click=open_head,
    )
    born = list(births(life))
    call = f"roles.life(lambda step: load_checkpoint({view.name!r}, step), {tuple(steps)}, print)"
    code = (
        view.untouched.with_import("core.analysis.heads", "roles")
        .then(f"life = {call}")
        .gives(
            "[[score.mean for score in one.scores.values()] for _, one in life], "
            "[[cause.loss for cause in one.causes.values()] for _, one in life], list(roles.births(life))",
            (
                [[score.mean for score in one.scores.values()] for _, one in life],
                [[cause.loss for cause in one.causes.values()] for _, one in life],
                born,
            ),
        )
    )
    shape = (len(steps), view.description.config.n_layers, view.description.config.n_heads)
    note = "measured at every kept step; the loss of training as recorded"
    truth("scores[name].mean, causes[skill].loss", shape, note, code)
    st.markdown(_births_in_words(born))


def _births_in_words(born: list[tuple[str, int, int, int | None, int]]) -> str:
    """Since when heads have the role that they have at the end."""
    from core.analysis.heads.roles import ROLES

    if not born:
        return "At the last step, no head of this model has a proved role."
    lines = []
    for name, layer, head, before, since in born:
        when = (
            f"from the start (step {since:,})" if before is None else f"learned between steps {before:,} and {since:,}"
        )
        lines.append(f"- layer {layer}, head {head}: **{ROLES[name].name}**, {when}")
    return "Proved roles at the last step:\n\n" + "\n".join(lines)
