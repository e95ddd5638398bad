"""Reaching inside: switch parts off, cut what a token reads, patch and steer, and see what that does."""

import streamlit as st

from pages.ui import components, interventions
from pages.ui.caption import page_header
from pages.ui.view import current


@st.fragment
def stage() -> None:
    view = current()
    components.tokens(view.chips, key="tokens", cursor=view.cursor)
    interventions.chips(len(view.ids), key="interventions_chips")


page_header("What happens when we change the inside?", "Switch a part off and see what the model can no longer do.")
stage()
