"""The stage of the sampling page: one component that is given the logits once and computes everything else itself."""

import zlib
from dataclasses import asdict
from typing import Any

import numpy as np
import streamlit as st

from core.generation import STAGES, StageKind
from pages.ui import cache, components, state
from pages.ui.sampling.settings import fresh, on_settings, settings_header
from pages.ui.text import chips
from pages.ui.view import View

__all__ = ["fresh", "sampler"]

NAMED = 2500  # tokens whose names the browser is given: all of a small vocabulary, the likeliest of a large one


_sampler = components.component("sampler")


@st.cache_data(max_entries=8, show_spinner=False)
def _names(stamp: tuple[str | int, ...], ids: tuple[int, ...] | None, count: int, _view: View) -> list[str]:
    """What tokens are called: those named, or else the first so many."""
    return [chip.label for chip in chips(_view.tokenizer, range(count) if ids is None else ids)]


def stage_header(row: StageKind) -> dict[str, Any]:
    """A row of the table of stages as the browser needs it."""
    return {name: value for name, value in asdict(row).items() if name not in ("rule", "low", "high")}


def sampler(view: View, position: int, *, key: str) -> None:
    """The live distribution after `position` of the view's text. Settled settings come back as properties."""
    from core.generation import uniform

    logits = np.ascontiguousarray(view.trace.logits[position].numpy(), dtype="<f4")  # (V,)
    context = view.ids[: position + 1]
    actual = view.ids[position + 1] if position + 1 < len(view.ids) else None
    ids = None  # all
    if len(logits) > NAMED:
        likeliest = np.argpartition(-logits, NAMED)[:NAMED].tolist()
        ids = tuple(sorted({*likeliest, *context, *([] if actual is None else [actual])}))
    header = {
        "key": f"{view.name} {position} {zlib.crc32(logits.tobytes())} {zlib.crc32(repr(context).encode())}",
        "label_ids": list(range(len(logits))) if ids is None else ids,
        "labels": _names((view.name, *cache.stamp(view.name)), ids, len(logits), view),
        "context": context,
        "actual": actual,
        "u": uniform(state.get("seed"), position + 1),
        "stages": [stage_header(row) for row in STAGES],
        **settings_header(),
    }

    _sampler(key=key, data=components.pack(header, logits.tobytes()), on_settings_change=on_settings)
