"""Which head is the one in question, on every page that shows one."""

import streamlit as st

from core.model import Description
from pages.ui import cache, state


def which_head(description: Description) -> tuple[int, int]:
    """(layer, head) as chosen, or the one that a model opens on; both exist in the model."""
    layer, head = state.get("layer"), state.get("head")
    if layer is None and head is None:
        layer, head = _opened_on(description.name, cache.files_stamp(description.name))
    config = description.config
    return min(layer or 0, config.n_layers - 1), min(head or 0, config.n_heads - 1)


@st.cache_data(max_entries=16, show_spinner=False)
def _opened_on(name: str, stamp: tuple[int, ...]) -> tuple[int, int]:
    """The head that shows best what heads do, as far as that is recorded of the last step; else the first."""
    from core.analysis.heads.measurements import shipped_measurements
    from core.analysis.heads.roles import most_telling

    measured = shipped_measurements(cache.description(name))
    return (measured and most_telling(measured)) or (0, 0)
