"""Where in the model the change lies: matrices, heads, neurons, and in how many directions a matrix moved."""

from typing import TYPE_CHECKING

import streamlit as st

from core.figures import Figure
from core.figures import finetuning as figures
from core.training import TrainConfig
from pages.ui import cache, components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.finetuning import runs
from pages.ui.finetuning.form import MATRIX_NAMES
from pages.ui.finetuning.results import NOTHING

if TYPE_CHECKING:
    import numpy as np

    from core.lab.movement import Moved


@st.cache_data(max_entries=32, show_spinner="Comparing the weights …")
def _moved(run: str, first: int, last: int, stamp: tuple[int, ...]) -> "Moved":
    from core.lab.movement import movement

    before, after = (cache.plain_checkpoint(run, step).model for step in (first, last))
    return movement(before, after)


@st.cache_data(max_entries=128, show_spinner=False)
def _directions(run: str, first: int, last: int, layer: int, part: str, stamp: tuple[int, ...]) -> "np.ndarray":
    from core.lab.movement import singular_values

    before, after = (cache.plain_checkpoint(run, step).model for step in (first, last))
    return singular_values(before, after, layer, part)


def inside() -> None:
    """What moved, and how far."""
    run = runs.on_show()
    config = runs.config_of(run) if run else None
    if run is None or config is None:
        st.info(NOTHING)
        return
    last = cache.description(run).step
    found = _moved(run, config.first_step, last, cache.files_stamp(run))
    view = st.segmented_control("Look at", required=True, wrap=True, **state.control("moved_parts"))
    code = comparing(run, config.first_step, last)
    left, right = st.columns([3, 2], gap="large")
    with left:
        figure, values = figure_of(found, view)
        st.markdown(f"**How far the {view} moved**")
        components.plot(figure, key="moved", height=90 + 42 * len(values), title=f"How far the {view} moved",
                        on_click=_on_click if view == "matrices" else None)  # fmt: skip
        note = f"the length of the change ÷ the length of what was there; {found.share:.0%} of all weights moved at all"
        call = f"movement(before, after).{view}"
        truth(call, values.shape, note, code.gives(call, values))
    with right:
        directions(run, config, last, found)
    what_you_see(
        "Each number says how far a part is from where it was, in per cent of its own size. Training all weights moves "
        "all of them a little; **LoRA** moves only the matrices that were chosen, and each in no more directions than "
        "its rank: the bars on the right stop there. Heads and neurons that moved most are where the new skill was "
        "put: open the run on the pages *Attention* and *Inside* to look at them."
    )


def figure_of(found: "Moved", view: str) -> "tuple[Figure, np.ndarray]":
    """The figure of a view, and the numbers in it."""
    if view == "matrices":
        return figures.movement(found.matrices, [MATRIX_NAMES[part] for part in found.parts], "matrix"), found.matrices
    if view == "heads":
        return figures.movement(found.heads, [f"h{i}" for i in range(found.heads.shape[1])], "head"), found.heads
    return figures.neurons(found.neurons), found.neurons


def comparing(run: str, first: int, last: int) -> Code:
    """Loads both models: `before`, `after`."""
    return (
        Code()
        .with_import("core.lab.movement", "movement", "singular_values")
        .with_import("core.model", "load_checkpoint")
        .then(f"before, after = (load_checkpoint({run!r}, step=step).model for step in ({first}, {last}))")
    )


def _on_click(event: components.PlotEvent) -> None:
    if isinstance(event.point, list):
        st.session_state["moved_matrix"] = [int(at) for at in event.point]


def directions(run: str, config: TrainConfig, last: int, found: "Moved") -> None:
    """The singular values of the change of one matrix: of the one that was clicked, else of the most moved one."""
    shape = found.matrices.shape
    place = st.session_state.get("moved_matrix")
    if not place or place[0] >= shape[0] or place[1] >= shape[1]:
        place = divmod(int(found.matrices.argmax()), shape[1])
    layer, part = place[0], found.parts[place[1]]
    values = _directions(run, config.first_step, last, layer, part, cache.files_stamp(run))
    rank = config.tuning.get("rank") if config.tuning.get("way") == "lora" else None
    st.markdown(f"**In how many directions: {MATRIX_NAMES[part]}, layer {layer}**")
    title = "Singular values of the change"
    components.plot(figures.singular_values(values.tolist(), rank), key="moved_rank", height=230, title=title)
    code = comparing(run, config.first_step, last)
    call = f"singular_values(before, after, {layer}, {part!r})"
    many = int((values > 1e-4 * max(values[0], 1e-12)).sum())
    note = f"{many} of {len(values)} directions are above a ten-thousandth of the first"
    truth("singular_values(before, after)", values.shape, note, code.gives(call, values))
