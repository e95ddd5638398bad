"""The space of the token embeddings: a map of words at any step of training, and the neighbours of any token."""

from typing import Literal

import numpy as np
import streamlit as st

from core.analysis import neighbours
from core.figures import embeddings as figures
from core.figures.labels import percent
from pages.ui import cache, components, state
from pages.ui.caption import page_header, truth, try_it, what_you_see
from pages.ui.text import chips
from pages.ui.view import View, current

NEAREST = 12


def matrix(name: str, step: int | None = None) -> np.ndarray:
    """The embeddings (V, D) of the model at that step, the last if None."""
    return cache.checkpoint(name, step).model.embed.weight.detach().numpy()


@st.cache_data(max_entries=16, show_spinner=False)
def projection(
    name: str, step: int, dimensions: Literal[2, 3], rows: np.ndarray, final: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`rows` (N, D) on their principal axes, turned to lie like `final`'s; the variance explained; the map's extent."""
    own, last = neighbours.project(rows, dimensions), neighbours.project(final, dimensions)
    points = neighbours.align(own.points, last.points)
    both = np.concatenate([points, last.points])
    margin = 0.05 * np.ptp(both, axis=0).max()
    return points, own.explained, np.stack([both.min(axis=0) - margin, both.max(axis=0) + margin], axis=1)


def chosen(view: View, words: figures.Words) -> int:
    """The token whose neighbours are shown: the pinned one, else the clicked one, else a word of the text."""
    if view.cursor is not None:
        return view.ids[view.cursor]
    clicked = dict(zip(words.texts, words.ids, strict=True)).get(state.get("word"))
    return clicked if clicked is not None else next((id for id in view.ids if id in words.ids), words.ids[0])


def word_map(view: View, words: figures.Words, token: int, near: list[int]) -> None:
    dimensions: Literal[2, 3] = 3 if state.get("dimensions") == "3-D" else 2
    here, final = matrix(view.name, view.step), matrix(view.name)
    ids = list(words.ids)
    points, explained, extent = projection(view.name, view.step, dimensions, here[ids], final[ids])
    texts = dict(zip(words.ids, words.texts, strict=True))
    named = {id: "" for id in near if id in texts} | {id: texts[id] for id in (*view.ids, token) if id in texts}

    def clicked(event: components.PlotEvent) -> None:
        if isinstance(event.customdata, list) and event.customdata[0] in texts:
            state.update(word=texts[event.customdata[0]], cursor=None)

    figure = figures.word_map(points, words, named, token, extent)
    title = f"Map of {len(ids)} words in {dimensions} dimensions"
    components.plot(figure, key=f"map{dimensions}", height=520, title=title, on_click=clicked)
    code = (
        view.code.split("ids =")[0] + "\nfrom core.analysis import neighbours\nfrom core.figures.embeddings import "
        "words\n\nmatrix = checkpoint.model.embed.weight.detach().numpy()[list(words(tokenizer).ids)]\n"
        f"neighbours.project(matrix, {dimensions})  # the page also turns it to lie like the last step's"
    )
    shares = percent(float(explained.sum()))
    truth("embed.weight[words]", here[ids].shape, f"PCA: {dimensions} axes hold {shares} of the variance", code)


def bars(view: View, token: int, near: list[int], distances: np.ndarray) -> None:
    shown = chips(view.tokenizer, near)
    groups = [figures.group(view.tokenizer.token_bytes(id).decode("utf-8", "replace")) for id in near]
    st.markdown("##### Nearest to")
    components.tokens(chips(view.tokenizer, [token]), key="chosen", ids=True, title="The chosen token", shared=False)
    figure = figures.neighbours([chip.label for chip in shown], groups, [1 - float(d) for d in distances])
    components.plot(figure, key="near", height=400, title=f"The {len(near)} tokens nearest to the chosen one")
    code = (
        view.code.split("ids =")[0] + "\nfrom core.analysis import neighbours\n\n"
        "matrix = checkpoint.model.embed.weight.detach().numpy()\n"
        f"near, distances = neighbours.nearest(matrix, {token}, {NEAREST})\n"
        "[(tokenizer.decode([id]), 1 - distance) for id, distance in zip(near, distances)]"
    )
    size = (view.tokenizer.vocab_size, matrix(view.name, view.step).shape[1])
    truth("cosine(embed.weight)", size, f"the {len(near)} most similar of all tokens", code)


@st.fragment
def stage() -> None:
    view = current()
    words = figures.words(view.tokenizer)
    components.tokens(view.chips, key="tokens", cursor=view.cursor)
    token = chosen(view, words)
    found, distances = neighbours.nearest(matrix(view.name, view.step), token, NEAREST)
    near = [int(id) for id in found]
    left, right = st.columns([7, 3], gap="medium")
    with left:
        st.radio("Map in", **state.control("dimensions"), horizontal=True, label_visibility="collapsed")
        word_map(view, words, token, near)
    with right:
        bars(view, token, near, distances)
    rows = matrix(view.name, view.step)[list(words.ids)]
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    score = figures.same_group(unit @ unit.T, words.groups)
    order = (
        ""
        if score is None
        else (
            f" At step {view.step:,} the nearest word is of the same kind for **{percent(score[0])}** of the words "
            f"that have one; if kinds were dealt out at random it would be {percent(score[1])}."
        )
    )
    what_you_see(
        f"Each point is the **vector** of one word, {rows.shape[1]} numbers flattened to the directions in which "
        "the words differ most. The model was never told what a word means: words used alike end up alike."
        f"{order} Click a point, or pin a token of your text: its nearest neighbours, measured in all "
        f"{rows.shape[1]} dimensions, get a ring."
    )


page_header(
    "Where does each word live in the model's space?", "Move *Training step* in the sidebar and watch it take shape."
)
stage()
begin = current().checkpoint.steps[0]
try_it(
    "Before any training, will names lie nearer to names than to animals?",
    "No: the vectors begin as random numbers. Every kind is scattered everywhere, and no similarity is high.",
    label=f"Go back to step {begin:,}",
    key="embeddings_start",
    update={"step": begin},
)
