"""Bounded caches. Keys hold all that a result depends on: model, step, the folder's time stamp, token ids."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui.theme import ROOT

if TYPE_CHECKING:
    from core.model import Checkpoint, Trace


def stamp(name: str) -> tuple[int, ...]:
    """Modification times of the checkpoint's folder, so that a live run or a retrained model is read again."""
    from core.model import runs_root

    for folder in (ROOT / "assets" / "models" / name, runs_root() / name):
        if (folder / "config.json").exists():
            parts = (folder / "config.json", folder / "model.safetensors", folder / "snapshots")
            return tuple(part.stat().st_mtime_ns for part in parts if Path(part).exists())
    return ()


@st.cache_resource(max_entries=8, show_spinner=False)
def _checkpoint(name: str, step: int | None, stamp: tuple[int, ...]) -> "Checkpoint":
    from core.model import load_checkpoint

    return load_checkpoint(name, step)


def checkpoint(name: str, step: int | None = None) -> "Checkpoint":
    """The model `name` at `step` (None: the last), shared by all visitors: never store anything on it."""
    return _checkpoint(name, step, stamp(name))


@st.cache_resource(max_entries=32, show_spinner=False)
def _trace(name: str, step: int | None, stamp: tuple[int, ...], ids: tuple[int, ...]) -> "Trace":
    from core.model import run_trace

    return run_trace(_checkpoint(name, step, stamp).model, list(ids))


def trace(name: str, step: int | None, ids: tuple[int, ...]) -> "Trace":
    """The trace of `ids` through the model `name` at `step`; frozen and shared: copy before changing."""
    return _trace(name, step, stamp(name), ids)


@st.cache_data(max_entries=64, show_spinner=False)
def _continuation(
    name: str, step: int | None, stamp: tuple[int, ...], ids: tuple[int, ...], count: int
) -> list[tuple[int, float]]:
    from core.generation import Sampler, generate

    model = _checkpoint(name, step, stamp).model
    made = generate(model, ids, Sampler(temperature=0), count, seed=0, stop=(ids[0],))
    return [(token.id, token.raw_probability) for token in made]


def continuation(name: str, step: int | None, ids: tuple[int, ...], count: int) -> list[tuple[int, float]]:
    """The greedy continuation of `ids`: at most `count` tokens, each with its probability."""
    return _continuation(name, step, stamp(name), ids, count)
