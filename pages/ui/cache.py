"""Bounded caches. Keys hold all that a result depends on: model, step, stamp, token ids.

While interventions are on (the property of that name), `checkpoint`, `trace` and `continuation` are those of the
changed model, on every page, and `stamp` differs too. `plain_checkpoint`, and `interventions=""`, give it as it is.
"""

import os
import sys
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import drawn, state
from pages.ui.theme import ROOT

if TYPE_CHECKING:
    from core.analysis.interventions.intervene import OutputSample
    from core.model import Checkpoint, Description, Trace

SHIPPED = str(ROOT / "assets" / "models")
MODELS = int(os.environ.get("GLASSBOX_OPENED", "2"))  # made elsewhere, that are held in memory at a time
DRAWING = 1.5  # seconds at most that a first visitor's browser has for text and tokens before torch takes a core


def active(name: str) -> str:
    """The interventions that are on in this session for the model `name`, in their text form; "" for none."""
    return state.get("interventions") if name == state.get("model") else ""


def stamp(name: str) -> tuple[int, ...]:
    """What else a result of the model `name` depends on: the state of its files, and the interventions that are on."""
    text = active(name)
    digest = (int.from_bytes(blake2b(text.encode(), digest_size=8).digest()),) if text else ()
    return files_stamp(name) + digest


def files_stamp(name: str) -> tuple[int, ...]:
    """Modification times of the checkpoint's folder, so that a live run or a retrained model is read again."""
    from core.model import runs_root

    runs = str(runs_root())
    for root in (SHIPPED, runs, os.path.join(runs, "opened")):  # texts: a page asks this twenty times
        if times := _times(os.path.join(root, name), "config.json"):
            return times + _times(os.path.join(root, name), "model.safetensors", "snapshots")
    return ()


def _times(folder: str, *parts: str) -> tuple[int, ...]:
    """When those of these that are there were changed, ns."""
    found = []
    for part in parts:
        with suppress(FileNotFoundError, NotADirectoryError):
            found.append(os.stat(os.path.join(folder, part)).st_mtime_ns)
    return tuple(found)


def is_opened(name: str) -> bool:
    """Whether the model `name` was made elsewhere and opened here."""
    from core.model import opened_root

    return os.path.isdir(os.path.join(opened_root(), name))


def is_large(name: str) -> bool:
    """Whether the model `name` was made elsewhere, whatever it learned here since: then it may be large."""
    from core.model.description import made_elsewhere

    return is_opened(name) or made_elsewhere(description(name).card)


@st.cache_resource(max_entries=16, show_spinner=False)
def _description(name: str, step: int | None, stamp: tuple[int, ...]) -> "Description":
    from core.model import checkpoint_folder, describe

    return describe(checkpoint_folder(name), step)  # a name, never a path: it may come from a link


def description(name: str, step: int | None = None) -> "Description":
    """What is known of the model `name` at `step` (None: the last) without its weights, and so without torch."""
    return _description(name, step, files_stamp(name))


@st.cache_resource(max_entries=8, show_spinner="The model is waking up …")
def _checkpoint(name: str, step: int | None, stamp: tuple[int, ...]) -> "Checkpoint":
    from core.model import checkpoint_folder, load_checkpoint

    return load_checkpoint(checkpoint_folder(name), step)


@st.cache_resource(max_entries=MODELS, show_spinner="The model is waking up …")
def _large(name: str, step: int, stamp: tuple[int, ...]) -> "Checkpoint":
    """As `_checkpoint`, for models made elsewhere: they may be large, so few are held, the latest used."""
    from core.model import checkpoint_folder, load_checkpoint

    return load_checkpoint(checkpoint_folder(name), step)


def let_go(name: str) -> None:
    """Frees the memory of a model made elsewhere, before its files go."""
    _large.clear(name, 0, files_stamp(name))


def plain_checkpoint(name: str, step: int | None = None) -> "Checkpoint":
    """The model `name` at `step` (None: the last) as it is, shared by all visitors: never store anything on it."""
    if "torch" not in sys.modules:
        drawn.wait(DRAWING)
    stamp = files_stamp(name)
    return _large(name, description(name, step).step, stamp) if is_large(name) else _checkpoint(name, step, stamp)


@st.cache_resource(max_entries=4, show_spinner=False)
def _sample(name: str, step: int | None, stamp: tuple[int, ...]) -> "OutputSample":
    from core.analysis.interventions.intervene import sample_parts

    return sample_parts(plain_checkpoint(name, step))


def sample(name: str, step: int | None) -> "OutputSample":
    """What the parts of the plain model put out on a sample of texts: means and draws for ablations."""
    return _sample(name, step, files_stamp(name))


@st.cache_resource(max_entries=16, show_spinner=False)
def _intervened(name: str, step: int | None, stamp: tuple[int, ...], interventions: str) -> "Checkpoint":
    from core.analysis.interventions.intervene import intervene

    drawn = _sample(name, step, stamp) if "mean:" in interventions or "resample:" in interventions else None
    return intervene(plain_checkpoint(name, step), interventions, drawn)


def checkpoint(name: str, step: int | None = None, interventions: str | None = None) -> "Checkpoint":
    """The model `name` at `step` (None: the last) with these interventions (None: those that are on), shared by all."""
    text = active(name) if interventions is None else interventions
    return _intervened(name, step, files_stamp(name), text) if text else plain_checkpoint(name, step)


@st.cache_resource(max_entries=32, show_spinner=False)
def _trace(name: str, step: int | None, stamp: tuple[int, ...], interventions: str, ids: tuple[int, ...]) -> "Trace":
    from core.model import run_trace

    return run_trace(checkpoint(name, step, interventions).model, list(ids))


@st.cache_resource(max_entries=3, show_spinner=False)
def _large_trace(
    name: str, step: int | None, stamp: tuple[int, ...], interventions: str, ids: tuple[int, ...]
) -> "Trace":
    """As `_trace`, for models made elsewhere, whose traces are large."""
    from core.model import run_trace

    return run_trace(checkpoint(name, step, interventions).model, list(ids))


def trace(name: str, step: int | None, ids: tuple[int, ...], interventions: str | None = None) -> "Trace":
    """The trace of `ids` through the model `name` at `step`; frozen and shared: copy before changing."""
    text = active(name) if interventions is None else interventions
    if is_large(name):
        return _large_trace(name, description(name, step).step, files_stamp(name), text, ids)
    return _trace(name, step, files_stamp(name), text, ids)


@st.cache_data(max_entries=64, show_spinner=False)
def _continuation(
    name: str, step: int | None, stamp: tuple[int, ...], interventions: str, ids: tuple[int, ...], count: int
) -> list[tuple[int, float]]:
    from core.generation import Sampler, generate

    model = checkpoint(name, step, interventions).model
    stops = description(name, step).tokenizer.stops
    made = generate(model, ids, Sampler(temperature=0), count, seed=0, stop=stops)
    return [(token.id, token.raw_probability) for token in made]


def continuation(
    name: str, step: int | None, ids: tuple[int, ...], count: int, interventions: str | None = None
) -> list[tuple[int, float]]:
    """The greedy continuation of `ids`: at most `count` tokens, each with its probability."""
    text = active(name) if interventions is None else interventions
    return _continuation(name, step, files_stamp(name), text, ids, count)
