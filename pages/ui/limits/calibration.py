"""The reliability diagram of the birthdays, its error with interval, and a temperature that mends it."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import limits as figures
from pages.ui import components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.limits.data import NO_BIRTHDAYS, measured, part_code
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.limits.recall import Recall

BINS = 10


def calibration() -> None:
    """Birthdays that have a truth, those never told among them, at the temperature of the slider."""
    view = current()
    if not view.description.has_read("birthday"):
        st.info(NO_BIRTHDAYS)
        return
    recall = measured(view, "recall", "Asking for birthdays", 420, asks=False)
    if recall is not None:
        _diagram(view, recall.of(recall.true >= 0))


def _diagram(view: View, recall: "Recall") -> None:
    from core.analysis.calibration import (
        at_temperature,
        brier,
        ece,
        ece_if_calibrated,
        ece_interval,
        fit_temperature,
        reliability,
    )
    from core.analysis.skills.cases import Share

    log_probs = np.maximum(np.log(np.maximum(recall.dates, 1e-12)), -27.0)
    best = fit_temperature(log_probs[::2], recall.true[::2])
    left, right = st.columns([3, 2], gap="large")
    with right:
        temperature = st.slider(
            "Temperature of its certainty", **state.control("limits_temperature"),
            help="Divides all logits by one number: the first choice stays, only how sure the model is of it changes.",
        )  # fmt: skip
    probs = at_temperature(log_probs, temperature)
    sure, hit = probs.max(axis=1), recall.right_date
    found = reliability(sure, hit, BINS)
    full = found.count > 0
    shares = [Share(round(n * a), int(n)) for n, a in zip(found.count[full], found.accuracy[full], strict=True)]
    with left:
        points = [(share.rate, *share.interval) for share in shares]
        components.plot(
            figures.reliability(found.confidence[full], points, found.count[full]), key="limits_reliability",
            height=400, title="How often it is right against how sure it is",
        )  # fmt: skip
    error, (low, high) = ece(sure, hit, BINS), ece_interval(sure, hit, BINS)
    chance, _, most = ece_if_calibrated(sure, BINS)
    with right:
        st.metric("Expected calibration error (ECE)", f"{100 * error:.1f} points")
        st.markdown(
            f"95 % interval {100 * low:.1f} to {100 * high:.1f}. A calibrated model of this sample would show "
            f"{100 * chance:.1f} by chance alone, and up to {100 * most:.1f}. Brier score {brier(sure, hit):.3f}."
        )
        st.markdown(
            f"The temperature at which all 365 probabilities fit best, of every second person, is **{best:.2f}**: "
            + ("the model is too sure of itself." if best > 1.05 else "the model is not sure enough." if best < 0.95
               else "it needs hardly any correction.")
        )  # fmt: skip
    code = (
        part_code(view, "recall").with_import("core.analysis.calibration", "at_temperature", "ece").with_import("numpy")
    )
    code = code.then(
        "told = recall.of(recall.true >= 0)",
        "log_probs = numpy.log(numpy.maximum(told.dates, 1e-12))",
        f"sure = at_temperature(log_probs, {temperature}).max(axis=1)",
    )
    truth(
        "ece(confidence, correct)",
        (len(sure),),
        f"one date of {len(sure):,} people, {BINS} bins of equal width; the bars are 95 % intervals (Wilson)",
        code.gives(f"ece(sure, told.right_date, {BINS})", error),
    )
    what_you_see(
        "Each point is a group of answers of which the model was about equally sure. On the dashed line it is "
        "**calibrated**: of the answers with 80 %, 80 % are right. Below the line it is too sure of itself. A model "
        "learns this from text alone, and *Training step* shows that training for good answers can spoil it."
    )
