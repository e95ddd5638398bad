"""Every word of tests/browser/test_literal.py in every text property of Streamlit that reads Markdown."""

import streamlit as st

from pages.ui.literal import literal
from tests.browser.test_literal import WORDS

for i, word in enumerate(WORDS):
    shown = literal(word)
    with st.container(key=f"word{i}"):
        st.markdown(shown)
        st.markdown(f"Before it, {shown}, and after it.")
        st.caption(shown, help=shown)
        st.warning(shown)
        st.subheader(shown, anchor=False)
        st.button(shown, key=f"button{i}")
        st.checkbox(shown, key=f"check{i}")
        st.radio(shown, [shown, f"{shown}."], key=f"radio{i}")
        st.pills(shown, [shown], key=f"pills{i}")
        st.selectbox(shown, [word], key=f"select{i}")
        st.text_input(shown, word, key=f"input{i}", placeholder=word)
        st.slider(shown, 0, 3, key=f"slider{i}")
        st.metric(shown, shown)
        st.progress(0.5, text=shown)
        st.download_button(shown, "", key=f"download{i}", file_name=word)
        st.expander(shown, expanded=True, key=f"expander{i}").text(word)
        st.popover(shown, key=f"popover{i}")
        st.tabs([shown], key=f"tabs{i}")
        st.text(word)
        st.dataframe({"word": [word]}, key=f"table{i}")
st.text("that is all")
