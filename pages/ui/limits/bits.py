"""Rounded weights: size against loss, each skill, and which matrices suffer."""

from typing import TYPE_CHECKING

import streamlit as st

from core.figures import experiments as before_after
from core.figures import limits as figures
from pages.ui import components, state
from pages.ui.caption import NATS, truth, what_you_see
from pages.ui.limits.data import measured, part_code
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.limits.rounding import Rounding
    from core.analysis.skills.cases import Share


def fewer_bits() -> None:
    """The trade, the skills at a chosen number of bits, and a map of the matrices."""
    from core.analysis.limits.rounding import SHOWN

    view = current()
    if not view.description.has_read("birthday"):
        st.info("Loss and skills are measured on Tinyland: choose a model that learned from it.")
        return
    found = measured(view, "rounding", "Rounding the weights", 420)
    if found is None:
        return
    left, right = st.columns(2, gap="large")
    with left:
        components.plot(
            figures.sizes(SHOWN, found.size / 1e6, found.loss, found.floor), key="limits_sizes", height=380,
            title="Loss against size, for each number of bits",
        )  # fmt: skip
        truth(
            "rounding.size, rounding.loss",
            (len(SHOWN),),
            "held-out documents; size: the rounded matrices with a scale for each row, the rest in float32. The dashed "
            "line is the floor of the grammar",
            part_code(view, "rounding").gives("rounding.size, rounding.loss", (found.size, found.loss)),
        )
    with right:
        _skills(view, found)
    what_you_see(
        "Each weight is rounded to the nearest of a few values, after training: **int8** has 255 of them, **int4** 15, "
        "**ternary** three (−1, 0, 1 times a scale). Eight bits cost almost nothing. With fewer, some skills break "
        "before others, and the map below shows which matrix is to blame."
    )
    st.caption(NATS)
    _suffering(view, found)


def _skills(view: View, found: "Rounding") -> None:
    from core.analysis.limits.rounding import SHOWN
    from core.analysis.skills.cases import Share
    from core.analysis.skills.spot_checks import SKILLS

    grid = st.segmented_control("Bits", required=True, wrap=True, **state.choice("bits", SHOWN[1:], SHOWN[2]))
    row = SHOWN.index(grid)
    asked = [s for s, n in enumerate(found.cases) if n]
    shares = [[Share(int(found.right[g, s]), int(found.cases[s])) for s in asked] for g in (0, row)]
    whole, rounded = ([_interval(share) for share in line] for line in shares)
    names = [list(SKILLS)[s] for s in asked]
    components.plot(
        before_after.skills(names, whole, rounded), key="limits_skills", height=300,
        title="Skills of the model as it is, and with rounded weights",
    )  # fmt: skip
    truth(
        f"rounding.right[{row}]",
        (len(names),),
        f"up to {int(found.cases.max())} cases of each skill, greedily; “changed” has {grid} weights",
        part_code(view, "rounding").gives(f"rounding.right[{row}]", found.right[row]),
        key="limits-skills",
    )


def _interval(share: "Share") -> tuple[float, float, float]:
    return share.rate, *share.interval


def _suffering(view: View, found: "Rounding") -> None:
    from core.analysis.limits.bits import matrices
    from core.analysis.limits.rounding import ALONE, table

    st.markdown("### Which matrix suffers most?")
    kinds, layers, cells = table(list(matrices(view.checkpoint.model)), found.alone)
    components.plot(
        figures.suffering(kinds, layers, cells), key="limits_suffering", height=90 + 34 * len(kinds),
        title="What rounding one matrix alone adds to the loss",
    )  # fmt: skip
    truth(
        "rounding.alone",
        (len(found.alone),),
        f"one matrix at a time in {ALONE}, all others as they are; the table of tokens is also the output",
        part_code(view, "rounding").gives("rounding.alone", found.alone),
    )
