"""Figures of the page Inside: one token through the depth, who made a prediction, the numbers of one cell, neurons."""

from collections.abc import Sequence

import numpy as np

from core.figures.labels import plain
from core.figures.layout import (
    LEGEND,
    MARGIN,
    Figure,
    Spec,
    axis,
    bare,
    cell,
    figure,
    hline,
    line,
    rows,
    tokens,
    vline,
)  # fmt: skip
from core.figures.palette import DIVERGING, LIGHT, ROLES
from core.figures.traces import bars, plain_labels, points, row_bars, signed_heat

LEAST = 0.1  # a scale of logits reaches at least so far: what is smaller looks as small as it is
SCALES: dict[str, tuple[str, Spec]] = {  # kind of a curve through the depth: its number on hover, its axis
    "%": ("%{y:.2p}", {"range": [-0.03, 1.03], "tickformat": ".0%"}),
    "rank": ("rank %{y:,}", {"type": "log", "autorange": "reversed", "dtick": 1}),
    "nats": ("%{y:.2f} nats", {"rangemode": "tozero"}),
}


def with_sign(x: float, digits: int = 2) -> str:
    """A logit with its sign: +1.25, −0.30."""
    return f"{x:+.{digits}f}".replace("-", "−")


def depths(layers: int) -> list[str]:
    """The names of the rows of a lens with `layers` blocks."""
    return ["embedding", *_blocks(layers)]


def _blocks(layers: int) -> list[str]:
    return [f"block {layer}" for layer in range(layers)]


def through_depth(lines: Sequence[tuple[str, Sequence[float], str]], kind: str) -> Figure:
    """Curves over the depth, a value for each row of the lens: (name, values, colour). kind: "%", "rank" or "nats"."""
    number, scale = SCALES[kind]
    names = depths(len(lines[0][1]) - 1)
    traces = [
        points(
            names, list(values), "lines+markers", name=plain(name), line=line(colour, 2.5), marker={"size": 7},
            hovertemplate=f"{plain(name)} after %{{x}}: {number}<extra></extra>",
        )
        for name, values, colour in lines
    ]  # fmt: skip
    return figure(
        traces,
        margin=MARGIN | {"t": 12},
        legend=LEGEND,
        showlegend=True,
        xaxis=bare(zeroline=True),
        yaxis=axis(nticks=6, **scale),
    )


def parts(heads: np.ndarray, mlps: np.ndarray, chosen: tuple[int, int]) -> Figure:
    """What each head (L, H) and each MLP (L,) adds to a logit: a row for each block; the `chosen` head outlined."""
    layers, count = heads.shape
    values = np.column_stack([heads, mlps])
    names = [*(f"head {head}" for head in range(count)), "MLP"]
    text = [[with_sign(v) for v in row] for row in values]
    hovers = [[f"block {i}, {name}: {v}" for name, v in zip(names, row, strict=True)] for i, row in enumerate(text)]
    cells = signed_heat(
        values, DIVERGING, text=text, texttemplate="%{text}" if count <= 16 else None, xgap=2, ygap=2,
        textfont={"size": 12 if count <= 8 else 9}, customdata=hovers, hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    layer, head = chosen
    return figure(
        [cells],
        margin=MARGIN,
        shapes=[cell(head, layer, line(ROLES["attention"], 2.5)), vline(count - 0.5, line(LIGHT["muted"]))],
        xaxis=bare(
            tickvals=list(range(count + 1)),
            ticktext=[*(f"h{head}" for head in range(count)), "<b>MLP</b>"],
            tickangle=0 if count <= 8 else -50,
            side="top",
        ),
        yaxis=rows(_blocks(layers)),
    )


def running_sum(names: Sequence[str], amounts: Sequence[float], roles: Sequence[str], logit: float) -> Figure:
    """The logit as a sum: each part starts where the one before it ended; dashed, what the model computed."""
    ends, at = np.cumsum(amounts), list(range(len(names)))
    steps = bars(
        at, list(amounts), base=ends - np.array(amounts), marker={"color": [ROLES[role] for role in roles]},
        customdata=[
            f"{name}: {with_sign(amount)}<br>sum so far {with_sign(end)}"
            for name, amount, end in zip(names, amounts, ends, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
        text=[with_sign(amount, 1) for amount in amounts] if len(names) <= 14 else None,
        textposition="outside", textangle=0, cliponaxis=False,
    )  # fmt: skip
    return figure(
        [steps],
        margin=MARGIN | {"t": 22},
        bargap=0.25,
        shapes=[hline(logit, line(ROLES["prediction"], 1.5, "dash"))],
        xaxis=bare(tickvals=at, ticktext=list(names), tickangle=-40, zeroline=True),
        yaxis=axis("logits", zeroline=True, nticks=7),
    )


def columns(values: np.ndarray, labels: Sequence[str], start: int, focus: int, unit: str = "logits") -> Figure:
    """A bar for each token at positions start, …: blue where it adds, orange where it takes away."""
    each = bars(
        np.arange(start, start + len(values)), values, marker={"color": [_sign(v) for v in values]},
        customdata=[f"{plain(label)}: {with_sign(v)} {unit}" for label, v in zip(labels, values, strict=True)],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    low, high = min(LEAST * -0.2, float(values.min()) * 1.1), max(LEAST, float(values.max()) * 1.1)
    return figure(
        [each],
        margin=MARGIN,
        bargap=0.2,
        xaxis=tokens(labels, start, [focus], most=40, limit=11),
        yaxis=axis(unit, zeroline=True, nticks=5, range=[low, high]),
    )


def _sign(value: float) -> str:
    return str(LIGHT["diverging"][7 if value >= 0 else 1])


def ranked_bars(
    names: Sequence[str], values: Sequence[float], hovers: Sequence[str], chosen: int | None = None, role: str = ""
) -> Figure:
    """Horizontal bars, the first on top, each with its value; `chosen` outlined. Without a `role` the sign colours."""
    colours = [ROLES[role] if role else _sign(v) for v in values]
    outline = {"color": LIGHT["text"], "width": [2 if i == chosen else 0 for i in range(len(values))]}
    below = min(values, default=0) < 0
    text = [with_sign(v) if below else f"{v:.2f}" if v < 100 else f"{v:,.0f}" for v in values]
    each = row_bars(
        list(values), colours, text, marker={"color": colours, "line": outline}, customdata=list(hovers),
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    low, high = min(0.0, *map(float, values)), max(0.0, *map(float, values))
    room = 0.2 * (high - low or 1.0)
    shown = [f"<b>{name}</b>" if i == chosen else name for i, name in enumerate(plain_labels(names))]
    return figure(
        [each],
        margin=MARGIN,
        bargap=0.25,
        xaxis=axis(visible=False, range=[low - (room if low < 0 else 0), high + room]),
        yaxis=rows(shown),
    )
