"""Which earlier tokens each head reads from, how a score becomes a weight, what a head does, and since when."""

import streamlit as st

from pages.ui import components
from pages.ui.attention import roles as general
from pages.ui.attention import stage as views
from pages.ui.attention.experiments import experiments
from pages.ui.caption import page_header, truth, what_you_see
from pages.ui.view import current


@st.fragment
def stage() -> None:
    view = current()
    components.tokens(view.chips, key="tokens", cursor=view.cursor, probabilities=view.probabilities, role="attention")
    main, words, detail, role, life = (st.container() for _ in range(5))
    with role:
        st.subheader("What is this head doing?", anchor=False)
        scores = general.scores_now(view)
    with main:
        left, right = st.columns([1, 2], gap="medium")
        with left:
            layer, head, length = views.grid(view, general.names(view, scores))
            shape = (*view.trace.pattern.shape[:2], length, length)
            truth("trace.pattern", shape, "layers × heads × readers × read from", view.code + "trace.pattern")
        with right:
            views.open_head(length)
            code = view.code + f"trace.pattern[{layer}, {head}]"
            truth(f"trace.pattern[{layer}, {head}]", (length, length), "measured on this text", code)
    with words:
        what_you_see(
            "Each small picture is a **head**: a row for each token that looks, a column for each that it looks at; "
            "the stronger the colour, the more it reads from there. A row adds up to 100 %, and nothing sees what "
            "comes after it. In the open head, :orange[orange] is what the token in question reads from, "
            ":blue[blue] who reads it. Point at a token anywhere, or pin it."
        )
    with detail:
        st.subheader("How does a weight come about?", anchor=False)
        st.markdown(
            "Each token asks a question (its **query** q), makes an offer (its **key** k) and holds something worth "
            "reading (its **value** v). Read from left to right; point at a cell to see what it was made from."
        )
        views.stages()
        at, query = f"[{layer}, {head}]", length - 1 if view.cursor is None else min(view.cursor, length - 1)
        code = view.code + (
            f"q, k, v = trace.q{at}, trace.k{at}, trace.v{at}  # (T, Dh)\n"
            f"scores = (k @ q[{query}] / k.shape[1] ** 0.5)[: {query + 1}]  # = trace.attn_scores{at[:-1]}, {query}]\n"
            f"weights = scores.softmax(0)  # = trace.pattern{at[:-1]}, {query}]\n"
            f"weights @ v[: {query + 1}]  # = trace.z{at[:-1]}, {query}]"
        )
        size = view.description.config.d_head
        truth(f"trace.q, k, v, z{at}", (length, size), "from the model; the stages derived in your browser", code)
    with role:
        if scores is not None:
            general.what_it_does(view, scores, layer, head)
    with life:
        st.subheader("When was this head born?", anchor=False)
        st.markdown(
            "A line for each head, the open one in :orange[orange], over the steps of training; the dotted line is the "
            "step on show. Click a line to open its head."
        )
        general.its_life(view, layer, head)


page_header(
    "Which earlier words does this word look at?", "Every head decides for itself. Choose one, then point at a token."
)
stage()
experiments(current())
