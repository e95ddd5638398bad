"""Three experiments: the wrong mask, rank one, and replay."""

from typing import TYPE_CHECKING

import streamlit as st

from core.figures.labels import percent
from pages.ui.caption import try_it
from pages.ui.finetuning import measured, runs
from pages.ui.finetuning.forgetting import way_of
from pages.ui.finetuning.settings import key
from pages.ui.literal import literal
from pages.ui.names import title

if TYPE_CHECKING:
    from core.lab.taught import Taught


def experiments() -> None:
    """Each sets the form; its answer is read from the runs that were made with it."""
    first, second, third = st.columns(3, gap="medium")
    with first:
        try_it(
            "**Train with the wrong mask.** Every token counts, the questions too. Will you see it in the curve, or in "
            "the answers?",
            _wrong_mask, label="Set the wrong mask", key="try_mask", update={"mask": "all"},
        )  # fmt: skip
    with second:
        try_it(
            "**LoRA of rank 1.** Each matrix may move in one direction only. How much of the new task can still be "
            "learned?",
            _rank_one, label="Set rank 1", key="try_rank",
            update={key("way"): "lora", key("rank"): 1, key("rate"): 0.01},
        )  # fmt: skip
    with third:
        try_it(
            "**Replay.** A fifth of what it reads is what it has written itself. What does that do to what it forgets?",
            _replay, label="Set replay", key="try_replay", update={key("replay"): "its own samples"},
        )  # fmt: skip


def _lines(found: "list[tuple[str, Taught]]", none: str) -> str:
    if not found:
        return none
    rows = []
    for run, one in found[:4]:
        share, rise = next(iter(one.skills.values()))[1][0], one.forgotten[0]
        rows.append(f"- {literal(title(run))}: {percent(share)} of the new task, old text {rise:+.3f} nats per token")
    return "\n".join(rows)


def _runs() -> "list[tuple[str, Taught]]":
    return [(run, one) for run in runs.that_taught() if (one := measured.read_kept(run))]


def _wrong_mask() -> str:
    found = [(run, one) for run, one in _runs() if (config := runs.config_of(run)) and "mask" in config.data]
    return _lines(found, "Teach with it, and look at “Before and after”: nothing in the curve gives it away.") + (
        "\n\nThe curve falls either way: the questions are text like any other. What it learns from them is to write "
        "questions, and less of each step goes into the answers."
    )


def _rank_one() -> str:
    found = [(run, one) for run, one in _runs() if (config := runs.config_of(run)) and config.tuning.get("rank") == 1]
    return _lines(found, "Press Teach, and wait for “Before and after”.") + (
        "\n\nA new manner needs few directions; many new facts would need more. The bars under “What moved inside” "
        "show one direction for each matrix."
    )


def _replay() -> str:
    found = sorted(_runs(), key=lambda pair: pair[1].forgotten[0])
    rows = [f"- {way_of(config)}: {one.forgotten[0]:+.3f} nats per token"
            for run, one in found[:6] if (config := runs.config_of(run))]  # fmt: skip
    told = "\n".join(rows) or "Press Teach with it and without it, and compare under “What was forgotten”."
    return told + "\n\nWhat is read again meanwhile is not overwritten, even where the model itself has written it."
