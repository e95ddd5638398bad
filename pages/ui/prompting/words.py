"""Which words of the text mattered for what comes next, by four methods; and how often each method is right."""

import numpy as np
import streamlit as st

from core.figures import prompting as figures
from pages.ui import background, cache, components
from pages.ui.caption import truth, what_you_see
from pages.ui.prompting.data import measured, part_code
from pages.ui.text import chips
from pages.ui.view import View, current

Explained = dict[str, list[float]]


def words() -> None:
    """A strip for each method, and the areas."""
    view = current()
    position = view.focus
    token = int(view.trace.logits[position].argmax())
    label = chips(view.tokenizer, [token])[0].label
    st.markdown("For the likeliest token after the pinned one (after the last, if none is pinned):")
    st.text(label)
    found = _explained(view, position, token)
    if found is not None:
        for method, values in found.items():
            size = np.abs(values)
            shares = [*(size / (size.sum() or 1.0)).tolist(), *[None] * (len(view.ids) - len(values))]
            st.markdown(f"**{method}**")
            components.tokens(
                view.chips, key=f"words_{method}", cursor=view.cursor, values=shares,
                value_label="share of all that mattered", high=max([0.2, *(s for s in shares if s)]), role="attention",
                title=f"What mattered by {method}",
            )  # fmt: skip
        method = "leave one out"
        code = view.code.with_import("core.prompting.words", "explain")
        truth(
            "explain(model, ids, token, method)", (position + 1,),
            "The size of what each method says, as a share of its sum; the baseline is the mean of all embeddings",
            code.gives(f"explain(checkpoint.model, ids[: {position + 1}], {token}, {method!r})", found[method]),
        )  # fmt: skip
    what_you_see(
        "Four answers to one question. *Leave one out* puts “no word in particular” in a word's place and looks how "
        "far the probability falls; *gradient × input* asks what a tiny change would do; *integrated gradients* sums "
        "that over the whole way from nothing to the text; *attention* is only where the last token looked. They "
        "disagree, so which should one believe?"
    )
    _trust(view)


def _explained(view: View, position: int, token: int) -> Explained | None:
    checkpoint, ids = view.checkpoint, view.ids[: position + 1]

    def work(report: background.Report) -> Explained:
        from core.prompting.words import METHODS, explain

        made = {}
        for place, method in enumerate(METHODS):
            report(place / len(METHODS), method)
            made[method] = explain(checkpoint.model, ids, token, method).tolist()
        return made

    key = ("prompting words", view.name, view.step, cache.stamp(view.name), ids, token)
    return background.compute(key, work, "Explaining", height=300)


def _trust(view: View) -> None:
    """The areas over lookups, where the needed words are known."""
    st.markdown("### Which explanation can be trusted?")
    found = measured(view, "words", "Explain lookups", "about a minute", 300)
    if found is None:
        return
    areas = list(found.area.values())
    components.plot(
        figures.rates(list(found.area), areas, "area under the ROC curve", 0.5), key="words_trust",
        height=280, title="How well each method finds the words that the answer needs",
    )  # fmt: skip
    truth(
        "found.area[method]", (len(areas), 3),
        f"{found.right} lookups that {view.name} did right at step {view.step:,}, of {found.asked}; bars are 95 % "
        "intervals (Student)",
        part_code(view, "words").gives("list(found.area.values())", areas),
    )  # fmt: skip
    what_you_see(
        "In a register such as *Banzolik: red* … *Banzolik?* it is known which words the answer needs: the name and "
        "its colour in the one line, and the name in the question. The **area** is the chance that a method ranks a "
        "needed token above another: 50 % is guessing."
    )
