"""One word in two sentences: its vector after each block, as a path, and how alike the two are by layer."""

import streamlit as st

from core.analysis.embeddings.context import paths, shared_words
from core.figures import embeddings_words as figures
from pages.ui import cache, components, state
from pages.ui.caption import truth, try_it, what_you_see
from pages.ui.state import DEFAULT_TEXT
from pages.ui.text import prepare
from pages.ui.view import View, current

EXAMPLE = "The park is big. The kite is red."


def places(view: View, other: tuple[int, ...]) -> tuple[int, int] | None:
    """Where the word stands in both: the pinned token if the other text has it too, else the longest they share."""
    shared = shared_words(view.ids, other)
    if view.cursor is None:
        return max(shared, key=lambda pair: (len(view.labels[pair[0]]), pair[0]), default=None)
    there = [j for i, j in shared if view.ids[i] == view.ids[view.cursor]]
    return (view.cursor, there[0]) if there else None


def comparison(view: View, other: tuple[int, ...], at: tuple[int, int]) -> None:
    second = cache.trace(view.name, view.step, other)
    made = paths(view.trace, second, at)
    left, right = st.columns(2, gap="medium")
    code = view.code.with_import("core.analysis.embeddings.context", "paths").with_lines(
        f"found = paths(trace, run_trace(checkpoint.model, {list(other)}), {at})"
    )
    layers, width = len(made.similarity), view.description.config.d_model
    with left:
        components.plot(figures.paths(made.points, ("your text", "the other text")), key="paths", height=380,
                        title="The way of one word through the layers in two texts")  # fmt: skip
        held = 100 * made.explained.sum()
        share = f"{2 * layers} vectors of length 1, in the two directions that hold {held:.0f} % of their variance"
        truth("trace.resid_post[:, position]", (2, layers, width), share,
              code.gives("found.points", made.points))  # fmt: skip
    with right:
        components.plot(figures.layers(made.similarity, made.others), key="similarity", height=380,
                        title="Similarity of the two vectors by layer")  # fmt: skip
        truth("cosine by layer", (layers,), "the dotted line is the mean over the other tokens of the other text",
              code.gives("found.similarity, found.others", (made.similarity, made.others)))  # fmt: skip


def section() -> None:
    view = current()
    st.text_input(
        "A second sentence that shares a word with yours",
        placeholder=EXAMPLE,
        **state.control("second"),
    )
    made = prepare(state.get("second") or EXAMPLE, view.tokenizer, view.description.config.context_length)
    at = places(view, made.ids)
    st.session_state["other_pin"] = at[1] if at else None
    components.tokens(made.chips, key="other", title="Tokens of the second sentence", shared=False)
    if at is None:
        st.info("The two sentences have no such token in common. Pin another above, or change the second sentence.")
        return
    comparison(view, made.ids, at)
    what_you_see(
        "In the table a word has one vector, so both paths start at the same point (**0**). Every block then adds what "
        "it reads from the words before. Where the two paths part, the vector has come to mean *this word here*; where "
        "they stay together, the model treats both alike. Pin a token of your text to follow another word. The "
        "dotted line is for comparison: how similar the vectors of different words are."
    )
    try_it(
        "Both sentences are the same up to “she”; only what comes after it differs, and so does who is meant. At which "
        "layer will the two vectors of “she” part?",
        "At none: the curve stays at 1. A token is read before anything that follows it, so at “she” the model cannot "
        "know yet which of the two is meant. Only later tokens can settle it.",
        label="Change what comes after",
        key="embeddings_later",
        update={
            "text": f"{DEFAULT_TEXT} had asked for it.",
            "second": f"{DEFAULT_TEXT} had two of them.",
            "cursor": len(view.tokenizer.encode(DEFAULT_TEXT)),  # its last token, after the start
            "word": "",
        },
    )
