"""One prediction through the whole model: the stream, what it would say after each block, who made it say so."""

import streamlit as st

from pages.ui import components
from pages.ui.caption import page_header, truth
from pages.ui.inside_stream import stream
from pages.ui.view import current


@st.fragment
def stage() -> None:
    view = current()
    components.tokens(view.chips, key="tokens", cursor=view.cursor, role="residual")
    stream(view, key="stream")
    truth("trace.resid_post", view.trace.resid_post.shape, "measured on this text", view.code + "trace.resid_post")


page_header("How does one prediction come about, step by step?", "Follow a token down through the blocks.")
stage()
