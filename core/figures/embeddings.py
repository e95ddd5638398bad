"""Figures of the embeddings page: nearest neighbours, norms against counts, silhouettes through training."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.labels import plain
from core.figures.overview import MARGIN
from core.figures.palette import CATEGORIES, LIGHT

# A colour for each group of words, in the order of core.analysis.embeddings.words.GROUPS.
GROUPS = ("people", "towns", "animals", "foods", "objects", "places", "other", "colours", "qualities", "verbs")
COLOURS = dict(zip(GROUPS, CATEGORIES, strict=True))  # `other` falls on the palette's grey


def neighbours(labels: Sequence[str], groups: Sequence[str], values: Sequence[float], cosine: bool) -> go.Figure:
    """The nearest tokens, nearest first: bars as long as their cosine similarity (-1 to 1), or their distance."""
    rows = list(range(len(labels)))
    longest = 1.05 if cosine else 1.15 * max(values) or 1.0
    bars = go.Bar(
        x=list(values),
        y=rows,
        orientation="h",
        marker={"color": [COLOURS[name] for name in groups]},
        text=[f"{value:.2f}" for value in values],
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
        xaxis={
            "visible": False,
            "range": [min(0.0, *values), longest],
            "fixedrange": True,
        },
        yaxis=ticks | {"showgrid": False, "zeroline": False, "fixedrange": True},
    )
    return figure


MOST = 4_000  # points of a scatter; a page with more is slow


def norms(
    counts: np.ndarray, lengths: np.ndarray, labels: Sequence[str], groups: Sequence[str], named: Sequence[int]
) -> go.Figure:
    """Length of each token's vector (V,) against how often it was seen (V,); the tokens in `named` get a label.

    Tokens never seen stand at the left edge. Of more than MOST tokens, every n-th is drawn, and all of `named`.
    """
    every = -(-len(counts) // MOST)
    shown = np.union1d(np.arange(0, len(counts), every), np.array(named, dtype=np.intp))
    x = np.maximum(counts, 0.5)
    figure = go.Figure()
    for name, colour in sorted(COLOURS.items(), key=lambda pair: pair[0] != "other"):
        rows = np.array([i for i in shown if groups[i] == name], dtype=np.intp)
        if len(rows):
            figure.add_scatter(
                x=x[rows],
                y=lengths[rows].astype(np.float32),
                mode="markers",
                name=name,
                marker={"color": colour, "size": 5, "opacity": 0.35 if name == "other" else 0.75},
                customdata=[[plain(labels[i]), int(counts[i])] for i in rows],
                hovertemplate="%{customdata[0]}<br>seen %{customdata[1]:,} times<br>length %{y:.2f}<extra></extra>",
            )
    few = list(dict.fromkeys(named))[:40]
    figure.add_scatter(
        x=x[few],
        y=lengths[few].astype(np.float32),
        mode="markers+text",
        text=[plain(labels[i]) for i in few],
        textposition="top center",
        textfont={"size": 11},
        marker={"symbol": "circle-open", "size": 9, "color": LIGHT["text"], "line": {"width": 1.5}},
        hoverinfo="skip",
        showlegend=False,
    )
    powers = [10**k for k in range(9) if 10**k <= max(float(counts.max()), 1) * 3]
    ticks = {"tickvals": [0.5, *powers], "ticktext": ["never", *(f"{p:,}" for p in powers)]}
    figure.update_layout(
        margin=MARGIN | {"l": 40, "b": 36},
        xaxis=ticks | {"type": "log", "title": {"text": "times seen"}, "showgrid": False},
        yaxis={"title": {"text": "length of the vector"}, "rangemode": "tozero"},
        showlegend=False,
    )
    return figure


def silhouettes(
    steps: Sequence[int], mean: np.ndarray, groups: Mapping[str, np.ndarray], chance: np.ndarray, at: int
) -> go.Figure:
    """Mean silhouette (S,) against the kept steps, evenly spaced: of all words, of each group, and by chance (S, 2).

    `at`: the place of the step that is on the screen.
    """
    x = list(range(len(steps)))
    figure = go.Figure()
    figure.add_scatter(
        x=[*x, *x[::-1]],
        y=[*chance[:, 1], *chance[::-1, 0]],
        fill="toself",
        fillcolor=LIGHT["line"],
        line={"width": 0},
        name="by chance",
        hoverinfo="skip",
    )
    for name, values in groups.items():
        figure.add_scatter(
            x=x,
            y=values,
            name=name,
            mode="lines",
            line={"color": COLOURS[name], "width": 1.4},
            hovertemplate="%{y:.2f}",
        )
    figure.add_scatter(
        x=x,
        y=mean,
        name="all words",
        mode="lines+markers",
        line={"color": LIGHT["text"], "width": 3},
        marker={"size": 6},
        hovertemplate="%{y:.2f}",
    )
    figure.add_vline(x=at, line={"color": LIGHT["primary"], "width": 2, "dash": "dot"})
    figure.update_layout(
        margin=MARGIN | {"l": 40, "b": 40},
        hovermode="x unified",
        xaxis={
            "tickvals": x,
            "ticktext": [f"{step:,}" for step in steps],
            "title": {"text": "training step (not to scale)"},
            "tickangle": -45,
            "showgrid": False,
            "fixedrange": True,
        },
        yaxis={"title": {"text": "silhouette"}, "fixedrange": True},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}, "entrywidth": 68},
    )
    return figure
