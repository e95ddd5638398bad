"""When learning from examples appeared in the model's life, beside its induction heads."""

import streamlit as st

from core.figures import prompting as figures
from pages.ui import components
from pages.ui.caption import truth, what_you_see
from pages.ui.prompting.data import NO_GAMES, measured, of_whom, part_code
from pages.ui.view import current


def life() -> None:
    """Shares of games right at each kept step, for some numbers of examples."""
    view = current()
    if not view.description.has_read("game"):
        st.info(NO_GAMES)
        return
    last = view.description.steps[-1]
    found = measured(view, "life", "Play at every step", "two to five minutes", step=last)
    if found is None:
        return
    named = {0: "no example", 1: "one example"}
    curves = {
        named.get(k, f"{k} examples"): [curve.right[place] for curve in found.curves]
        for place, k in enumerate(found.counts)
    }
    best = [head.score for head in found.heads]
    components.plot(
        figures.by_step(found.steps, curves, best, view.step), key="few_shot_life", height=430,
        title="Games done right through the model's life",
    )  # fmt: skip
    code = part_code(view, "life", last).gives("[head.score for head in found.heads]", best)
    truth(
        "found.heads[step].score",
        (len(best),),
        f"rules of lists; {of_whom(view, found.games, last)} and all steps before that were kept",
        code,
    )
    gain = [curve.right[-1][0] - curve.right[0][0] for curve in found.curves]
    appeared = next((step for step, one in zip(found.steps, gain, strict=True) if one > max(gain) / 2), None)
    what_you_see(
        "The same games at every step that was kept. As long as the lines lie on one another, examples are worth "
        "nothing. "
        + (f"At step **{appeared:,}** they first brought half of what they bring at best. "
           if appeared and max(gain) > 0.1 else "In this life they never part. ")
        + "The dotted line is the best head's **induction score**: how much it looks at what came next the last time. "
        "If both rise together, that is a hint, no proof; the next section switches these heads off."
    )  # fmt: skip
