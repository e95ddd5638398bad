"""Is a match a cause? The documents that match are taken out, and a small model is trained again."""

import hashlib
from typing import TYPE_CHECKING

import streamlit as st

from core.data.passages.index import Index, Match
from core.figures.labels import percent
from core.training.config import TrainConfig
from pages.ui import background
from pages.ui.caption import truth
from pages.ui.code import Code
from pages.ui.pair import two_runs

if TYPE_CHECKING:
    from core.lab.matter.removed import Fall

SEED = 0
RARE = 0.05  # of the other texts: where more fell as far, it may be chance
SIDES = {"without": "with the matches", "with_stage": "matches removed"}  # as in core.lab.matter


def is_it_a_cause(text: str, matches: list[Match], known: Index) -> None:
    """The buttons, and the answer when both models have been trained."""
    st.markdown("### Is a match a cause?")
    st.markdown(
        "That a passage stands in the training text does not prove that the model learned it there. **Take the "
        "documents away and train again**: two small models read 600 documents and those that match, or others instead "
        "of these. How much less likely is the text to the second one?"
    )
    if not matches:
        st.caption("No passage was found, so there is nothing to take away.")
        return

    def make(side: str) -> tuple[TrainConfig, str]:
        from core.lab.matter.measure import settings
        from core.lab.matter.reading import as_ids
        from core.lab.matter.removed import two
        from core.model import describe

        both = two(known, text, matches, SEED)
        return settings(SEED), as_ids(describe("tinyland").tokenizer, getattr(both, side), both.controls)

    runs = two_runs(names_of(text), make, "cause")
    if runs is None:
        return
    ids = tuple(runs[side] for side in SIDES)

    def work(report: background.Report) -> "tuple[Fall, int]":
        from core.lab.matter.removed import as_trained, fall
        from core.model import load_checkpoint

        report(0.2, "asking both models")
        models = [load_checkpoint(run) for run in ids]
        both = as_trained(*(model.folder for model in models))
        return fall(text, both.controls, *models), both.removed

    result = background.compute(("cause", text, *ids), work, "Asking both models", height=80)
    if result is None:
        return
    answer(*result)
    code = (
        Code()
        .with_import("core.model", "load_checkpoint")
        .with_import("core.lab.matter.removed", "as_trained", "fall")
        .with_lines(f"text = {text!r}")
        .then(f"models = [load_checkpoint(run) for run in {list(ids)!r}]")
        .then("both = as_trained(*(model.folder for model in models))")
        .gives("fall(text, both.controls, *models)", result[0])
    )
    note = "one pair of models of the same seed; the other texts are documents that neither has read"
    truth("fall(text, controls, read, removed)", (1,), note, code)


def names_of(text: str) -> dict[str, str]:
    """What the two runs are called, by side."""
    name = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
    return {side: f"text {name}, {words}" for side, words in SIDES.items()}


def answer(found: "Fall", removed: int) -> None:
    mean, low, high = found.others
    if found.text > 0 and found.as_much < RARE:
        words = "**The matches were a cause**: hardly any other text lost as much."
    else:
        words = (
            f"**That proves nothing**: {percent(found.as_much)} of the others lost as much, and nobody touched them."
        )
    st.markdown(
        f"Without the {removed:,} documents the log-probability of the text changes by **{change(found.text)} nats**, "
        f"that of other texts by {change(mean)} on average (95 %: {change(high)} to {change(low)}). {words}"
    )


def change(fall: float) -> str:
    """What was lost, as a change."""
    return f"{-fall:+.1f}".replace("-", "−")
