"""The context as a budget: a bar of what is in the window, and where in it a fact is found."""

import streamlit as st

from core.figures import prompting as figures
from core.figures.labels import percent
from pages.ui import components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.prompting.data import measured, part_code
from pages.ui.view import View, current

SYSTEM = "Answer in a full sentence."
EXAMPLE = "\nMarch 3 -> March 4, as everybody knows"
ANSWER = 24  # tokens kept free


def window() -> None:
    """The bar, then the measurement."""
    view = current()
    _budget(view)
    if view.description.read.get("kind") != "tinyland":
        st.info("Stories with questions are asked of models that learned from Tinyland.")
        return
    st.markdown("### The same fact at the start, in the middle, at the end")
    _places(view)


def _budget(view: View) -> None:
    from core.prompting.window import budget

    examples = st.slider("Examples in the prompt", **state.control("budget_examples"))
    tokenizer, context = view.tokenizer, view.description.config.context_length
    lengths = {
        "system prompt": len(tokenizer.encode(SYSTEM)),
        "examples": examples * len(tokenizer.encode(EXAMPLE)),
        "your text": len(view.ids),
        "room for the answer": ANSWER,
    }
    kept = budget(lengths, context)
    components.plot(
        figures.budget({name: (one.tokens, one.inside) for name, one in kept.items()}, context), key="budget",
        height=190, title="What is in the window, and what falls out",
    )  # fmt: skip
    lost = sum(one.tokens - one.inside for one in kept.values())
    gone = [name for name, one in kept.items() if one.inside < one.tokens]
    st.markdown(
        f"**{sum(lengths.values()):,}** tokens for a window of **{context:,}**, which begins at the dotted line. "
        + (f"**{lost:,}** fall out, from the oldest on: {', '.join(gone)}." if lost else "Everything fits.")
    )
    code = Code().with_import("core.prompting.window", "budget")
    values = [one.inside for one in kept.values()]
    code = code.gives(f"[part.inside for part in budget({lengths!r}, {context}).values()]", values)
    truth(
        "budget(lengths, context)",
        (len(kept),),
        f"counted with the tokenizer of {view.name}; the last {ANSWER} tokens are kept free for the answer",
        code,
    )


def _places(view: View) -> None:
    found = measured(view, "window", "Ask about stories", "one or two minutes")
    if found is None:
        return
    components.plot(
        figures.by_length(found.tokens, found.right, found.context), key="window_places", height=400,
        title="Questions answered right by where the story stands",
    )  # fmt: skip
    code = part_code(view, "window").gives("found.right['start']", found.right["start"])
    truth(
        "found.right[place]", (len(found.tokens), 3),
        f"{found.stories} held-out stories by {view.name} at step {view.step:,}; the sentences around them change "
        "nothing; bars are 95 % intervals", code,
    )  # fmt: skip
    what_you_see(
        "The same stories with the same question, among more and more sentences that have nothing to do with it. Up to "
        "the dotted line everything stands in the window. Beyond it the oldest tokens fall out: a story at the start "
        f"is gone, and with {found.counts[-1]} sentences only {percent(found.right['start'][-1][0])} of its questions "
        f"are answered right, against {percent(found.right['end'][-1][0])} when it stands last. A model that "
        "has read only short texts is lost long before its window is full."
    )
