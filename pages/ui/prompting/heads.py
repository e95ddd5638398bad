"""Learning from examples without the induction heads, and without as many other heads."""

import streamlit as st

from core.figures import prompting as figures
from core.figures.labels import percent
from pages.ui import components
from pages.ui.caption import truth, what_you_see
from pages.ui.prompting.data import NO_GAMES, measured, of_whom, part_code
from pages.ui.view import current


def heads() -> None:
    """The few-shot curve with these heads switched off."""
    view = current()
    if not view.description.has_read("game"):
        st.info(NO_GAMES)
        return
    found = measured(view, "heads", "Switch the heads off", "a minute or two")
    if found is None:
        return
    curves = {"all heads": found.whole.right, f"without {', '.join(one.name for one in found.heads)}": found.off.right}
    for names, curve in zip(found.control_heads, found.control, strict=True):
        curves[f"without {', '.join(names)} instead"] = curve.right
    components.plot(
        figures.by_examples(curves, found.bayesian.right, True),
        key="few_shot_heads",
        height=430,
        title="Games done right without heads",
    )
    code = part_code(view, "heads").gives("found.off.right", found.off.right)
    truth(
        "found.off.right", (len(found.off.right), 3),
        f"what each head put out was replaced by its mean over texts; rules of lists; {of_whom(view, found.games)}",
        code,
    )  # fmt: skip
    scores = ", ".join(f"{one.name} {one.score:.2f} (an even look: {one.chance:.2f})" for one in found.heads)
    lost = found.whole.right[-1][0] - found.off.right[-1][0]
    other = [found.whole.right[-1][0] - curve.right[-1][0] for curve in found.control]
    clear = found.heads[0].score > 2 * found.heads[0].chance
    faint = "" if clear else " No head of this model scores much more than an even look; this one does the most."
    what_you_see(
        f"Induction scores: {scores}. With {len(found.off.right) - 1} examples, switching these heads off costs "
        f"**{100 * lost:.0f}** points; as many other heads of the same layers cost "
        f"{' and '.join(f'{100 * one:.0f}' for one in other)}. With all heads it does "
        f"{percent(found.whole.right[-1][0])}." + faint
    )
