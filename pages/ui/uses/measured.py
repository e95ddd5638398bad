"""Each use as a share of held-out cases with its 95 % interval."""

import streamlit as st

from core.figures import uses as figures
from pages.ui import components
from pages.ui.caption import truth, what_you_see
from pages.ui.uses.data import code, found
from pages.ui.view import current


def measured() -> None:
    """The figure, and what it is worth."""
    view = current()
    skills = found(view, asks=True)
    if skills is None:
        return
    rows = [(one.use, one.name, (one.share.rate, *one.share.interval), one.share.n) for one in skills]
    components.plot(
        figures.skills(rows), key="uses_skills", height=70 + 34 * len(rows),
        title="Share of held-out cases that are right, by use",
    )  # fmt: skip
    truth(
        "found",
        (len(rows),),
        "held-out documents of a stream that nothing learned from; bars are 95 % intervals (Wilson)",
        code(view).gives("[one.share.rate for one in found]", [one.share.rate for one in skills]),
        key="uses-measured",
    )
    if not view.description.taught_chats:
        st.info("What is asked in chats is left out: by its card this model has not been taught to chat at this step.")
    what_you_see(
        "Chats, translations and results of calls are asked greedily and must be **exactly** right, to the last "
        "character. Stories and programs of its own are drawn at temperature 1, each with a seed of its own, and are "
        "right if Tinyland could have written them. A wide bar means few cases; where two bars overlap, do not say "
        "that one is better."
    )
