"""Reaching inside: switch parts off, cut what a token reads, patch and steer, and see what that does."""

import streamlit as st

from pages.ui import components, interventions
from pages.ui.caption import NATS, page_header, what_you_see
from pages.ui.experiments import stage as views
from pages.ui.experiments.patching import patching
from pages.ui.experiments.skills import skills
from pages.ui.experiments.steering import steering
from pages.ui.experiments.suggestions import suggestions
from pages.ui.sections import section, stage
from pages.ui.view import current


def switches() -> None:
    view = current()
    components.tokens(view.chips, key="tokens", cursor=view.cursor, probabilities=view.probabilities)
    st.caption("Changes that are on. They stay on while you visit the other pages, and they are in the link.")
    interventions.chips(len(view.ids), key="interventions_chips")
    if message := st.session_state.pop("experiments_message", None):
        st.warning(message)
    tools, result = st.columns([11, 9], gap="large")
    with tools:
        st.markdown("**Press a part to switch it off**")
        views.part_grid(view)
        views.edges(view)
    with result:
        views.compare(view)
    what_you_see(
        "Each switch is a part: heads h0, h1, …, the MLP, and the whole layer. Its colour and number say how much "
        "**worse the model predicts your text** when that part alone is off: :orange[orange] is worse, :blue[blue] is "
        "better; a :violet[violet corner] says that another word becomes the likeliest next one. Grey bars are the "
        f"model as it was trained, :violet[violet] ones the model with your changes. {NATS}"
    )


page_header(
    "What happens when we change the inside?",
    "Change a part, and see what the model can no longer do: that is how a claim about it is tested.",
)
stage(switches)
section("How well does it predict this text?", "losses", views.losses, height=340)
section("What does it write next?", "writes", views.writings, height=260)
section("What can it still do?", "skills", skills, height=160)
section("Where is the answer stored?", "patching", patching, height=900)
section("Steering", "steering", steering, height=520)
section("Try", "try", suggestions, height=120)
