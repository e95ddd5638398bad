"""Figures of the overview: a token's journey from vector to next-token distribution."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.labels import percent, plain
from core.figures.palette import DIVERGING, ROLES, SEQUENTIAL

MARGIN = {"l": 24, "r": 8, "t": 8, "b": 8}


def _token_axis(labels: Sequence[str], cursor: int | None) -> dict:
    """Tokens along x: every label when there are few, else every n-th; the cursor's always, in bold."""
    every = -(-len(labels) // 28)
    at = sorted({*range(0, len(labels), every), *([] if cursor is None else [cursor])})
    if cursor is not None:
        at = [i for i in at if i == cursor or abs(i - cursor) >= every or every == 1]
    shown = [f"<b>{plain(labels[i])}</b>" if i == cursor else plain(labels[i]) for i in at]
    return {
        "tickvals": at,
        "ticktext": shown,
        "tickangle": -50,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def vectors(embed: np.ndarray, labels: Sequence[str], cursor: int | None) -> go.Figure:
    """`embed` (T, D) as a heat map: a column for each token, a row for each of its D numbers."""
    limit = float(np.abs(embed).max()) or 1.0
    heat = go.Heatmap(
        z=embed.T.astype(np.float32),
        colorscale=DIVERGING,
        zmin=-limit,
        zmax=limit,
        showscale=False,
        hovertemplate="position %{x}<br>dimension %{y}<br>%{z:.2f}<extra></extra>",
    )
    return _heat(heat, labels, cursor, {"visible": False, "autorange": "reversed"})


def writes(attention: np.ndarray, mlp: np.ndarray, labels: Sequence[str], cursor: int | None) -> go.Figure:
    """What each block's two parts write: `attention` and `mlp` (L, T), each a share in 0..1: of the lengths of what was
    written and of the vector that it was added to, the former's."""
    rows = np.stack([attention, mlp], axis=1).reshape(-1, attention.shape[1])  # (L, 2, T) -> (2L, T)
    names = [f"{part} {layer}" for layer in range(len(attention)) for part in ("attention", "MLP")]
    heat = go.Heatmap(
        z=rows.astype(np.float32),
        y=names,
        colorscale=SEQUENTIAL,
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=1,
        ygap=1,
        hovertemplate="position %{x}<br>%{y}: %{z:.0%} newly written<extra></extra>",
    )
    return _heat(heat, labels, cursor, {"autorange": "reversed", "showgrid": False, "fixedrange": True})


def _heat(heat: go.Heatmap, labels: Sequence[str], cursor: int | None, yaxis: dict) -> go.Figure:
    frame = {"type": "rect", "y0": 0, "y1": 1, "yref": "y domain", "line": {"color": ROLES["token"], "width": 2}}
    shapes = [] if cursor is None else [frame | {"x0": cursor - 0.5, "x1": cursor + 0.5}]
    # in one call: plotly checks the whole figure again at every update_layout or add_vrect (9 ms here, 2 in one)
    return go.Figure(heat, {"margin": MARGIN, "xaxis": _token_axis(labels, cursor), "yaxis": yaxis, "shapes": shapes})


def next_tokens(labels: Sequence[str], probs: Sequence[float]) -> go.Figure:
    """The likeliest next tokens, most likely first, as horizontal bars with their probability in per cent."""
    bars = go.Bar(
        x=list(probs),
        y=list(range(len(probs))),
        orientation="h",
        marker={"color": ROLES["prediction"]},
        text=[percent(p) for p in probs],
        textposition="outside",
        cliponaxis=False,
        customdata=list(labels),
        hovertemplate="%{customdata}: %{text}<extra></extra>",
    )
    ticks = {"tickvals": list(range(len(probs))), "ticktext": [plain(label) for label in labels]}
    layout = {
        "margin": MARGIN | {"r": 48},
        "bargap": 0.28,
        "xaxis": {"visible": False, "range": [0, max(probs) * 1.12], "fixedrange": True},
        "yaxis": ticks | {"autorange": "reversed", "showgrid": False, "zeroline": False, "fixedrange": True},
    }
    return go.Figure(bars, layout)
