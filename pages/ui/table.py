"""A small table whose words break where it is narrow: a phone cuts nothing off. For words of ours, not for data."""

from collections.abc import Sequence

import streamlit as st


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """`head` and the cells are Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))
