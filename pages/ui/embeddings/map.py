"""The map of words and the neighbours of one: the stage of the embeddings page."""

from typing import Literal, cast

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.analysis.embeddings import neighbours
from core.analysis.embeddings.projection import Journey, Method
from core.analysis.embeddings.words import GROUPS, Words, group, words
from core.figures import embeddings as figures
from core.figures.labels import percent
from pages.ui import components, near, state
from pages.ui.caption import truth, what_you_see
from pages.ui.embeddings import data
from pages.ui.text import chips, visible
from pages.ui.view import View, current

NEAREST = 12
HEIGHT = 520
_space = components.component("space")


def chosen_token(view: View, found: Words) -> int:
    """The token whose neighbours are shown: the pinned one, else the clicked one, else a word of the text."""
    if view.cursor is not None:
        return view.ids[view.cursor]
    clicked = dict(zip(found.texts, found.ids, strict=True)).get(state.get("word"))
    return clicked if clicked is not None else next((id for id in view.ids if id in found.ids), found.ids[0])


def space(view: View, found: Words, made: Journey, token: int, closest: list[int], scores: np.ndarray | None) -> None:
    """The component: every map in one typed array, so that Play and the slider run in the browser."""
    steps, dims, method = view.description.steps, made.points.shape[2], "PCA" if made.explained is not None else "other"
    names = sorted(set(found.groups), key=list(GROUPS).index)
    by_id = dict(zip(found.ids, found.texts, strict=True))
    header = {
        "kind": f"{view.name} {method} {dims}",
        "steps": steps,
        "at": steps.index(view.step),
        "dims": dims,
        "ids": found.ids,
        "words": [visible(text) for text in found.texts],
        "groups": [names.index(name) for name in found.groups],
        "names": names,
        "colours": [list(GROUPS).index(name) for name in names],
        "chosen": token,
        "near": [id for id in closest if id in by_id],
        "mine": view.ids,
        "scores": None if scores is None else [float(score) for score in scores],
        "units": made.explained is not None,
        "height": HEIGHT,
        "title": f"Map of {len(found.ids)} words. Arrow keys walk from word to word, Enter chooses, Space plays.",
    }

    def on_pick(event: components.Event) -> None:
        id = event.get("id")
        near.update(word=by_id.get(id, "") if isinstance(id, int) else "", cursor=None)

    def on_step(event: components.Event) -> None:
        index = event.get("index")
        if isinstance(index, int) and 0 <= index < len(steps):
            near.reread(step=steps[index])

    payload = made.points.astype("<f4").tobytes()
    _space(key="space", data=components.pack(header, payload), on_pick_change=on_pick, on_step_change=on_step)


def word_map(view: View, found: Words, token: int, closest: list[int], progress: DeltaGenerator) -> None:
    """The map by the chosen method; while that is being drawn, `progress` says how far it is."""
    dims = 3 if state.get("dimensions") == "3-D" else 2
    method = cast(Method, state.get("projection"))
    with progress:
        made = data.journey(view, found, method, dims)
        if made is None and method != "PCA":  # the PCA map stands there until the other is drawn
            made = data.journey(view, found, "PCA", dims)
    if made is None:
        return
    scores = data.silhouettes(view, found)
    space(view, found, made, token, closest, scores["mean"] if scores else None)
    shown = method if made.explained is None else "PCA"
    if made.explained is None:
        note = f"{method} by cosine distance, every step from its own vectors; the maps are only rotated to match"
    else:
        share = percent(float(made.explained[view.description.steps.index(view.step)].sum()))
        note = f"PCA: these {dims} directions hold {share} of the variance at this step; the maps are rotated to match"
    code = view.untouched.with_import("core.analysis.embeddings.projection", "journey")
    code = code.with_import("core.analysis.embeddings.words", "tables", "words")
    code = code.then("rows = tables(checkpoint)[:, list(words(tokenizer).ids)]")
    code = code.gives(f"journey(rows, {shown!r}, {dims}).points", made.points)
    truth("embed.weight[words]", (len(view.description.steps), *made.points.shape[1:]), note, code)


def nearest(view: View, token: int) -> tuple[list[int], np.ndarray]:
    """The nearest tokens by the chosen measure, and their distances; none while the vectors are prepared."""
    made = data.vectors_to_compare(view, state.get("compare"))
    if made is None:
        return [], np.zeros(0)
    metric = cast(Literal["cosine", "euclidean"], state.get("metric").lower())
    among = words(view.tokenizer).ids if state.get("among") == "whole words" else None
    found, distances = neighbours.nearest(made[0], token, NEAREST, metric, made[1], among)
    return [int(id) for id in found], distances


def bars(view: View, token: int, closest: list[int], distances: np.ndarray) -> None:
    st.markdown("**Nearest to**")
    components.tokens(chips(view.tokenizer, [token]), key="chosen", ids=True, title="The chosen token", shared=False)
    left, right = st.columns(2)
    left.selectbox("Measure", **state.control("metric"))
    right.selectbox(
        "Vectors",
        **state.control("compare"),
        format_func={"as read": "input embeddings", "as spoken": "output logits"}.__getitem__,
        help="*Input embeddings*: the rows of the table. *Output logits*: the scores for the next token that each row "
        "would give, straight through the last norm and the unembedding.",
    )
    st.selectbox("Among", **state.control("among"))
    if not closest:
        return
    shown = chips(view.tokenizer, closest)
    groups = [group(view.tokenizer.token_bytes(id).decode("utf-8", "replace")) for id in closest]
    cosine, spoken = state.get("metric") == "cosine", state.get("compare") == "as spoken"
    values = [1 - float(d) if cosine else float(d) for d in distances]
    figure = figures.neighbours([chip.label for chip in shown], groups, values, cosine)
    components.plot(figure, key="near", height=380, title=f"The {len(closest)} tokens nearest to the chosen one")
    matrix = "spoken_rows(checkpoint.model)" if spoken else "checkpoint.model.embed.weight.detach().numpy()"
    code = view.untouched.with_import("core.analysis.embeddings.neighbours", "nearest")
    whole = state.get("among") == "whole words"
    among = ", among=words(tokenizer).ids" if whole else ""
    call = f"nearest(matrix, {token}, {NEAREST}, {state.get('metric').lower()!r}{among})"
    code = code.with_import("core.analysis.embeddings.words", "spoken_rows", *["words"] * whole)
    code = code.then(f"matrix = {matrix}", f"ids, distances = {call}")
    code = code.gives("ids, 1 - distances" if cosine else "ids, distances", (closest, values))
    tied = " The unembedding of this model is the same table." if view.description.config.tie_embeddings else ""
    note = "the cosine of the angle, 1 at most" if cosine else "the Euclidean distance, nearest first"
    note += "; among the whole words" if whole else "; among all tokens"
    size = (view.tokenizer.vocab_size, table_width(view))
    truth("logits of embed.weight" if spoken else "embed.weight", size, f"{note}.{tied}", code)


def table_width(view: View) -> int:
    return view.description.config.d_model


def words_on_a_map() -> None:
    """The token strip, the map and the neighbours."""
    view = current()
    found = words(view.tokenizer)
    components.tokens(view.chips, key="tokens", cursor=view.cursor, probabilities=view.probabilities)
    token = chosen_token(view, found)
    left, right = st.columns([7, 3], gap="medium")
    with right:
        closest, distances = nearest(view, token)
        bars(view, token, closest, distances)
    with left:
        choices, progress = st.columns([3, 2], vertical_alignment="center")
        with choices.container(horizontal=True, gap="medium"):
            st.radio("Method", **state.control("projection"), horizontal=True, label_visibility="collapsed")
            st.radio("Dimensions", **state.control("dimensions"), horizontal=True, label_visibility="collapsed")
        word_map(view, found, token, closest, progress)
    what_you_see(
        f"Each point is the **vector** of one word: {table_width(view)} numbers, flattened to two or three, so that "
        "much of it is lost. Its colour is the kind of word in Tinyland, which the model was never told: words used "
        "alike end up alike. **Play** shows how they got there. Click a word, or pin a token of your text, and lines "
        "lead to its nearest neighbours, measured in all dimensions: where the map puts them far apart, "
        "it is the map that lies."
    )
