"""Where a token stands: how the model is told, how alike positions look to it, and what happens without them."""

import numpy as np
import streamlit as st

from core.analysis.embeddings import positions
from core.figures import embeddings_words as figures
from pages.ui import components, state
from pages.ui.caption import NATS, truth, try_it, what_you_see
from pages.ui.literal import literal
from pages.ui.text import chips
from pages.ui.view import View, current
from pages.ui.which_head import which_head

REACH = 128  # positions that the heat map shows
SHOWN = 8
LATER = 50
_clocks = components.component("clocks")


def choose_head(view: View) -> tuple[int, int]:
    config = view.description.config
    layer, head = which_head(view.description)
    left, right = st.columns(2)
    layer = left.selectbox("Layer", **state.choice("position_layer", range(config.n_layers), layer))
    head = right.selectbox("Head", **state.choice("position_head", range(config.n_heads), head))
    return layer, head


def clocks(view: View, layer: int, head: int) -> None:
    config = view.description.config
    turns = positions.frequencies(config)
    used = positions.energy(view.trace, config, layer, head)
    header = {
        "frequencies": turns.tolist(),
        "shares": (used / (used.sum() or 1)).tolist(),
        "labels": view.labels,
        "pinned": view.cursor,
        "length": config.context_length,
        "where": f"Layer {layer}, head {head}",
    }
    _clocks(key="clocks", data=components.pack(header))
    code = view.code.with_import("core.analysis.embeddings.positions", "energy", "frequencies")
    code = code.then(
        "turns = frequencies(checkpoint.config)  # radians per position",
        f"lengths = energy(trace, checkpoint.config, {layer}, {head})",
    ).gives("turns, lengths / lengths.sum()", (turns, used / (used.sum() or 1)))
    truth(
        "θ^(−2i/Dh)",
        (len(turns),),
        f"the length of each hand was measured on this text; the base of the speeds, θ, is {config.rope_theta:g}",
        code,
    )


def alike(view: View, layer: int, head: int) -> None:
    config, model = view.description.config, view.checkpoint.model
    length = min(REACH, config.context_length)
    left, right = st.columns(2, gap="medium")
    code = view.code.with_import("core.analysis.embeddings.positions", "preference", "similarity")
    with left:
        table = positions.similarity(model, length)
        figure = figures.positions(table)
        components.plot(figure, key="positions", height=380, title="Similarity of every two positions")
        notes = {
            "rotary": "one vector was turned to both positions and compared with itself",
            "learned": "rows of the learned table, compared with one another",
        }
        truth("similarity(model)", (length, length), notes.get(config.position, "without positions they are all alike"),
              code.gives(f"similarity(checkpoint.model, {length})", table))  # fmt: skip
    with right:
        if config.position == "rotary":
            curve = positions.preference(view.trace, config, layer, head, length)
            components.plot(figures.distances(curve, f"layer {layer}, head {head}"), key="preference", height=380,
                            title="Mean score of one head by distance")  # fmt: skip
            note = "the mean over every query with every key of this text, placed so far apart"
            truth(f"q, k of layer {layer}, head {head}", (length,), note,
                  code.gives(f"preference(trace, checkpoint.config, {layer}, {head}, {length})", curve))  # fmt: skip


def places(view: View, how: str) -> np.ndarray | None:
    """Where each token is told to stand, (T,); None: nowhere."""
    here = np.arange(len(view.ids))
    return {"taken away": None, f"{LATER} later": here + LATER, "doubled": 2 * here, "backwards": here[::-1].copy()}[
        how
    ]


def what_if(view: View) -> None:
    st.markdown("### What if positions were different?")
    st.segmented_control("Every token's position is", selection_mode="single", wrap=True, **state.control("places"))
    how = state.get("places") or "taken away"
    try:
        made = positions.effect(view.checkpoint.model, view.trace, places(view, how))
    except ValueError as error:
        st.info(f"This model cannot do that: {literal(error)}.")
        return
    order = np.argsort(-made.probs, axis=1, kind="stable")  # (2, V)
    best = list(dict.fromkeys(int(id) for row in order for id in row[: SHOWN // 2 + 1]))[:SHOWN]
    labels = [chip.label for chip in chips(view.tokenizer, best)]
    spot = places(view, how)
    code = view.code.with_import("core.analysis.embeddings.positions", "effect")
    code = code.with_lines(f"made = effect(checkpoint.model, trace, {None if spot is None else spot.tolist()})")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        figure = figures.predictions(labels, made.probs[0, best].tolist(), made.probs[1, best].tolist())
        components.plot(figure, key="moved", height=360, title="Next token as usual and with positions changed")
        truth("effect(…).probs", made.probs.shape, "the token after your text: the likeliest of both",
              code.gives("made.probs", made.probs))  # fmt: skip
    with right:
        figure = figures.surprises(view.labels, *made.losses)
        components.plot(
            figure, key="surprise", height=360, title="Surprise at each token, as usual and changed", cursor_axis="x"
        )
        before, after = made.losses.mean(axis=1)
        truth("effect(…).losses", made.losses.shape, f"in the mean {before:.2f} nats as usual, {after:.2f} changed",
              code.gives("made.losses", made.losses))  # fmt: skip
        st.caption(NATS)


def section() -> None:
    view = current()
    kind = view.description.config.position
    layer, head = 0, 0
    if kind == "rotary":
        layer, head = choose_head(view)
        clocks(view, layer, head)
    alike(view, layer, head)
    if kind == "rotary":
        what_you_see(
            "This model has no vector for “third word”. Its **rotary** positions turn each pair of numbers of a query "
            "or a key like the hand of a clock, fast hands and slow ones; a head then compares two tokens by the "
            "*angle between their hands*, which depends only on how far apart they stand. The heat map is therefore "
            "the same along every diagonal. The curve is what one head prefers, whatever the words."
        )
    elif kind == "learned":
        what_you_see(
            "This model **learned** one vector for each position, added to the token's. The heat map compares them: "
            "near positions that look alike make a bright diagonal."
        )
    else:
        what_you_see("This model is told nothing about positions: it can only guess them from what it may look at.")
    what_if(view)
    try_it(
        "Tell every token that it stands 50 places later than it does. How much will the prediction change?",
        "With rotary positions, not at all: heads only compare places, and all distances are as before. A model that "
        "learned a vector for each position does change. Then try to take positions away, or to double them.",
        label="Move everything by 50",
        key="embeddings_later_50",
        update={"places": "50 later"},
    )
