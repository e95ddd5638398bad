"""What the parts of the page Inside share: the token they are about, the tokens that are drawn, the readings."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import cache, state
from pages.ui.text import visible
from pages.ui.view import View

if TYPE_CHECKING:
    from core.analysis.stream.lens import Lens

MOST = 40  # tokens side by side; of longer texts the page shows those around the pinned one


def window(view: View) -> tuple[int, int]:
    """The positions (start, stop) that are drawn: all, or MOST of them around the focus."""
    length = len(view.ids)
    start = min(max(0, view.focus - MOST // 2), max(0, length - MOST))
    return start, min(length, start + MOST)


@st.cache_data(max_entries=64, show_spinner="Reading every layer …")
def _lens(name: str, step: int, stamp: tuple[int, ...], ids: tuple[int, ...], chosen: int | None) -> "Lens":
    from core.analysis.stream.lens import logit_lens

    return logit_lens(cache.checkpoint(name, step).model, cache.trace(name, step, ids), chosen)


def lens(view: View, chosen: int | None = None) -> "Lens":
    """The logit lens of this text; ranks are those of `chosen`, or of the model's own answer at each position."""
    return _lens(view.name, view.step, cache.stamp(view.name), view.ids, chosen)


def show(view: View, id: int) -> str:
    """A token as the page writes it."""
    names = {number: name for name, number in view.tokenizer.special_tokens.items()}
    return names.get(id) or visible(view.tokenizer.decode([id]))


def single(view: View, text: str) -> int | None:
    """The token that `text` names: as it stands, with a space before it, with · for a space, or a special one."""
    if text in view.tokenizer.special_tokens:
        return view.tokenizer.special_tokens[text]
    for form in (text, f" {text}", text.replace("·", " ")):
        ids = view.tokenizer.encode(form)
        if len(ids) == 1:
            return ids[0]
    return None


def pair(name: str, counts: tuple[int, int]) -> tuple[int, int] | None:
    """The layer and number that the property `name` spells as "2.113"; None where the model has no such part."""
    layer, dot, number = str(state.get(name)).partition(".")
    if not (dot and layer.isdecimal() and number.isdecimal() and len(layer) + len(number) < 10):
        return None
    found = int(layer), int(number)
    return found if found[0] < counts[0] and found[1] < counts[1] else None


def switch(label: str, name: str, words: Mapping[str, str]) -> str:
    """A row of buttons for a property with options, each with its words; returns the option that is on."""
    st.segmented_control(label, required=True, wrap=True, format_func=words.__getitem__, **state.control(name))
    return str(state.get(name))
