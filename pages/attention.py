"""Which earlier tokens each head reads from, how a score becomes a weight, what a head does, and since when."""

import streamlit as st

from pages.ui import components
from pages.ui.attention import life, roles
from pages.ui.attention import stage as views
from pages.ui.attention.experiments import attention_experiments
from pages.ui.caption import page_header, truth, what_you_see
from pages.ui.sections import section, stage
from pages.ui.view import current


def heads() -> None:
    view = current()
    also = views.pins(view, views.shown_tokens(view))[:-1]
    known = view.probabilities
    components.tokens(view.chips, key="tokens", cursor=view.cursor, also=also, probabilities=known, role="attention")
    left, right = st.columns([1, 2], gap="medium")
    with left:
        length = views.grid(view, roles.names(view, roles.measured_now(view)))
        pattern = view.trace.pattern
        code = view.code.gives("trace.pattern", pattern)
        truth(
            "trace.pattern",
            (*pattern.shape[:2], length, length),
            "every weight of every head, measured on this text",
            code,
        )
    with right:
        views.open_head(length)
        layer, head = views.chosen_head(view)
        one = f"trace.pattern[{layer}, {head}]"
        truth(
            one,
            (length, length),
            "the weights of the open head, measured on this text",
            view.code.gives(one, pattern[layer, head]),
        )
    what_you_see(
        "Each small picture is a **head**: a row for each token that looks, a column for each that it looks at; "
        "the stronger the colour, the more it reads from there. A row adds up to 100 %, and nothing sees what "
        "comes after it. In the open head, :orange[orange] is what the token in question reads from, "
        ":blue[blue] who reads it. Point at a token anywhere, or pin it."
    )


page_header(
    "Which earlier words does this word look at?", "Every head decides for itself. Choose one, then point at a token."
)
stage(heads)
section("How does a weight come about?", "weights", views.weights, height=620)
section("What is this head doing?", "role", roles.what_it_does, height=700)
section("When did this head learn its role?", "life", life.its_life, height=860)
section("Try", "try", attention_experiments, height=120)
