"""The skew as one direction of the stream: the model without it, beside the model without a random one."""

from typing import TYPE_CHECKING

import streamlit as st

from core.figures.labels import percent
from pages.ui import background, cache
from pages.ui.caption import NATS, truth
from pages.ui.on_request import when_pressed
from pages.ui.table import table
from pages.ui.view import View

if TYPE_CHECKING:
    from core.analysis.limits.bias_direction import Erased


def one_direction(view: View) -> None:
    """Into which block, a button, and what is left of the skew, of a skill and of the loss."""
    st.markdown("#### A finer cut: one direction instead of a part")
    words, control = st.columns([3, 2], gap="large")
    with words:
        st.markdown(
            "As the stream passes an occupation it moves along **one direction** with the corpus' rate of “she”. That "
            "direction is learned from half of the occupations; the model loses it, at every position, and is asked "
            "about the **other** half."
        )
    layers = view.description.config.n_layers
    with control:
        layer = int(
            st.number_input("In the stream into layer", 0, layers - 1, layers // 3, key=f"limits_direction {layers}",
                            width=180, persist_state="session")
        )  # fmt: skip
    checkpoint = view.checkpoint
    key = ("limits bias direction", view.name, view.step, cache.stamp(view.name), layer)

    def work(report: background.Report) -> "Erased":
        from core.analysis.limits.bias_direction import erased

        return erased(checkpoint, layer, report)

    found = when_pressed(
        "limits_erased",
        key,
        work,
        button="Take the direction out",
        label="Measuring without the direction",
        place=control,
    )
    if found is not None:
        _shown(view, found)


def _shown(view: View, found: "Erased") -> None:
    before, after, control = found.slopes
    mean, least, most = found.added
    table(
        ("which model", "amplification", "right of people with a name", "loss on held-out text"),
        [
            ("the whole model", f"{before:.2f} ×", percent(found.people[0]), f"{found.loss:.3f}"),
            ("without the direction", f"**{after:.2f} ×**", percent(found.people[1]), f"{found.loss + mean:.3f}"),
            ("without a random one", f"{control:.2f} ×", "", ""),
        ],
    )
    gone = 1 - abs(after) / abs(before) if before else 0.0
    st.caption(
        (f"{percent(gone)} of the skew is gone" if gone > 0.05 else "The skew did not shrink")
        + f", for {mean:+.3f} nats per token (95 %: {least:+.3f} to {most:+.3f}). {NATS} Where a name tells the "
        "pronoun, it is still read from the name. Deeper down the same knowledge lies at other places, along other "
        "directions: try another layer."
    )
    code = view.code.with_import("core.analysis.limits.bias_direction", "erased")
    truth(
        "erased(checkpoint, layer).slopes",
        (3,),
        f"covariance with the corpus' rate, taken out of the stream into layer {found.layer} beyond its mean; each half"
        f" of {len(found.after.occupations)} occupations with the direction of the other; 60 held-out documents",
        code.gives(f"erased(checkpoint, {found.layer}).slopes", found.slopes),
    )
