"""Patching: two prompts, and a map of the places that carry the difference between them."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.analysis.interventions.values import Part, Patch
from core.figures import experiments as figures
from core.figures.labels import percent
from pages.ui import cache, components, interventions, state
from pages.ui.caption import truth
from pages.ui.experiments.stage import end_change
from pages.ui.literal import literal
from pages.ui.text import Prepared, prepare
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.interventions.patching import What

PATCHED = {"residual": "residual stream", "attention": "attention", "mlp": "MLPs", "head": "single heads"}
MOST_ROWS = 40  # of the map; of a model with more heads, those that do most are shown
FIELDS = ("clean", "corrupted", "clean_answer", "corrupted_answer")


@st.cache_resource(max_entries=64, show_spinner=False)
def _map_of(*stamp: Hashable) -> dict[str, Any]:
    """A place for what was computed for `stamp`: filled by whoever comes first, who sees the progress."""
    return {}


@st.cache_data(max_entries=16, show_spinner=False)
def _pairs(name: str, step: int, stamp: tuple[int, ...]) -> list[tuple[str, dict[str, str]]]:
    """The presets for this model's tokenizer: a name, and the fields that it sets."""
    from core.analysis.interventions.patching import pairs

    found = pairs(cache.plain_checkpoint(name, step).tokenizer)
    return [
        (pair.name, dict(zip(FIELDS, (pair.clean, pair.corrupted, pair.answer, pair.other), strict=True)))
        for pair in found
    ]


def presets(view: View) -> list[tuple[str, dict[str, str]]]:
    """The presets for the view's model."""
    return _pairs(view.name, view.step, cache.files_stamp(view.name))


def patching() -> None:
    """The prompts, the map, and the place that was clicked."""
    st.markdown(
        "*Activation patching*: two prompts that differ in one thing have different answers. The model reads the "
        "*corrupted* one; at one place it gets the value that it had there when it read the *clean* one. **How much of "
        "the clean answer comes back** says how much of the difference that place carries. The model here is the one "
        "as it was trained."
    )
    view = current()
    pairs = presets(view)
    if pairs:  # what is empty is as in the first example
        state.assume(**{field: value for field, value in pairs[0][1].items() if not state.get(field).strip()})
    with st.container(horizontal=True):
        for number, (name, values) in enumerate(pairs):
            st.button(name, key=f"pair_{number}", on_click=state.update, kwargs=values)
    left, right = st.columns([7, 3])
    left.text_area("Clean prompt", height=96, **state.control("clean"))
    right.text_input("Answer to the clean one", **state.control("clean_answer"))
    left.text_area("Corrupted prompt", height=96, **state.control("corrupted"))
    right.text_input("Answer to the corrupted one", **state.control("corrupted_answer"))
    st.segmented_control(
        "What to patch, one place at a time",
        format_func=lambda what: PATCHED[what],
        wrap=True,
        **state.control("patched"),
    )
    what: What = state.get("patched") or "residual"
    limit = view.description.config.context_length
    if not all(state.get(field).strip() for field in FIELDS):
        st.info("Give two prompts that differ in one thing, and the word that answers each.")
        return
    clean, corrupted = (prepare(state.get(field), view.tokenizer, limit) for field in FIELDS[:2])
    try:
        found = _patch_map(view, clean, corrupted, what)
    except ValueError as error:  # its message is for people
        st.warning(f"These prompts cannot be compared: {literal(error)}.")
        return
    _draw(view, clean, corrupted, what, found)


def _patch_map(view: View, clean: Prepared, corrupted: Prepared, what: "What") -> dict[str, Any]:
    """Everything the figure needs, from the cache or now, with progress."""
    from core.analysis.interventions.patching import first_token, patch_everywhere

    answer, other = (first_token(view.tokenizer, state.get(field)) for field in FIELDS[2:])
    stamp = cache.files_stamp(view.name)
    kept = _map_of(view.name, view.step, stamp, clean.ids, corrupted.ids, answer, other, what)
    if "map" not in kept:
        progress, layers = st.progress(0.0, text="Patching layer 0 …"), view.description.config.n_layers

        def on_layer(done: int) -> None:
            progress.progress(done / layers, text=f"{done} of {layers} layers patched")

        try:
            model = cache.plain_checkpoint(view.name, view.step).model
            found = patch_everywhere(model, clean.ids, corrupted.ids, answer, other, what, on_layer)
        finally:
            progress.empty()
        traces = [cache.trace(view.name, view.step, p.ids, "") for p in (clean, corrupted)]
        kept["odds"] = [(float(t.probs[-1, answer]), float(t.probs[-1, other])) for t in traces]
        kept["differences"], kept["map"] = (found.clean, found.corrupted), found.recovered.numpy()
    return kept


def _rows(what: "What", values: np.ndarray) -> tuple[list[Part], np.ndarray]:
    """A row of the map for each part: (L, T), or (L, H, T) of which the rows with the largest values are kept."""
    if what != "head":
        return [Part(what, layer) for layer in range(len(values))], values
    layers, heads, T = values.shape
    parts, flat = [Part("head", i, h) for i in range(layers) for h in range(heads)], values.reshape(-1, T)
    most = np.sort(np.argsort(-np.abs(flat).max(axis=1), kind="stable")[:MOST_ROWS])
    return [parts[i] for i in most], flat[most]


def _draw(view: View, clean: Prepared, corrupted: Prepared, what: "What", found: dict[str, Any]) -> None:
    (d_clean, d_corrupted), odds = found["differences"], found["odds"]
    parts, values = _rows(what, found["map"])
    answers = [state.get(field) for field in FIELDS[2:]]
    with st.container(horizontal=True):
        for name, (right, wrong), d in zip(("Clean", "Corrupted"), odds, (d_clean, d_corrupted), strict=True):
            st.metric(
                f"{name}: first answer against second",
                f"{percent(right)} : {percent(wrong)}",
                f"{d:+.2f} logits",
                "off",
            )
    if not d_clean > 0 > d_corrupted:
        st.info("At this step the model does not favour each prompt's own answer, so there is little to bring back.")
    differs = [i for i, (a, b) in enumerate(zip(clean.ids, corrupted.ids, strict=True)) if a != b]
    labels = [
        f"{a}|{b}" if i in differs else b for i, (a, b) in enumerate(zip(clean.labels, corrupted.labels, strict=True))
    ]

    def on_click(event: components.PlotEvent) -> None:
        st.session_state["patch_pin"] = (str(parts[int(event.y)]), int(event.x))

    figure = figures.patch_map(values, [part.phrase for part in parts], labels, differs)
    height = 120 + 22 * len(parts) + 30
    components.plot(
        figure, key="patch_map", height=height, title="How much of the answer comes back", on_click=on_click
    )
    code = view.untouched.with_import("core.analysis.interventions.patching", "first_token", "patch_everywhere").then(
        f"clean = {clean.python}",
        f"corrupted = {corrupted.python}",
        f"answers = [first_token(tokenizer, word) for word in {answers!r}]",
    )
    call = f"patch_everywhere(checkpoint.model, clean, corrupted, *answers, {what!r})"
    code = code.gives(f"{call}.recovered", found["map"])
    note = "the share of the difference of the logits that one patch brings back, measured for every place"
    truth("patch_everywhere(…).recovered", found["map"].shape, note, code)
    _clicked_place(clean, corrupted, parts, values)


def _clicked_place(clean: Prepared, corrupted: Prepared, parts: list[Part], values: np.ndarray) -> None:
    """The clicked place, and a button that keeps its patch on, on every page."""
    name, position = st.session_state.get("patch_pin", ("", 0))
    row = next((i for i, part in enumerate(parts) if str(part) == name), None)
    if row is None or position >= values.shape[1]:
        st.caption("Click a place to see its number and to keep its patch on, on every page.")
        return
    part = parts[row]

    def keep() -> None:
        state.update(text=corrupted.text, cursor=None)
        end_change(interventions.switch(Patch(part, position, clean.text)))

    left, right = st.columns([7, 3], vertical_alignment="center")
    left.markdown(
        f"**{part.phrase}, position {position}**: {100 * values[row, position]:.0f} % of the answer comes back."
    )
    right.button("Keep this patch on", key="keep_patch", on_click=keep, width="stretch")
