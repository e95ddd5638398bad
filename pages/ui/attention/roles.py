"""What heads do in general: measured off the page's thread, told only where it is clear, and followed over training."""

from typing import TYPE_CHECKING, Literal

import numpy as np
import streamlit as st

from core.figures import attention as figures
from core.figures.labels import percent
from core.training.rows import Row, read_rows
from pages.ui import background, cache, components, near, state
from pages.ui.attention.stage import chosen_head
from pages.ui.caption import truth
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.heads.roles import Life, Scores

Losses = dict[str, tuple[list[int], list[float]]]  # "training", "held out" -> steps, nats per token
ROWS, ROW = 2, 215  # of the panels of a life, and pixels of each


def scores_now(view: View, label: str = "") -> "Scores | None":
    """The scores of every head at this step, {} for a model too small to measure; None while they are being measured,
    and then with a `label` a bar shows how far that is.

    Without the interventions that may be on: roles are told of the model as it was trained.
    """
    from core.analysis.heads import roles
    from core.model import load_checkpoint

    name, step = view.name, view.step

    def work(report: background.Report) -> "Scores":
        report(0.1, "random sequences, then stories")
        return roles.measure(load_checkpoint(name, step))

    key = ("head scores", name, step, cache.files_stamp(name))
    return background.compute(key, work, label, height=220 if label else None)


def scores_over_life(view: View) -> "tuple[Life, Losses] | None":
    """The scores at every kept step and the held-out loss; None while they are being measured."""
    from core.analysis.heads import roles
    from core.model import load_checkpoint

    name, steps = view.name, roles.some_steps(view.description.steps)
    metrics = view.description.folder / "metrics.jsonl"

    def work(report: background.Report) -> "tuple[Life, Losses]":
        life = roles.life(lambda step: load_checkpoint(name, step), steps, report)
        rows = read_rows(metrics)
        return life, {"training": _column(rows, "loss_per_token"), "held out": _column(rows, "val_loss_per_token")}

    key = ("head life", name, steps, cache.files_stamp(name))
    return background.compute(key, work, "Following every head through training", height=ROWS * ROW, slow=True)


def _column(rows: list[Row], name: Literal["loss_per_token", "val_loss_per_token"]) -> tuple[list[int], list[float]]:
    """The steps and numbers of the rows that have the number `name`."""
    kept = [row for row in rows if name in row]
    return [row["step"] for row in kept], [row[name] for row in kept]


def names(view: View, scores: "Scores | None") -> list[list[str]] | None:
    """The short name of each head's role for the grid, "" where none is clear."""
    from core.analysis.heads.roles import ROLES, role_of

    if not scores:
        return None
    layers, heads = view.description.config.n_layers, view.description.config.n_heads
    found = [[role_of(scores, i, j) for j in range(heads)] for i in range(layers)]
    return [[ROLES[name].short if name else "" for name in row] for row in found]


def what_it_does() -> None:
    """The role of the open head, if it has a clear one, and all its scores."""
    from core.analysis.heads.roles import HALF, ROLES, STORIES, THRESHOLD, role_of

    view = current()
    scores = scores_now(view, f"Measuring every head at step {view.step:,}")
    if scores is None:
        return
    if not scores:
        st.info("This model reads too few tokens at a time to measure what its heads do.")
        return
    layer, head = chosen_head(view)
    found = role_of(scores, layer, head)
    label = "no clear role" if found is None else f"{ROLES[found].name}: {ROLES[found].does}"
    st.markdown(f"Layer {layer}, head {head}: **{label}**.")
    chosen = list(scores.values())
    shares = [(float(s.mean[layer, head]), float(s.low[layer, head]), float(s.high[layer, head])) for s in chosen]
    chance = [float(s.chance[layer, head]) for s in chosen]
    figure = figures.roles([ROLES[s.name].name for s in chosen], shares, chance, THRESHOLD)
    components.plot(figure, key="roles", height=260, title="Scores of this head, with 95 % intervals")
    at = f"[{layer}, {head}]"
    code = view.untouched.using("core.analysis.heads", "roles").gives(
        f"[(s.mean{at}, s.low{at}, s.high{at}, s.chance{at}) for s in roles.measure(checkpoint).values()]",
        [(*share, by_chance) for share, by_chance in zip(shares, chance, strict=True)],
    )
    counts = f"{chosen[0].cases} random sequences" + (
        f" and {scores['referent'].cases} Tinyland stories" if "referent" in scores else ""
    )
    truth("roles.measure(checkpoint)", chosen[0].mean.shape, f"{counts}, not your text", code)
    half = min(HALF, (view.description.config.context_length - 1) // 2)
    st.caption(
        f"Each score is the share of its attention that goes where such a head looks. The first four: on sequences of "
        f"{half} random tokens, each followed by the same tokens again. The last: in at most {STORIES} stories that no "
        "training run has seen, from a pronoun to the names of whom it means, with another person named before it; "
        "there, chance is a head that likes all names alike. A role is named only when its whole 95 % interval lies "
        f"above {percent(THRESHOLD)} (dashed) and above chance; everything else has no clear role."
        + (" The changes inside the model that are on play no part in it." if state.get("interventions") else "")
    )
    st.markdown("For each role, the head that comes nearest to it:\n\n" + best_in_words(scores))


def best_in_words(scores: "Scores") -> str:
    """For each role the head with the highest score, whether or not that is enough for its name."""
    from core.analysis.heads.roles import ROLES, THRESHOLD, role_of

    lines = []
    for name, score in scores.items():
        layer, head = (int(i) for i in np.unravel_index(score.mean.argmax(), score.mean.shape))
        label, share = role_of(scores, layer, head), float(score.mean[layer, head])
        verdict = "" if label == name else ", too little for a label" if share <= THRESHOLD else ", not clear enough"
        other = f" (it is a {ROLES[label].name})" if label and label != name else ""
        lines.append(f"- {ROLES[name].name}: **L{layer}H{head}**, {percent(share)}{verdict}{other}")
    return "\n".join(lines)


def its_life() -> None:
    """The scores of every head over the kept steps, beside the loss, and when each role was born."""
    from core.analysis.heads.roles import ROLES, THRESHOLD, births

    st.markdown(
        "A line for each head, the open one in :orange[orange], over the steps of training; the three that end highest "
        "are named, the others grey. The dotted line is the step on show. Click a line to open its head."
    )
    view = current()
    layer, head = chosen_head(view)
    if len(view.description.steps) < 2:
        st.info("Only one step of this model was kept: there is no life to follow.")
        return
    measured = scores_over_life(view)
    if measured is None:
        return
    life, losses = measured
    if not life[-1][1]:
        st.info("This model reads too few tokens at a time to measure what its heads do.")
        return
    steps = [step for step, _ in life]
    curves = {ROLES[name].name: np.stack([scores[name].mean for _, scores in life]) for name in life[-1][1]}
    figure = figures.life(steps, curves, (layer, head), losses, view.step, THRESHOLD)
    components.plot(
        figure, key="life", height=ROWS * ROW, title="Scores of all heads over training", on_click=open_head
    )
    born = list(births(life))
    call = f"roles.life(lambda step: load_checkpoint({view.name!r}, step), {tuple(steps)}, print)"
    code = (
        view.untouched.using("core.analysis.heads", "roles")
        .then(f"life = {call}")
        .gives(
            "[[score.mean for score in scores.values()] for _, scores in life], list(roles.births(life))",
            ([[score.mean for score in scores.values()] for _, scores in life], born),
        )
    )
    shape = (len(steps), view.description.config.n_layers, view.description.config.n_heads)
    truth("scores[name].mean at every kept step", shape, "measured; the loss as training recorded it", code)
    st.markdown(_births_in_words(born))


def _births_in_words(born: list[tuple[str, int, int, int | None, int]]) -> str:
    """Since when heads have the role that they have at the end."""
    from core.analysis.heads.roles import ROLES

    if not born:
        return "At the last step, no head of this model has a clear role."
    lines = []
    for name, layer, head, before, since in born:
        when = f"from the start (step {since:,})" if before is None else f"born between steps {before:,} and {since:,}"
        lines.append(f"- layer {layer}, head {head}: **{ROLES[name].name}**, {when}")
    return "Clear roles at the last step:\n\n" + "\n".join(lines)


def open_head(event: components.PlotEvent) -> None:
    """A click on a head's curve opens that head."""
    if isinstance(event.customdata, list) and len(event.customdata) == 3:
        near.update(layer=int(event.customdata[0]), head=int(event.customdata[1]), open_heads="")
