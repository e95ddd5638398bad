"""The three experiments of the attention page; what the answers say of a head is measured on the text that is shown."""

from functools import partial

import numpy as np
import streamlit as st

from core.figures.labels import percent
from pages.ui.caption import try_it
from pages.ui.view import View, current

NAME = (
    'In the harbour lived a giant. Pablo called him Takbarfe. "Good afternoon, Takbarfe," said Pablo politely. '
    '"Good morning, Takbarfe'
)  # as Tinyland makes up names


def followers(ids: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """The positions of tokens that came before (the start token aside), and of what followed each the last time."""
    places: dict[int, int] = {}
    readers, targets = [], []
    for i, id in enumerate(ids[1:], 1):
        if id in places:
            readers.append(i)
            targets.append(places[id] + 1)
        places[id] = i
    return readers, targets


def induction_sentence(view: View) -> str:
    """Where an induction head looks, and which head does so most in this text."""
    answer = (
        "At the token that *followed* the same token the first time. Heads that do so are called induction heads; they "
        "draw a stripe beside the diagonal."
    )
    readers, targets = followers(view.ids)
    if not readers:
        return f"{answer} The text on the screen repeats no token now."
    shares = view.trace.pattern.numpy()[:, :, readers, targets].mean(axis=2)  # (L, H)
    layer, head = (int(i) for i in np.unravel_index(shares.argmax(), shares.shape))
    return (
        f"{answer} At step {view.step:,}, on the text shown, **layer {layer}, head {head}** comes nearest: repeated "
        f"tokens give that place {percent(float(shares[layer, head]))} of its attention on average. Whether it is a "
        "habit is told under *What is this head doing?*: not every model needs such heads."
    )


def attention_experiments() -> None:
    """Three cards side by side."""
    view = current()
    left, middle, right = st.columns(3, gap="medium")
    with left:
        try_it(
            "No text that was read names a Takbarfe, and the name takes several tokens. Where would a head look that "
            "has to write it again?",
            partial(induction_sentence, view),
            label="Use a made-up name",
            key="attention_twice",
            update={"text": NAME, "cursor": None, "open_heads": "", "layer": None, "head": None},
        )
    with middle:
        try_it(
            "Many heads rest on the first token. If it is set aside, does a row's second strongest link become "
            "strongest for another token than before?",
            "No. All that is left of a row is divided by one number, so the order of the others stays and only "
            "their shares grow. The less was left, the more they grow: a row that gave 99 % away is blown up a hundred "
            "times.",
            label="Set the first token aside",
            key="attention_aside",
            update={"first_aside": 1},
        )
    if len(view.description.steps) < 2:
        return
    with right:
        first = view.description.steps[0]
        try_it(
            "Before training the weights are random numbers. Will some heads have a role by luck?",
            "Look at the names under the heads, and at the left end of the curves. A role needs a share far above "
            "chance in sequence after sequence, which luck does not give. What the pictures show is this text only.",
            label=f"Go back to step {first:,}",
            key="attention_birth",
            update={"step": first},
        )
