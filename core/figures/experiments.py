"""Figures of the experiments: before and after a change inside the model, patching maps, and steering by strength."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.labels import percent, plain
from core.figures.palette import DIVERGING, LIGHT, ROLES, SEQUENTIAL

MARGIN = {"l": 24, "r": 8, "t": 8, "b": 8}
LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"}
BEFORE, AFTER = LIGHT["muted"], ROLES["prediction"]
Intervals = Sequence[tuple[float, float, float]]  # mean, low, high


def ticks(labels: Sequence[str], marked: Sequence[int] = (), most: int = 30) -> dict:
    """Token labels on an axis: every n-th, so that there are at most `most`, and the marked ones always, in bold."""
    every = -(-len(labels) // most)
    at = [i for i in range(0, len(labels), every) if every == 1 or all(abs(i - m) >= every for m in marked)]
    at = sorted({*at, *marked})
    shown = [f"<b>{plain(labels[i])}</b>" if i in marked else plain(labels[i]) for i in at]
    return {"tickvals": at, "ticktext": shown, "showgrid": False, "zeroline": False, "fixedrange": True}


def names(rows: Sequence[str]) -> dict:
    """A vertical axis that names its rows, the first at the top."""
    shown = {"tickvals": list(range(len(rows))), "ticktext": [plain(row, 40) for row in rows]}
    return shown | {"range": [len(rows) - 0.5, -0.5], "showgrid": False, "zeroline": False, "fixedrange": True}


def distributions(labels: Sequence[str], before: Sequence[float], after: Sequence[float]) -> go.Figure:
    """A pair of bars for each token: its probability in the model as it is, and in the changed one."""
    rows = list(range(len(labels)))
    tokens = [plain(label) for label in labels]
    shared = {"y": rows, "orientation": "h", "customdata": tokens, "hovertemplate": "%{customdata}: %{x:.2p}"}
    words = [f"{_share(b)} → {_share(a)}" for b, a in zip(before, after, strict=True)]
    figure = go.Figure(
        [
            go.Bar(x=list(before), name="as it is", marker={"color": BEFORE}, **shared),
            go.Bar(x=list(after), name="changed", marker={"color": AFTER}, **shared),
            go.Scatter(
                x=[max(pair) for pair in zip(before, after, strict=True)],
                y=rows,
                mode="text",
                text=words,
                textposition="middle right",
                cliponaxis=False,
                hoverinfo="skip",
                showlegend=False,
            ),
        ]
    )
    figure.update_layout(
        margin=MARGIN | {"t": 30},
        barmode="group",
        bargap=0.3,
        bargroupgap=0.05,
        legend=LEGEND,
        xaxis={"visible": False, "range": [0, max(0.02, *before, *after) * 1.45], "fixedrange": True},
        yaxis=ticks(labels) | {"ticktext": tokens, "tickvals": rows, "autorange": "reversed"},
    )
    return figure


def surprise(labels: Sequence[str], before: np.ndarray, after: np.ndarray, cursor: int | None = None) -> go.Figure:
    """The loss of each token after the first, in nats: before, after (T − 1,); labels (T,)."""
    tokens = [plain(label) for label in labels[1:]]
    x = list(range(1, len(labels)))
    bars = [
        go.Bar(
            x=x,
            y=values,
            name=name,
            marker={"color": colour},
            customdata=tokens,
            hovertemplate="%{customdata}: %{y:.2f} nats",
        )
        for values, name, colour in ((before, "as it is", BEFORE), (after, "changed", AFTER))
    ]
    figure = go.Figure(bars)
    figure.update_layout(
        margin=MARGIN | {"t": 30},
        barmode="group",
        bargap=0.25,
        bargroupgap=0.0,
        legend=LEGEND,
        xaxis=ticks(labels, [] if cursor is None else [cursor]) | {"tickangle": -50, "range": [0.4, len(labels) - 0.4]},
        yaxis={"title": {"text": "nats"}, "rangemode": "tozero", "nticks": 5, "fixedrange": True, "zeroline": False},
    )
    return figure


def edges(pattern: np.ndarray, labels: Sequence[str], cut: Sequence[tuple[int, int]], query: int | None) -> go.Figure:
    """A head's weights, `pattern` (T, T), readers as rows; the edges that are cut, (query, key), carry a cross."""
    visible = np.where(np.tril(np.ones(pattern.shape, dtype=bool)), pattern, np.nan).astype(np.float32)
    heat = go.Heatmap(
        z=visible,
        colorscale=[(place**2, colour) for place, colour in SEQUENTIAL],
        zmin=0,
        zmax=1,
        hoverongaps=False,
        hovertemplate="position %{y} reads position %{x}: %{z:.2p}<extra></extra>",
        colorbar={"thickness": 10, "outlinewidth": 0, "tickformat": ".0%", "tickvals": [0, 0.1, 0.25, 0.5, 1]},
    )
    crosses = go.Scatter(
        x=[key for _, key in cut],
        y=[reader for reader, _ in cut],
        mode="markers",
        marker={"symbol": "x-thin", "size": 10, "line": {"width": 2.5, "color": ROLES["attention"]}},
        hoverinfo="skip",
    )
    marked = [] if query is None else [query]
    figure = go.Figure([heat, crosses])
    figure.update_layout(
        margin=MARGIN,
        xaxis=ticks(labels, marked) | {"tickangle": -50, "title": {"text": "read from"}},
        yaxis=ticks(labels, marked, 26) | {"autorange": "reversed", "title": {"text": "reader"}},
    )
    return figure


def patch_map(recovered: np.ndarray, rows: Sequence[str], labels: Sequence[str], differs: Sequence[int]) -> go.Figure:
    """How much of the answer comes back, `recovered` (R, T), at each place; the tokens that differ in bold."""
    limit = max(1.0, float(np.abs(recovered).max()))
    heat = go.Heatmap(
        z=recovered.astype(np.float32),
        y=list(range(len(rows))),
        customdata=[[plain(row, 40)] * len(labels) for row in rows],
        colorscale=DIVERGING,
        zmin=-limit,
        zmax=limit,
        xgap=1,
        ygap=1,
        hovertemplate="%{customdata}, position %{x}<br>%{z:.0%} of the answer comes back<extra></extra>",
        colorbar={"thickness": 10, "outlinewidth": 0, "tickformat": ".0%", "nticks": 5},
    )
    figure = go.Figure(heat)
    figure.update_layout(
        margin=MARGIN,
        xaxis=ticks(labels, differs, 40) | {"tickangle": -50},
        yaxis=names(rows),
    )
    return figure


def skills(of: Sequence[str], before: Intervals, after: Intervals) -> go.Figure:
    """The share of the cases of each skill in `of` done right, as it is and changed, with 95 % intervals."""
    figure = go.Figure()
    for values, name, colour, shift in ((before, "as it is", BEFORE, -0.14), (after, "changed", AFTER, 0.14)):
        figure.add_trace(
            go.Scatter(
                x=[mean for mean, _, _ in values],
                y=[i + shift for i in range(len(values))],
                mode="markers",
                name=name,
                marker={"color": colour, "size": 10},
                error_x=_error(values, colour),
                customdata=[
                    f"{percent(mean)}, 95 % interval {percent(low)} to {percent(high)}" for mean, low, high in values
                ],
                hovertemplate="%{customdata}",
            )
        )
    figure.update_layout(
        margin=MARGIN | {"t": 30, "r": 24},
        legend=LEGEND,
        xaxis={"range": [-0.02, 1.02], "tickformat": ".0%", "fixedrange": True, "zeroline": False},
        yaxis=names(of),
    )
    return figure


def by_strength(
    at: Sequence[float], values: Intervals, axis: str, role: str, share: bool, broken: tuple[float, float] | None
) -> go.Figure:
    """A measure of what is written at each strength, with 95 % intervals; where it breaks is shaded."""
    line = go.Scatter(
        x=list(at),
        y=[mean for mean, _, _ in values],
        mode="lines+markers",
        line={"color": ROLES[role], "width": 2.5},
        marker={"size": 8},
        error_y=_error(values, ROLES[role]),
        hovertemplate="strength %{x}: %{y:.2p}<extra></extra>" if share else "strength %{x}: %{y:.2f}<extra></extra>",
    )
    figure = go.Figure(line)
    if broken:
        figure.add_vrect(x0=broken[0], x1=broken[1], fillcolor=ROLES["attention"], opacity=0.16, line_width=0)
    scale = {"range": [-0.03, 1.05], "tickformat": ".0%"} if share else {"rangemode": "tozero"}
    figure.update_layout(
        margin=MARGIN,
        xaxis={"title": {"text": "strength"}, "fixedrange": True, "zeroline": False},
        yaxis=scale | {"title": {"text": axis}, "fixedrange": True, "zeroline": False, "nticks": 6},
    )
    return figure


def _share(p: float) -> str:
    return percent(p) if p >= 1e-4 else "< 0.01 %"


def _error(values: Intervals, colour: str) -> dict:
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - mean for mean, _, high in values],
        "arrayminus": [mean - low for mean, low, _ in values],
        "color": colour,
        "thickness": 1.5,
        "width": 4,
    }
