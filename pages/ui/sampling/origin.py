"""Where the text on the sampling page comes from: what was written last, with the text before it."""

import streamlit as st

from pages.ui.data.passages import where_from
from pages.ui.view import View, current

WRITTEN = "written_text"  # (model, step, ids before, text): what the section above has written last


def keep_written(view: View, prompt: tuple[int, ...], ids: list[int]) -> None:
    """For the section below, which looks it up when it is asked."""
    st.session_state[WRITTEN] = (view.name, view.step, plain(view, [*prompt, *ids]))


def plain(view: View, ids: list[int]) -> str:
    """The text of the tokens, with an empty line for each that has no text."""
    special = set(view.tokenizer.special_tokens.values())
    parts, now = list[str](), list[int]()
    for id in [*ids, view.tokenizer.eot]:
        if id in special:
            parts, now = [*parts, view.tokenizer.decode(now)], []
        else:
            now.append(id)
    return "\n\n".join(part.strip() for part in parts if part.strip())


def where_it_comes_from() -> None:
    view = current()
    name, step, text = st.session_state.get(WRITTEN, ("", None, ""))
    if (name, step) != (view.name, view.step):
        text = plain(view, list(view.ids[: view.focus + 1]))
    st.button("Look up what stands above now", key="written_again", help="The text, with what was written after it.")
    where_from(view.name, text, "written")
