"""Figures of attention: one head as a heat map, what one token reads from, and what a head does on random text."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.labels import percent, plain
from core.figures.palette import LIGHT, ROLES, SEQUENTIAL

MARGIN = {"l": 24, "r": 8, "t": 8, "b": 8}
NO_BREAK = "\N{NO-BREAK SPACE}"
NAMED = 96  # up to so many tokens the hover names both; beyond, the text of every cell would weigh too much
# Colours at the squares of their places: weak attention gets more of the scale, and z stays the weight itself.
SCALE = [(place**2, colour) for place, colour in SEQUENTIAL]


def _ticks(labels: Sequence[str], query: int | None, most: int) -> dict:
    """Token labels on an axis: all when there are at most `most`, else every n-th; the query's always, in bold."""
    every = -(-len(labels) // most)
    at = [i for i in range(0, len(labels), every) if query is None or every == 1 or abs(i - query) >= every]
    at = sorted({*at, *([] if query is None else [query])})
    shown = [f"<b>{plain(labels[i])}</b>" if i == query else plain(labels[i]) for i in at]
    return {"tickvals": at, "ticktext": shown, "showgrid": False, "zeroline": False, "fixedrange": True}


def head(pattern: np.ndarray, labels: Sequence[str], query: int | None = None) -> go.Figure:
    """`pattern` (T, T): a row for each token that looks, a column for each that it may look at; later ones blank."""
    length = len(labels)
    weights = np.where(np.tril(np.ones((length, length), dtype=bool)), pattern, np.nan).astype(np.float32)
    if length <= NAMED:
        names = [plain(label) for label in labels]
        text = [[f"{names[q]} reads from {names[k]}" if k <= q else "" for k in range(length)] for q in range(length)]
        hover = "%{text}: %{z:.2p}<extra></extra>"
    else:
        text, hover = None, "token %{y} reads from token %{x}: %{z:.2p}<extra></extra>"
    heat = go.Heatmap(
        z=weights,
        text=text,
        hovertemplate=hover,
        hoverongaps=False,
        colorscale=SCALE,
        zmin=0,
        zmax=1,
        colorbar={"thickness": 10, "outlinewidth": 0, "tickformat": ".0%", "tickvals": [0, 0.1, 0.25, 0.5, 1]},
    )
    figure = go.Figure(heat)
    if query is not None:
        figure.add_shape(
            type="rect",
            x0=-0.5,
            x1=query + 0.5,
            y0=query - 0.5,
            y1=query + 0.5,
            line={"color": ROLES["attention"], "width": 2},
        )
    figure.update_layout(
        margin=MARGIN,
        xaxis=_ticks(labels, query, 36) | {"tickangle": -50, "title": {"text": "read from"}},
        yaxis=_ticks(labels, query, 26) | {"autorange": "reversed", "title": {"text": "reader"}},
    )
    return figure


def reads(weights: np.ndarray, labels: Sequence[str]) -> go.Figure:
    """`weights` (q + 1,): the share that the query, the last of `labels`, reads from each token up to itself."""
    shown = [percent(float(w)) if w > 0 else "0 %" for w in weights]
    bars = go.Bar(
        x=list(range(len(weights))),
        y=[float(w) for w in weights],
        marker={"color": ROLES["attention"]},
        text=shown if len(weights) <= 20 else None,
        textposition="outside",
        textangle=0,
        cliponaxis=False,
        customdata=[f"{plain(label)}: {share}" for label, share in zip(labels, shown, strict=True)],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure = go.Figure(bars)
    top = max(float(np.max(weights)), 0.05) * 1.15
    figure.update_layout(
        margin=MARGIN | {"t": 20},
        bargap=0.2,
        xaxis=_ticks(labels, len(weights) - 1, 22) | {"tickangle": -50},
        yaxis={"tickformat": ".0%", "range": [0, top], "nticks": 5, "fixedrange": True, "zeroline": False},
    )
    return figure


def stages(scores: np.ndarray, weights: np.ndarray, labels: Sequence[str], most: int = 8) -> go.Figure:
    """From score to weight: a table of the `most` tokens with the largest `weights`, and the rest in one row.

    scores, weights (q + 1,). The column between them is e^(score − largest score); its sum divides it into weights.
    """
    parts = np.exp(scores - np.max(scores))
    order = [int(i) for i in np.argsort(-weights, kind="stable")]
    best, rest = order[:most], order[most:]
    rows = [
        (plain(labels[i]), f"{scores[i]:.2f}".replace("-", "−"), f"{parts[i]:.4f}", percent(float(weights[i])))
        for i in best
    ]
    if rest:
        rows.append((f"{len(rest)} more", "", f"{parts[rest].sum():.4f}", percent(float(weights[rest].sum()))))
    rows.append(("<b>sum</b>", "", f"{parts.sum():.4f}", percent(float(weights.sum()))))
    table = go.Table(
        columnwidth=[5, 3, 5, 4],
        header={
            "values": ["token", "score", "e<sup>score − max</sup>", "weight"],
            "align": ["left", "right"],
            "fill": {"color": LIGHT["surface"]},
            "line": {"color": LIGHT["line"]},
            "font": {"color": LIGHT["text"]},
            "height": 30,
        },
        cells={
            "values": [[cell.replace(" ", NO_BREAK) for cell in column] for column in zip(*rows, strict=True)],
            "align": ["left", "right"],
            "fill": {"color": LIGHT["background"]},
            "line": {"color": LIGHT["line"]},
            "font": {"color": LIGHT["text"]},
            "height": 26,
        },
    )
    return go.Figure(table).update_layout(margin={"l": 2, "r": 2, "t": 4, "b": 4})


def roles(
    names: Sequence[str], mean: Sequence[float], low: Sequence[float], high: Sequence[float], threshold: float
) -> go.Figure:
    """One head's scores as points with their interval (`low` to `high`), and the threshold for a name."""
    bars = go.Scatter(
        x=list(mean),
        y=list(range(len(names))),
        mode="markers",
        marker={"color": ROLES["attention"], "size": 11},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [h - m for h, m in zip(high, mean, strict=True)],
            "arrayminus": [m - lo for m, lo in zip(mean, low, strict=True)],
            "color": ROLES["attention"],
            "thickness": 2,
            "width": 6,
        },
        customdata=[f"{percent(max(lo, 0))} to {percent(h)}" for lo, h in zip(low, high, strict=True)],
        hovertemplate="%{x:.2p} (95 % interval %{customdata})<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.add_vline(x=threshold, line={"color": LIGHT["muted"], "width": 1, "dash": "dash"})
    figure.update_layout(
        margin=MARGIN | {"r": 24},
        xaxis={"range": [-0.02, 1.02], "tickformat": ".0%", "fixedrange": True, "zeroline": False},
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": list(names),
            "range": [len(names) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
    )
    return figure
