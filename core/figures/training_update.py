"""Figures of one update in slow motion: losses, the gradients that they send back, one place of one matrix."""

from collections.abc import Sequence

import numpy as np

from core.figures.layout import LEGEND, Figure, Panel, Spec, axis, bare, cell, figure, line, tokens
from core.figures.palette import CATEGORIES, DIVERGING, LIGHT, ROLES
from core.figures.traces import bars, signed_heat

SIDE = 24  # rows and columns of a matrix that are drawn around one weight


def losses(labels: Sequence[str], before: np.ndarray, after: np.ndarray) -> Figure:
    """Nats that each target of one sequence cost, (T,) before and (T,) after the update."""
    x = np.arange(len(labels))
    pairs = [
        bars(x, values.astype(np.float32), name=f"{name} the update", marker={"color": colour},
             hovertemplate=f"%{{y:.2f}} nats {name}<extra></extra>")
        for name, values, colour in (("before", before, LIGHT["muted"]), ("after", after, ROLES["prediction"]))
    ]  # fmt: skip
    return figure(
        pairs,
        barmode="group",
        bargap=0.25,
        margin={"l": 44, "r": 8, "t": 24, "b": 60},
        legend=LEGEND | {"y": 1.0},
        xaxis=tokens(labels, most=32, showgrid=True),
        yaxis=axis("nats"),
    )


def parts(names: Sequence[str], gradients: Sequence[float], steps: Sequence[float]) -> Figure:
    """For each part of the model the length of its gradient, and of its step in relation to its weights."""
    left, right = Panel(1, (0, 0.47)), Panel(2, (0.53, 1))
    measures = (
        (left, "length of the gradient", gradients, CATEGORIES[1], {"rangemode": "tozero"}),
        (right, "step ÷ weights", steps, CATEGORIES[0], {"tickformat": "~%"}),
    )
    traces: list[Spec] = []
    axes: Spec = {}
    for panel, name, values, colour, scale in measures:
        hover = f"%{{y}}: {name} %{{x:.3g}}<extra></extra>"
        each = bars(list(values), list(names), orientation="h", marker={"color": colour}, hovertemplate=hover)
        traces.append(panel.of(each))
        named = axis(autorange="reversed", type="category", showticklabels=panel is left)
        axes |= panel.axes(axis(name, **scale), named)
    return figure(traces, showlegend=False, margin={"l": 90, "r": 8, "t": 8, "b": 44}, **axes)


def window(matrix: np.ndarray, at: tuple[int, int]) -> Figure:
    """The surroundings of one entry of `matrix` (rows, columns), which is framed; orange negative, blue positive."""
    corner = [min(max(0, i - SIDE // 2), max(0, size - SIDE)) for i, size in zip(at, matrix.shape, strict=True)]
    rows, columns = (np.arange(c, min(c + SIDE, size)) for c, size in zip(corner, matrix.shape, strict=True))
    hover = "row %{y}, column %{x}<br>%{z:.3g}<extra></extra>"
    cut = signed_heat(matrix[np.ix_(rows, columns)], DIVERGING, x=columns, y=rows, xgap=1, ygap=1, hovertemplate=hover)
    return figure(
        [cut],
        margin={"l": 40, "r": 8, "t": 8, "b": 36},
        shapes=[cell(at[1], at[0], line(LIGHT["text"], 2))],
        xaxis=bare("column"),
        yaxis=bare("row", autorange="reversed"),
    )
