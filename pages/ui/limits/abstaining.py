"""Answering only when sure: risk against coverage, detectors of invented answers, and what feedback made of both."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from core.figures import limits as figures
from core.figures.labels import percent
from pages.ui import cache, components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.limits.data import NO_BIRTHDAYS, measured, part_code
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.limits.recall import Recall

STAGES = {"pretrain": "after pre-training", "sft": "after fine-tuning", "preference": "after feedback"}
SAMPLES = 10  # answers that self-consistency draws


def abstaining() -> None:
    """A threshold on its certainty, and what it does to the answers that are left."""
    view = current()
    if not view.description.has_read("birthday"):
        st.info(NO_BIRTHDAYS)
        return
    recall = measured(view, "recall", "Asking for birthdays", 420, asks=False)
    if recall is None:
        return
    left, right = st.columns(2, gap="large")
    with left:
        _risk(view, recall)
    with right:
        _detectors(view, recall)
    what_you_see(
        "Left: the model answers only where it is at least so sure, and says “I do not know” otherwise. Further left "
        "it answers less and errs less. Right: which number tells **invented** answers from right ones? *Entropy over "
        "meanings* asks how many different dates the model would give; *self-consistency* draws "
        f"{SAMPLES} answers and counts how many agree."
    )


def _risk(view: View, recall: "Recall") -> None:
    from core.analysis.limits.abstaining import risk_coverage

    threshold = st.slider("Answer only when at least so sure", format="percent", **state.control("limits_threshold"))
    curve = risk_coverage(recall.confidence, recall.right_date)
    answered = recall.confidence >= threshold
    wrong = float((~recall.right_date[answered]).mean()) if answered.any() else 0.0
    curves = {"this step": (curve.coverage.tolist(), curve.risk.tolist())} | _stages(view)
    components.plot(
        figures.risk(curves, (float(answered.mean()), wrong)), key="limits_risk", height=380,
        title="Wrong answers against questions answered",
    )  # fmt: skip
    said = f", and **{percent(wrong)}** of these wrong" if answered.any() else ", and so none wrong"
    st.markdown(
        f"It answers **{percent(float(answered.mean()))}** of the questions{said}. "
        f"Without a threshold it would be {percent(float((~recall.right_date).mean()))}."
    )
    code = part_code(view, "recall").with_import("core.analysis.limits.abstaining", "risk_coverage")
    truth(
        "risk_coverage(recall.confidence, recall.right_date)",
        (len(curve.risk),),
        f"{len(recall.names):,} people, those whose birthday was never told and those who do not exist among them",
        code.gives("risk_coverage(recall.confidence, recall.right_date).risk", curve.risk),
    )


def _stages(view: View) -> dict[str, tuple[Sequence[float], Sequence[float]]]:
    """The curves at the ends of the stages of its life, as far as they are recorded."""
    from core.analysis.limits.abstaining import risk_coverage
    from core.analysis.limits.recall import Recall
    from core.analysis.limits.recorded import recorded

    found: dict[str, tuple[Sequence[float], Sequence[float]]] = {}
    for stage, step in view.description.ends.items():
        if step == view.step or step not in view.description.steps:
            continue
        recall = recorded(cache.description(view.name, step), "recall")
        if isinstance(recall, Recall):
            curve = risk_coverage(recall.confidence, recall.right_date)
            found[STAGES.get(stage, stage)] = (curve.coverage.tolist(), curve.risk.tolist())
    return found


def _detectors(view: View, recall: "Recall") -> None:
    from core.analysis.limits.abstaining import roc

    wrong = ~recall.right_date
    if wrong.all() or not wrong.any():
        st.info("All its dates are wrong, or all are right: there is nothing to tell apart at this step.")
        return
    scores = {
        "entropy over meanings": recall.entropy,
        "how unsure it is": 1 - recall.confidence,
        f"disagreement of {SAMPLES} answers": 1 - recall.agreement(SAMPLES),
    }
    curves: dict[str, tuple[Sequence[float], Sequence[float], float]] = {}
    for name, score in scores.items():
        curve = roc(score, wrong)
        curves[name] = (curve.false_alarms.tolist(), curve.found.tolist(), curve.area)
    components.plot(
        figures.detectors(curves), key="limits_roc", height=420, title="Wrong answers found against false alarms"
    )
    code = part_code(view, "recall").with_import("core.analysis.limits.abstaining", "roc")
    truth(
        "roc(score, ~recall.right_date)",
        (len(wrong),),
        "the number behind each name is the area: 0.5 is chance, 1 tells all apart. Two answers mean the same when "
        "they name the same date, which is decided exactly here",
        code.gives("roc(recall.entropy, ~recall.right_date).area", curves["entropy over meanings"][2]),
    )
