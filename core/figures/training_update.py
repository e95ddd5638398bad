"""Figures of one update in slow motion: losses, the gradients that they send back, one place of one matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.labels import plain
from core.figures.palette import CATEGORIES, DIVERGING, LIGHT, ROLES

BARE: dict[str, Any] = {"fixedrange": True, "zeroline": False}
SIDE = 24  # rows and columns of a matrix that are drawn around one weight


def losses(labels: Sequence[str], before: np.ndarray, after: np.ndarray) -> go.Figure:
    """Nats that each target of one sequence cost, (T,) before and (T,) after the update."""
    figure = go.Figure()
    for name, values, colour in (("before", before, LIGHT["muted"]), ("after", after, ROLES["prediction"])):
        figure.add_bar(
            x=list(range(len(labels))),
            y=values.astype(np.float32),
            name=f"{name} the update",
            marker_color=colour,
            hovertemplate=f"%{{y:.2f}} nats {name}<extra></extra>",
        )
    every = -(-len(labels) // 32)
    shown = list(range(0, len(labels), every))
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        margin={"l": 44, "r": 8, "t": 24, "b": 60},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis={**BARE, "tickvals": shown, "ticktext": [plain(labels[i]) for i in shown], "tickangle": -50},
        yaxis={**BARE, "title": {"text": "nats"}},
    )
    return figure


def parts(names: Sequence[str], gradients: Sequence[float], steps: Sequence[float]) -> go.Figure:
    """For each part of the model the length of its gradient, and of its step in relation to its weights."""
    figure = go.Figure()
    for name, values, axis, colour in (
        ("length of the gradient", gradients, "x", CATEGORIES[1]),
        ("step ÷ weights", steps, "x2", CATEGORIES[0]),
    ):
        figure.add_bar(
            x=list(values),
            y=list(names),
            orientation="h",
            xaxis=axis,
            yaxis="y" if axis == "x" else "y2",
            marker_color=colour,
            hovertemplate=f"%{{y}}: {name} %{{x:.3g}}<extra></extra>",
        )
    rows = {**BARE, "autorange": "reversed", "type": "category"}
    figure.update_layout(
        showlegend=False,
        margin={"l": 90, "r": 8, "t": 8, "b": 44},
        xaxis={**BARE, "domain": [0, 0.47], "title": {"text": "length of the gradient"}, "rangemode": "tozero"},
        xaxis2={**BARE, "domain": [0.53, 1], "title": {"text": "step ÷ weights"}, "tickformat": "~%", "anchor": "y2"},
        yaxis=rows,
        yaxis2={**rows, "anchor": "x2", "showticklabels": False},
    )
    return figure


def window(matrix: np.ndarray, at: tuple[int, int]) -> go.Figure:
    """The surroundings of one entry of `matrix` (rows, columns), which is framed; orange negative, blue positive."""
    corner = [min(max(0, i - SIDE // 2), max(0, size - SIDE)) for i, size in zip(at, matrix.shape, strict=True)]
    rows, columns = (list(range(c, min(c + SIDE, size))) for c, size in zip(corner, matrix.shape, strict=True))
    cut = matrix[np.ix_(rows, columns)]
    limit = float(np.abs(cut).max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=cut.astype(np.float32),
            x=columns,
            y=rows,
            colorscale=DIVERGING,
            zmin=-limit,
            zmax=limit,
            showscale=False,
            xgap=1,
            ygap=1,
            hovertemplate="row %{y}, column %{x}<br>%{z:.3g}<extra></extra>",
        )
    )
    row, column = at
    frame = {"x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    figure.add_shape(type="rect", line={"color": LIGHT["text"], "width": 2}, **frame)
    figure.update_layout(
        margin={"l": 40, "r": 8, "t": 8, "b": 36},
        xaxis={**BARE, "title": {"text": "column"}, "showgrid": False},
        yaxis={**BARE, "title": {"text": "row"}, "showgrid": False, "autorange": "reversed"},
    )
    return figure
