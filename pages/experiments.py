"""Reaching inside: switch parts off, cut what a token reads, patch and steer, and see what that does."""

import streamlit as st

from pages.ui import components, interventions
from pages.ui.caption import page_header, what_you_see
from pages.ui.experiments.patching import patching
from pages.ui.experiments.skills import skills
from pages.ui.experiments.stage import compare, edges, losses, part_grid, writings
from pages.ui.experiments.steering import steering
from pages.ui.experiments.suggestions import suggestions
from pages.ui.view import current


@st.fragment
def stage() -> None:
    view = current()
    components.tokens(view.chips, key="tokens", cursor=view.cursor, probabilities=view.probabilities)
    st.caption("Changes that are on. They stay on while you visit the other pages, and they are in the link.")
    interventions.chips(len(view.ids), key="interventions_chips")
    if message := st.session_state.pop("experiments_message", None):
        st.warning(message)
    tools, result = st.columns([11, 9], gap="large")
    with tools:
        st.markdown("##### Press a part to switch it off")
        part_grid(view)
        with st.expander("Cut what one token reads"):
            edges(view)
    with result:
        compare(view)
    losses(view)
    writings(view)
    st.markdown("##### What it can still do")
    skills(view)


@st.fragment
def deeper() -> None:
    if st.session_state.pop("experiments_kept", False):
        st.rerun()  # a change was kept on: the stage above must show it
    view = current()
    st.subheader("Where is the answer kept?", anchor=False)
    st.markdown(
        "Two prompts that differ in one thing ask for different answers. The model reads the *corrupted* one; at one "
        "place it gets what it had there when it read the *clean* one. **How much of the clean answer comes back** "
        "says how much of the difference that place carries. The model here is the one as it was trained."
    )
    patching(view)
    st.subheader("Can it be led?", anchor=False)
    st.markdown(
        "A direction in the stream is added at every position. A little of it leads the text; too much, and the text "
        "falls apart. Here, too, it is the model as it was trained that is led."
    )
    steering(view)


page_header("What happens when we change the inside?", "A claim about a part of the model is tested by changing it.")
stage()
what_you_see(
    "Each switch is a part: heads h0, h1, …, the MLP, and the whole layer. Its colour and number say how much **worse "
    "the model reads your text** when that part alone is off: :orange[orange] is worse, :blue[blue] is better. Grey "
    "bars are the model as it was trained, :violet[violet] ones the model with your changes."
)
deeper()
suggestions(current())
