"""The pronoun that the model gives after each occupation, beside its corpus; counterfactual pairs; where it sits."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import limits as figures
from core.figures.labels import percent
from pages.ui import background, cache, components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.limits.bias_inside import where_it_sits
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.limits.bias import Pronouns
    from core.analysis.limits.recorded import Part


def bias() -> None:
    """All occupations as points, and the sentence that says by how much the skew grew."""
    view = current()
    found = _pronouns(view)
    if found is None:
        return
    from core.analysis.limits.bias import Pronouns, amplification, amplification_interval

    if not isinstance(found, Pronouns):
        st.info(str(found))
        return
    slope, (low, high) = amplification(found.corpus, found.mean), amplification_interval(found)
    left, right = st.columns([3, 2], gap="large")
    with left:
        lows, highs = found.interval
        model = list(zip(found.mean.tolist(), lows.tolist(), highs.tolist(), strict=True))
        components.plot(
            figures.skew(found.occupations, found.corpus, model), key="limits_skew", height=420,
            title="The model's rate of “she” after each occupation against the corpus'",
        )  # fmt: skip
        code = view.code.with_import("core.analysis.limits.bias", "pronouns").gives(
            "pronouns(checkpoint.model, tokenizer).mean", found.mean
        )
        truth(
            "pronouns(checkpoint.model, tokenizer).mean",
            (len(found.occupations),),
            f"{found.she.shape[1]} sentences for each of {len(found.occupations)} occupations; bars are 95 % intervals",
            code,
        )
    with right:
        st.metric("Amplification", f"{slope:.2f} ×", help="The slope through one half: 1 repeats the corpus")
        st.markdown(f"95 % interval {low:.2f} to {high:.2f}, over occupations.")
        first, second = _pair(found)
    what_you_see(
        "Nobody in these sentences has a name: “A nurse came by.” What the model writes next is a habit of its corpus, "
        "whose rates we know because we set them. On the dashed line it repeats the corpus; steeper, it **amplifies** "
        "it. Choosing always the likeliest word turns a skew of 60 % into one of 100 %."
    )
    where_it_sits(view, first, second)


def _pronouns(view: View) -> "Part | str | None":
    """What is recorded, or measured now, or why it cannot be."""
    checkpoint = view.checkpoint

    def work(report: background.Report) -> "Part | str":
        from core.analysis.limits.recorded import measure, recorded

        try:
            return recorded(checkpoint, "pronouns") or measure(checkpoint, "pronouns", report)
        except ValueError as error:
            return f"This cannot be asked here: {error}."

    key = ("limits pronouns", view.name, view.step, cache.stamp(view.name))
    return background.compute(key, work, "Asking after occupations", height=420, slow=cache.is_large(view.name))


def _pair(found: "Pronouns") -> tuple[str, str]:
    """Two sentences that differ in one word; the two occupations."""
    from core.analysis.limits.bias_inside import PAIR

    names = list(found.occupations)
    st.markdown("**One word apart**")
    first = st.selectbox("An occupation", **state.choice("occupation", names, PAIR[0]))
    second = st.selectbox("Another", **state.choice("other_occupation", names, PAIR[1]))
    for name in (first, second):
        row = names.index(name)
        st.markdown(
            f"“A {name} came by.” → *She* with {percent(float(found.mean[row]))}, in the corpus "
            f"{percent(float(found.corpus[row]))}"
        )
    gap = abs(np.subtract(*(found.mean[names.index(n)] for n in (first, second))))
    if first == second:
        st.caption("The same occupation twice: choose another to compare.")
    else:
        st.caption(f"Nothing but the occupation differs, and the rate of “she” by {100 * gap:.0f} points.")
    return first, second
