"""Figures of the page Inside: one token through the depth, who made a prediction, the numbers of one cell, neurons."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.labels import plain
from core.figures.palette import DIVERGING, LIGHT, ROLES

MARGIN = {"l": 24, "r": 8, "t": 8, "b": 8}
LEAST = 0.1  # a scale of logits reaches at least so far: what is smaller looks as small as it is


def signed(x: float, digits: int = 2) -> str:
    """A logit with its sign: +1.25, −0.30."""
    return f"{x:+.{digits}f}".replace("-", "−")


def tokens(labels: Sequence[str], start: int, focus: int, most: int = 40) -> dict[str, Any]:
    """An axis of tokens at positions start, start + 1, …; that of the focus in bold."""
    every = -(-len(labels) // most)
    at = [i for i in range(len(labels)) if i % every == 0 or start + i == focus]
    shown = [f"<b>{plain(labels[i], 11)}</b>" if start + i == focus else plain(labels[i], 11) for i in at]
    quiet: dict[str, Any] = {"showgrid": False, "zeroline": False, "fixedrange": True}
    return quiet | {"tickvals": [start + i for i in at], "ticktext": shown, "tickangle": -50}


def depths(layers: int) -> list[str]:
    """The names of the rows of a lens with `layers` blocks."""
    return ["embedding", *(f"block {layer}" for layer in range(layers))]


def _rows(names: Sequence[str]) -> dict:
    return {
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "range": [len(names) - 0.5, -0.5],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def through_depth(lines: Sequence[tuple[str, Sequence[float], str]], kind: str) -> go.Figure:
    """Curves over the depth, a value for each row of the lens: (name, values, colour). kind: "%", "rank" or "nats"."""
    hover = {"%": "%{y:.2p}", "rank": "rank %{y:,}", "nats": "%{y:.2f} nats"}[kind]
    names = depths(len(lines[0][1]) - 1)
    figure = go.Figure(
        [
            go.Scatter(
                x=names,
                y=list(values),
                name=plain(name),
                mode="lines+markers",
                line={"color": colour, "width": 2.5},
                marker={"size": 7},
                hovertemplate=f"{plain(name)} after %{{x}}: {hover}<extra></extra>",
            )
            for name, values, colour in lines
        ]
    )
    scales: dict[str, dict[str, Any]] = {
        "%": {"range": [-0.03, 1.03], "tickformat": ".0%"},
        "rank": {"type": "log", "autorange": "reversed", "dtick": 1},
        "nats": {"rangemode": "tozero"},
    }
    figure.update_layout(
        margin=MARGIN | {"t": 12},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        showlegend=True,
        xaxis={"fixedrange": True, "showgrid": False},
        yaxis=scales[kind] | {"fixedrange": True, "zeroline": False, "nticks": 6},
    )
    return figure


def parts(heads: np.ndarray, mlps: np.ndarray, chosen: tuple[int, int]) -> go.Figure:
    """What each head (L, H) and each MLP (L,) adds to a logit: a row for each block; the `chosen` head outlined."""
    layers, count = heads.shape
    values = np.column_stack([heads, mlps])
    limit = float(np.abs(values).max()) or 1.0
    names = [f"head {head}" for head in range(count)]
    hovers = [
        [f"block {i}, {name}: {signed(v)}" for name, v in zip([*names, "MLP"], row, strict=True)]
        for i, row in enumerate(values)
    ]
    heat = go.Heatmap(
        z=values.astype(np.float32),
        text=[[signed(v) for v in row] for row in values],
        texttemplate="%{text}" if count <= 16 else None,
        textfont={"size": 12 if count <= 8 else 9},
        customdata=hovers,
        hovertemplate="%{customdata}<extra></extra>",
        colorscale=DIVERGING,
        zmin=-limit,
        zmax=limit,
        xgap=2,
        ygap=2,
        showscale=False,
    )
    figure = go.Figure(heat)
    layer, head = chosen
    edge = {"color": ROLES["attention"], "width": 2.5}
    figure.add_shape(type="rect", x0=head - 0.5, x1=head + 0.5, y0=layer - 0.5, y1=layer + 0.5, line=edge)
    figure.add_vline(x=count - 0.5, line={"color": LIGHT["muted"], "width": 1})
    figure.update_layout(
        margin=MARGIN,
        xaxis={
            "tickvals": list(range(count + 1)),
            "ticktext": [*names, "<b>MLP</b>"],
            "side": "top",
            "fixedrange": True,
        }
        | {"showgrid": False, "zeroline": False, "tickangle": 0 if count <= 8 else -50},
        yaxis=_rows([f"block {layer}" for layer in range(layers)]),
    )
    return figure


def running_sum(names: Sequence[str], amounts: Sequence[float], roles: Sequence[str], logit: float) -> go.Figure:
    """The logit as a sum: each part starts where the one before it ended; dashed, what the model computed."""
    ends = np.cumsum(amounts)
    bars = go.Bar(
        x=list(range(len(names))),
        y=list(amounts),
        base=[float(end - amount) for end, amount in zip(ends, amounts, strict=True)],
        marker={"color": [ROLES[role] for role in roles]},
        customdata=[
            f"{name}: {signed(amount)}<br>sum so far {signed(end)}"
            for name, amount, end in zip(names, amounts, ends, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
        text=[signed(amount, 1) for amount in amounts] if len(names) <= 14 else None,
        textposition="outside",
        textangle=0,
        cliponaxis=False,
    )
    figure = go.Figure(bars)
    figure.add_hline(y=logit, line={"color": ROLES["prediction"], "width": 1.5, "dash": "dash"})
    figure.update_layout(
        margin=MARGIN | {"t": 22},
        bargap=0.25,
        xaxis={"tickvals": list(range(len(names))), "ticktext": list(names), "tickangle": -40}
        | {"showgrid": False, "fixedrange": True},
        yaxis={"fixedrange": True, "zeroline": True, "nticks": 7, "title": {"text": "logits"}},
    )
    return figure


def columns(values: np.ndarray, labels: Sequence[str], start: int, focus: int, unit: str = "logits") -> go.Figure:
    """A bar for each token at positions start, …: blue where it adds, orange where it takes away."""
    bars = go.Bar(
        x=list(range(start, start + len(values))),
        y=[float(v) for v in values],
        marker={"color": [_sign(v) for v in values]},
        customdata=[f"{plain(label)}: {signed(v)} {unit}" for label, v in zip(labels, values, strict=True)],
        hovertemplate="%{customdata}<extra></extra>",
    )
    low, high = min(LEAST * -0.2, float(values.min()) * 1.1), max(LEAST, float(values.max()) * 1.1)
    axis = {"fixedrange": True, "nticks": 5, "zeroline": True, "title": {"text": unit}, "range": [low, high]}
    figure = go.Figure(bars)
    figure.update_layout(margin=MARGIN, bargap=0.2, xaxis=tokens(labels, start, focus), yaxis=axis)
    return figure


def _sign(value: float) -> str:
    return LIGHT["diverging"][7 if value >= 0 else 1]


def ranked(
    names: Sequence[str], values: Sequence[float], hovers: Sequence[str], chosen: int | None = None, role: str = ""
) -> go.Figure:
    """Horizontal bars, the first on top, each with its value; `chosen` outlined. Without a `role` the sign colours."""
    names = [plain(name) for name in names]
    bars = go.Bar(
        x=[float(v) for v in values],
        y=list(range(len(names))),
        orientation="h",
        marker={
            "color": [ROLES[role] if role else _sign(v) for v in values],
            "line": {"color": LIGHT["text"], "width": [2 if i == chosen else 0 for i in range(len(names))]},
        },
        text=[signed(v) if min(values, default=0) < 0 else f"{v:.2f}" if v < 100 else f"{v:,.0f}" for v in values],
        textposition="outside",
        cliponaxis=False,
        customdata=list(hovers),
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure = go.Figure(bars)
    low, high = min(0.0, *map(float, values)), max(0.0, *map(float, values))
    room = 0.2 * (high - low or 1.0)
    shown = [f"<b>{name}</b>" if i == chosen else name for i, name in enumerate(names)]
    figure.update_layout(
        margin=MARGIN,
        bargap=0.25,
        xaxis={"visible": False, "fixedrange": True, "range": [low - (room if low < 0 else 0), high + room]},
        yaxis=_rows(shown),
    )
    return figure
