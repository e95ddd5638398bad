"""What the recorded experiments on feedback gave, three seeds each: there before anybody has trained."""

import math
from collections.abc import Mapping

import streamlit as st

from core.lab.feedback_experiments import Report, recorded
from pages.ui.caption import NATS, truth
from pages.ui.code import Code
from pages.ui.feedback.settings import METHOD_NAMES
from pages.ui.table import table

COMMAND = "python -m core.lab.feedback_experiments"
PARENT = "a fine-tuned model of this shape, which was shipped before this one"


@st.cache_data(max_entries=1, show_spinner=False)
def record() -> Report:
    return recorded()


def said(one: Mapping[str, float] | None, form: str) -> str:
    """A mean with half its 95 % interval, or a dash."""
    if one is None or math.isnan(one["mean"]):
        return "–"
    told = f"{one['mean']:{form}}" + ("" if math.isnan(one["half"]) else f" ± {one['half']:{form}}")
    return told.replace("%", " %")


def methods() -> None:
    """The three methods on the comparisons of one rater."""
    found = {title: told for name, title in METHOD_NAMES.items() if (told := record().get(f"shape {name}"))}
    if not found:
        return
    st.markdown("**Recorded before: a rater who likes happy stories, with noise 0.3, and 400 comparisons**")
    st.caption(NATS)
    table(
        ("method", "true reward gained", "KL, nats an answer", "held-out pairs told apart"),
        [
            (title, said(told.get("true_gain"), ".2f"), said(told.get("kl_answer"), ".1f"),
             said(told.get("held_accuracy"), ".0%"))
            for title, told in found.items()
        ],
    )  # fmt: skip
    gains = [told["true_gain"]["mean"] for told in found.values()]
    truth(
        "recorded()['shape …']['true_gain']", (len(gains),),
        f"60 updates from {PARENT}; gains in standard deviations of what it wrote before; ± is "
        f"half a 95 % interval over three seeds; made anew by {COMMAND}",
        _code().gives(f"[recorded()[f'shape {{name}}']['true_gain']['mean'] for name in {list(METHOD_NAMES)}]", gains),
    )  # fmt: skip


def turnover() -> None:
    """Where the true reward turned, as foretold and as found."""
    if not (told := record().get("over")):
        return
    st.markdown("**Recorded before: GRPO without a penalty, on the reward model of 40 noisy comparisons**")
    every, foretold = int(told["true_gain"]["seeds"]), told.get("turnover_foretold")
    seen = int(foretold["seeds"]) if foretold else 0
    rest = f" (by {seen} of the {every}; the others' law never turns)" if seen < every else ""
    table(
        ("what", f"mean over {every} seeds"),
        [
            ("the reward model's own reward gained", said(told.get("proxy_gain"), ".2f")),
            ("true reward gained", said(told.get("true_gain"), ".2f")),
            ("the best true reward was at d =", said(told.get("turnover_found"), ".1f")),
            ("foretold from the first half", said(foretold, ".1f") + rest),
        ],
    )
    gains = [told[name]["mean"] for name in ("proxy_gain", "true_gain")]
    truth(
        "recorded()['over']", (2,),
        f"300 updates from {PARENT}; gains in standard deviations of what it wrote before; ± is "
        f"half a 95 % interval; made anew by {COMMAND}",
        _code().gives("[recorded()['over'][name]['mean'] for name in ('proxy_gain', 'true_gain')]", gains),
    )  # fmt: skip


def _code() -> Code:
    return Code().with_import("core.lab.feedback_experiments", "recorded")
