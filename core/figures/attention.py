"""Figures of what heads do: one head's scores with their intervals, and the scores of all heads over training."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.figures.labels import percent
from core.figures.palette import CATEGORIES, LIGHT, ROLES

ZERO = 0.5  # where step 0 stands on a logarithmic axis
DASHED = {"color": LIGHT["muted"], "width": 1, "dash": "dash"}
COLUMNS = 3
MARKS = {"training": "line", "held out": "dots"}


def roles(
    names: Sequence[str],
    mean: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    chance: Sequence[float],
    threshold: float,
) -> go.Figure:
    """One head's scores as points with their interval (`low` to `high`), chance, and the threshold for a name."""
    at = list(range(len(names)))
    guess = go.Scatter(
        x=list(chance),
        y=at,
        mode="markers",
        name="by chance",
        marker={"color": LIGHT["muted"], "size": 13, "symbol": "line-ns-open", "line": {"width": 2}},
        hovertemplate="by chance %{x:.2p}<extra></extra>",
    )
    points = go.Scatter(
        x=list(mean),
        y=at,
        mode="markers",
        name="this head",
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
    figure = go.Figure([guess, points])
    figure.add_vline(x=threshold, line=DASHED)
    figure.update_layout(
        margin={"l": 24, "r": 24, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        xaxis={"range": [-0.02, 1.02], "tickformat": ".0%", "fixedrange": True, "zeroline": False},
        yaxis={
            "tickvals": at,
            "ticktext": list(names),
            "range": [len(names) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
    )
    return figure


def life(
    steps: Sequence[int],
    scores: Mapping[str, np.ndarray],
    chosen: tuple[int, int],
    losses: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    mark: int,
    threshold: float,
) -> go.Figure:
    """A panel for each score, a line for each head over `steps`, and the loss in a last panel.

    scores: panel title -> means (S, L, H); chosen: the head that stands out; losses: "training" and "held out" ->
    (steps, nats per token), those that are there; mark: the step on show. Custom data of lines: (layer, head, step).
    """
    shown = {name: points for name, points in losses.items() if len(points[0])}
    titles = [*scores, *(["loss: " + ", ".join(f"{name} ({MARKS[name]})" for name in shown)] if shown else [])]
    rows = -(-len(titles) // COLUMNS)
    figure = make_subplots(
        rows, COLUMNS, subplot_titles=titles, shared_xaxes=True, vertical_spacing=0.16, horizontal_spacing=0.06
    )
    x = [max(step, ZERO) for step in steps]
    places = [(1 + i // COLUMNS, 1 + i % COLUMNS) for i in range(len(titles))]
    for (row, column), means in zip(places, scores.values(), strict=False):
        figure.add_trace(_others(x, steps, means, chosen), row, column)
        figure.add_trace(_chosen(x, steps, means[:, chosen[0], chosen[1]], chosen), row, column)
        figure.add_hline(threshold, line=DASHED, row=row, col=column)
        figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%", row=row, col=column)
    for name, points in shown.items():
        figure.add_trace(_loss(name, *points), *places[-1])
    for row, column in places:
        figure.add_vline(max(mark, ZERO), line={"color": LIGHT["text"], "width": 1, "dash": "dot"}, row=row, col=column)
    powers = [10**n for n in range(10) if 10**n <= max(steps[-1], 1)]
    figure.update_xaxes(
        type="log",
        range=[np.log10(ZERO) - 0.08, np.log10(max(x[-1], 1)) + 0.08],
        tickvals=[ZERO, *powers],
        ticktext=["0", *(f"{n:,}" for n in powers)],
        fixedrange=True,
        showticklabels=True,
        zeroline=False,
    )
    figure.update_yaxes(fixedrange=True, zeroline=False)
    figure.update_annotations(font={"size": 13, "color": LIGHT["text"]})
    figure.update_layout(margin={"l": 40, "r": 8, "t": 28, "b": 28}, showlegend=False, hovermode="closest")
    return figure


def _others(x: Sequence[float], steps: Sequence[int], means: np.ndarray, chosen: tuple[int, int]) -> go.Scatter:
    """All heads but the chosen one as one trace, a gap between two lines."""
    _, layers, heads = means.shape
    shown = [(i, j) for i in range(layers) for j in range(heads) if (i, j) != chosen]
    return go.Scatter(
        x=[value for _ in shown for value in [*x, None]],
        y=[value for i, j in shown for value in [*means[:, i, j].tolist(), None]],
        customdata=[(i, j, step) for i, j in shown for step in [*steps, 0]],
        mode="lines+markers",
        line={"color": LIGHT["muted"], "width": 1},
        marker={"size": 3, "color": LIGHT["muted"]},
        opacity=0.45,
        hovertemplate=HOVER,
    )


HOVER = "layer %{customdata[0]}, head %{customdata[1]}, step %{customdata[2]:,}: %{y:.2p}<extra></extra>"


def _chosen(x: Sequence[float], steps: Sequence[int], mean: np.ndarray, chosen: tuple[int, int]) -> go.Scatter:
    return go.Scatter(
        x=list(x),
        y=mean.tolist(),
        customdata=[(*chosen, step) for step in steps],
        mode="lines+markers",
        line={"color": ROLES["attention"], "width": 2.5},
        marker={"size": 6, "color": ROLES["attention"]},
        hovertemplate=HOVER,
    )


def _loss(name: str, steps: Sequence[float], values: Sequence[float]) -> go.Scatter:
    """The loss of the training batches as a line, of held-out documents as dots: the training page's colours."""
    colour = CATEGORIES[0] if name == "training" else CATEGORIES[1]
    return go.Scatter(
        x=[max(step, ZERO) for step in steps],
        y=list(values),
        customdata=list(steps),
        mode="lines" if name == "training" else "markers",
        line={"color": colour, "width": 1.5},
        marker={"size": 6, "color": colour},
        hovertemplate=f"{name}, step %{{customdata:,}}: %{{y:.2f}} nats per token<extra></extra>",
    )
