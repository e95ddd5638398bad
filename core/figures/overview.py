"""Figures of the overview: a token's journey from vector to next-token distribution."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.labels import plain
from core.figures.palette import DIVERGING, SEQUENTIAL

MARGIN = {"l": 24, "r": 8, "t": 8, "b": 8}


def _token_axis(labels: Sequence[str]) -> dict:
    """Tokens along x: every label when there are few, else every n-th."""
    at = list(range(0, len(labels), -(-len(labels) // 28)))
    return {
        "tickvals": at,
        "ticktext": [plain(labels[i]) for i in at],
        "tickangle": -50,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def vectors(embed: np.ndarray, labels: Sequence[str]) -> go.Figure:
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
    return _heat(heat, labels, {"visible": False, "autorange": "reversed"})


def writes(attention: np.ndarray, mlp: np.ndarray, labels: Sequence[str]) -> go.Figure:
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
    return _heat(heat, labels, {"autorange": "reversed", "showgrid": False, "fixedrange": True})


def _heat(heat: go.Heatmap, labels: Sequence[str], yaxis: dict) -> go.Figure:
    # in one call: plotly checks the whole figure again at every update_layout (9 ms here, 2 in one)
    layout = {"margin": MARGIN, "xaxis": _token_axis(labels), "yaxis": yaxis, "meta": {"columns": len(labels)}}
    return go.Figure(heat, layout)
