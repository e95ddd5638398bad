"""The three experiments of the page Inside; numbers in the answers are of what is on the screen."""

from functools import partial

import numpy as np
import streamlit as st

from core.figures.inside import with_sign
from pages.ui.caption import try_it
from pages.ui.inside.lens import watched_tokens
from pages.ui.state import DEFAULT_TEXT
from pages.ui.view import View, current

COPY = "Kira gave the kite to Isla. Kira gave the kite to"


def workers(view: View) -> str:
    """Which parts wrote the lead of the followed token, in this text."""
    from core.analysis.stream.attribution import attribute

    (token, against), position = watched_tokens(view), view.focus
    found = attribute(view.checkpoint.model, view.trace, position, token, against)
    layer, head = (int(i) for i in np.unravel_index(found.heads.argmax(), found.heads.shape))
    return (
        f"Look at the grid and at the bars. Of the **{with_sign(found.logit)}** that are explained now, the heads add "
        f"{with_sign(found.heads.sum())} themselves, the strongest of them (block {layer}, head {head}) "
        f"{with_sign(found.heads[layer, head])}; the MLPs add {with_sign(found.mlps.sum())}. The bars under *Where … "
        "reads from* show which tokens that head read. A head that fetches the name for an MLP to say gets no credit "
        "here: silence it on *Experiments* to see what it is worth."
    )


def untaught(view: View) -> str:
    """Whether the blocks of this step write anything."""
    written = max(float(view.trace.attn_out.abs().max()), float(view.trace.mlp_out.abs().max()))
    if written == 0:
        return (
            "Not at all: at this step attention and the MLPs write nothing, so the vector that arrives is the one that "
            "set out. Move *Training step* on and watch the rows come apart."
        )
    return (
        f"Compare the rows: at step {view.step:,} the blocks do write something. Where a row is far from the bottom "
        "one, what came after it changed the answer. Move *Training step* and watch."
    )


def inside_experiments() -> None:
    """Three cards side by side."""
    view = current()
    first, second, third = st.columns(3)
    with first:
        try_it(
            "The story has two women. After “because she”, at which depth does the model's guess begin to look like an "
            "answer, and is it still the same at the end?",
            "Read the last column of the lens from top to bottom. The top row can only answer from the word itself, "
            "for it has not looked back. Wherever the guess changes, that block did the work: open it.",
            label="Follow “she” down",
            key="inside_she",
            update={"text": DEFAULT_TEXT, "cursor": None, "answer": "", "against": "", "lens": "probability"},
        )
    with second:
        try_it(
            "Who got the kite the first time gets it again. Will one head say the name, or many parts together?",
            partial(workers, view),
            label="Who says the name?",
            key="inside_name",
            update={"text": COPY, "cursor": None, "answer": " Isla", "against": " Kira", "maker": ""},
        )
    if len(view.description.steps) < 2:
        return
    with third:
        try_it(
            "Before any training, how do the rows of the lens differ from one another?",
            partial(untaught, view),
            label="Go back to the first step",
            key="inside_start",
            update={"step": view.description.steps[0], "lens": "divergence"},
        )
