"""Figures of the embeddings: a map of the words' vectors, and the nearest neighbours of one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import plotly.graph_objects as go

from core.figures.labels import plain
from core.figures.overview import MARGIN
from core.figures.palette import CATEGORIES, LIGHT
from core.text import Tokenizer
from core.text.tinyland import category

OTHER = "other"
GROUPS: dict[str, tuple[str, ...]] = {  # the names in the legend, and Tinyland's categories that each stands for
    "people": ("people",),
    "towns": ("towns", "regions"),
    "animals": ("animals",),
    "foods": ("foods", "specialties"),
    "objects": ("objects", "containers", "materials"),
    "places": ("places",),
    OTHER: (),
    "colours": ("colours",),
    "qualities": ("feelings", "adjectives", "weather"),
    "verbs": ("verbs",),
}
COLOURS = dict(zip(GROUPS, CATEGORIES, strict=True))  # `other` falls on the palette's grey
FEW = 20  # a tokenizer with fewer of Tinyland's words is shown with the words that it has
MANY = 500
_GROUP_OF = {category: group for group, names in GROUPS.items() for category in names}


@dataclass(frozen=True)
class Words:
    """The tokens on the map: their ids, texts (a leading space stripped) and groups."""

    ids: tuple[int, ...]
    texts: tuple[str, ...]
    groups: tuple[str, ...]


def group(text: str) -> str:
    """The group of a token's text, a leading space aside."""
    return _GROUP_OF.get(category(text.removeprefix(" ")) or "", OTHER)


@lru_cache(maxsize=4)
def words(tokenizer: Tokenizer) -> Words:
    """The tokens that are, after a space, a whole word of Tinyland; if few are, the first MANY words or tokens."""
    texts = [tokenizer.token_bytes(id).decode("utf-8", "replace") for id in range(tokenizer.vocab_size)]
    spaced = [id for id, text in enumerate(texts) if text[:1] == " " and text[1:].isalpha()]
    chosen = [id for id in spaced if category(texts[id][1:])]
    if len(chosen) < FEW:
        chosen = spaced[:MANY] if len(spaced) >= FEW else [id for id, text in enumerate(texts) if text.strip()][:MANY]
    shown = [texts[id].removeprefix(" ") for id in chosen]
    return Words(tuple(chosen), tuple(shown), tuple(group(text) for text in shown))


def same_group(similar: np.ndarray, groups: Sequence[str]) -> tuple[float, float] | None:
    """How many words have a nearest word of their own group, and how many would by chance; None without groups.

    `similar` (N, N): the similarity of each pair. Words of the group `other` are left out.
    """
    known = np.flatnonzero(np.array(groups) != OTHER)
    if len(known) < FEW:
        return None
    names = np.array(groups)[known]
    among = similar[np.ix_(known, known)].astype(np.float64)
    np.fill_diagonal(among, -np.inf)
    sizes = np.unique(names, return_counts=True)[1]
    chance = (sizes * (sizes - 1)).sum() / (len(names) * (len(names) - 1))
    return float((names[among.argmax(axis=1)] == names).mean()), float(chance)


def word_map(
    points: np.ndarray, words: Words, named: Mapping[int, str], selected: int | None, extent: np.ndarray
) -> go.Figure:
    """`points` (N, 2 or 3), coloured by group; those in `named` with a ring and a label, `selected` with a big one.

    `named` maps token ids to labels, "" for none. `extent` (2 or 3, 2): where each axis begins and ends,
    at one scale.
    """
    solid = points.shape[1] == 3
    scatter = go.Scatter3d if solid else go.Scatter
    axes = "xyz"[: points.shape[1]]
    ids, groups = np.array(words.ids), np.array(words.groups)
    hover = "%{customdata[1]} (%{customdata[2]})<extra></extra>"

    def trace(rows: np.ndarray, **style: object) -> None:
        places = {axis: points[rows, i].astype(np.float32) for i, axis in enumerate(axes)}
        data = [[int(ids[i]), plain(words.texts[i]), words.groups[i]] for i in rows]
        figure.add_trace(scatter(**places, customdata=data, hovertemplate=hover, **style))

    figure = go.Figure()
    for name, colour in sorted(COLOURS.items(), key=lambda pair: pair[0] == OTHER):
        rows = np.flatnonzero(groups == name)
        if len(rows):
            marker = {"color": colour, "size": 4 if solid else 8, "opacity": 0.8}
            trace(rows, mode="markers", name=f"{name} ({len(rows)})", marker=marker)
    labelled = np.flatnonzero(np.isin(ids, list(named)))
    ring = "circle-open"
    sizes = [(9 if solid else 15) if ids[i] == selected else (5 if solid else 9) for i in labelled]
    trace(
        labelled,
        mode="markers+text",
        text=[f"<b>{plain(named[ids[i]])}</b>" if ids[i] == selected else plain(named[ids[i]]) for i in labelled],
        textposition="top center",
        marker={"symbol": ring, "color": LIGHT["text"], "size": sizes, "line": {"color": LIGHT["text"], "width": 2}},
        showlegend=False,
    )
    bare = {"showticklabels": False, "zeroline": False, "title": {"text": ""}}
    ranges = {f"{axis}axis": bare | {"range": extent[i].tolist()} for i, axis in enumerate(axes)}
    figure.update_layout(margin=MARGIN | {"l": 8}, legend={"itemsizing": "constant", "font": {"size": 12}})
    if solid:
        figure.update_layout(scene=ranges | {"aspectmode": "data"})
    else:
        figure.update_layout(ranges, dragmode="pan")
        figure.update_yaxes(scaleanchor="x")
    return figure


def neighbours(labels: Sequence[str], groups: Sequence[str], similarities: Sequence[float]) -> go.Figure:
    """The nearest tokens, nearest first, as bars as long as their cosine similarity (-1 to 1)."""
    rows = list(range(len(labels)))
    bars = go.Bar(
        x=list(similarities),
        y=rows,
        orientation="h",
        marker={"color": [COLOURS[name] for name in groups]},
        text=[f"{value:.2f}" for value in similarities],
        textposition="outside",
        cliponaxis=False,
        customdata=[[plain(label), name] for label, name in zip(labels, groups, strict=True)],
        hovertemplate="%{customdata[0]} (%{customdata[1]}): %{x:.3f}<extra></extra>",
    )
    ticks = {"tickvals": rows, "ticktext": [plain(label) for label in labels], "autorange": "reversed"}
    figure = go.Figure(bars)
    figure.update_layout(
        margin=MARGIN | {"r": 40},
        bargap=0.28,
        xaxis={"visible": False, "range": [min(0.0, *similarities), 1.05], "fixedrange": True},
        yaxis=ticks | {"showgrid": False, "zeroline": False, "fixedrange": True},
    )
    return figure
