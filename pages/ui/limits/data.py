"""What the page Limits measures of a model: as it is recorded, else measured when a visitor asks for it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.figures.limits import VERDICTS
from pages.ui import background, cache
from pages.ui.code import Code
from pages.ui.on_request import on_request
from pages.ui.opened import from_elsewhere, missing
from pages.ui.view import View

if TYPE_CHECKING:
    from core.analysis.limits.recall import Recall

MINUTES = {"recall": "four minutes", "untold": "a minute", "truth": "two minutes", "rounding": "three minutes"}
BUTTONS = {
    "recall": "Ask for the birthdays",
    "untold": "Ask about people",
    "truth": "Ask the grammar",
    "rounding": "Round the weights",
}
NO_BIRTHDAYS = (
    "This model has never read a birthday, so there is nothing to ask it here. Choose Tinyland in the sidebar, and a "
    "step at which it has read."
)


def measured(view: View, part: str, label: str, height: int, asks: bool = True) -> Any:  # noqa: ANN401 (of the part)
    """One part of core.analysis.limits.recorded; None while it is not there, and then a button or a bar stands here.
    asks: whether the button is here, and not in another section of the page."""
    if from_elsewhere(view.description.card):
        missing("What it was told, and so what is true,", "Choose Tinyland in the sidebar to measure it.")
        return None
    name, step, stamp = view.name, view.step, cache.files_stamp(view.name)

    def work(report: background.Report) -> Any:  # noqa: ANN401
        from core.analysis.limits.recorded import part_of

        return part_of(name, step, part, report)

    return on_request(
        ("limits", part, name, step, stamp), work, recorded=_is_recorded(name, step, stamp, part), step=step,
        button=BUTTONS[part], how_long=f"about {MINUTES[part]}", height=height, label=label,
        elsewhere="" if asks else "Ask for the birthdays at the top of the page first.",
    )  # fmt: skip


@st.cache_data(max_entries=256, show_spinner=False)
def _is_recorded(name: str, step: int, stamp: tuple[int, ...], part: str) -> bool:
    from core.analysis.limits.recorded import recorded

    return recorded(cache.description(name, step), part) is not None


def part_code(view: View, part: str) -> Code:
    """What gives a part, under its own name."""
    code = Code().with_import("core.analysis.limits.recorded", "part_of")
    return code.with_lines(f"{part} = part_of({view.name!r}, {view.step}, {part!r})")


def groups(recall: "Recall") -> list[tuple[str, Any]]:
    """(how it is called, mask of the people): nobody, never, once, …"""
    from core.analysis.limits.recall import STRANGER

    named = {STRANGER: "nobody is<br>called so", 0: "never", 1: "once", 2: "twice"}
    counts = sorted(set(recall.count.tolist()))
    return [(named.get(count, f"{count:,}"), recall.count == count) for count in counts]


def shares_of(verdict: np.ndarray, masks: Sequence[np.ndarray]) -> dict[str, list[float]]:
    """By verdict, its share in each group of questions."""
    return {kind: [float(np.mean(verdict[mask] == kind)) for mask in masks] for kind in VERDICTS}


def interval_of_mean(shares: np.ndarray) -> tuple[float, float, float]:
    """The mean of shares, and its 95 % interval within 0 and 1; of a single one, that alone."""
    from core.intervals import mean_interval

    if len(shares) == 1:
        return (float(shares[0]),) * 3
    mean, low, high = map(float, mean_interval(shares))
    return mean, max(0.0, low), min(1.0, high)
