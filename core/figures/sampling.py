"""Figures of the sampling page: what a temperature costs and buys, and how far back a model looks."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.labels import plain
from core.figures.palette import CATEGORIES, LIGHT, ROLES

STILL = {"zeroline": False, "fixedrange": True}
MARGIN = {"l": 56, "r": 16, "t": 30, "b": 44}
Interval = tuple[float, float, float]  # a share, and the ends of its 95 % interval


def _layout(figure: go.Figure, x: str, y: str, **more: object) -> go.Figure:
    figure.update_layout(
        margin=MARGIN,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis=STILL | {"title": {"text": x}, "showgrid": False},
        yaxis=STILL | {"title": {"text": y}},
        **more,
    )
    return figure


def _line(x: Sequence[float], y: Sequence[float], name: str, colour: str, words: str) -> go.Scatter:
    return go.Scatter(
        x=list(x), y=list(y), name=name, mode="lines+markers", line={"color": colour, "width": 2},
        marker={"size": 7}, hovertemplate=f"{words}<extra></extra>",
    )  # fmt: skip


def shares(x: Sequence[float], lines: Sequence[tuple[str, Sequence[Interval]]], title: str, y: str) -> go.Figure:
    """Shares against x, each with its interval as error bars: (name, one Interval per x); NaN leaves a gap."""
    figure = go.Figure()
    for (name, values), colour in zip(lines, CATEGORIES, strict=False):
        trace = _line(x, [v[0] for v in values], name, colour, f"{name}: %{{y:.0%}} at %{{x:g}}")
        above, below = [v[2] - v[0] for v in values], [v[0] - v[1] for v in values]
        trace.error_y = {"array": above, "arrayminus": below, "symmetric": False, "thickness": 1.2, "width": 3}
        figure.add_trace(trace)
    figure = _layout(figure, title, y)
    figure.update_yaxes(range=[-0.03, 1.05], tickformat=".0%")
    return figure


def trade(x: Sequence[float], y: Sequence[Interval], names: Sequence[str], titles: tuple[str, str]) -> go.Figure:
    """Quality against variety: a point for each setting, with the interval of its quality, joined in their order."""
    trace = _line(x, [v[0] for v in y], "", ROLES["prediction"], "%{text}: %{x:.0%} varied, %{y:.0%}")
    trace.update(mode="lines+markers+text", text=list(names), textposition="top center", showlegend=False)
    trace.error_y = {
        "array": [v[2] - v[0] for v in y], "arrayminus": [v[0] - v[1] for v in y], "symmetric": False,
        "thickness": 1.2, "width": 3, "color": LIGHT["muted"],
    }  # fmt: skip
    figure = _layout(go.Figure([trace]), *titles)
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(range=[-0.03, 1.12], tickformat=".0%")
    return figure


def window(windows: Sequence[int], probs: np.ndarray, labels: Sequence[str], mark: int) -> go.Figure:
    """probs (W, K): of K tokens, against how many tokens of the text are read; a line at the window `mark`."""
    figure = go.Figure()
    for k, (label, colour) in enumerate(zip(labels, CATEGORIES, strict=False)):
        name = plain(label)
        figure.add_trace(_line(windows, probs[:, k].tolist(), name, colour, f"{name}: %{{y:.1%}}, %{{x}} tokens read"))
    figure.add_vline(x=mark, line={"color": LIGHT["muted"], "width": 1.5, "dash": "dot"})
    figure = _layout(figure, "tokens that are read, the last ones of the text", "probability of the next token")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure


def position_loss(loss: np.ndarray, error: np.ndarray, count: np.ndarray) -> go.Figure:
    """Mean loss at each position (T,), with its interval as a band."""
    at = np.arange(1, len(loss) + 1)
    band = go.Scatter(
        x=[*at, *at[::-1]], y=[*(loss + error), *(loss - error)[::-1]], fill="toself", mode="lines", opacity=0.35,
        line={"width": 0}, fillcolor=LIGHT["line"], hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    line = _line(
        at.tolist(), loss.tolist(), "", ROLES["prediction"], "token %{x}: %{y:.2f} nats, %{customdata:,} texts"
    )
    line.update(customdata=count.tolist(), mode="lines", showlegend=False)
    return _layout(go.Figure([band, line]), "position in the document", "loss in nats")


def cache_cost(lengths: Sequence[int], cached: Sequence[float], uncached: Sequence[float]) -> go.Figure:
    """Milliseconds for one more token against the length of the text, with and without the cache."""
    figure = go.Figure(
        [
            _line(
                lengths, [1000 * s for s in uncached], "without cache", CATEGORIES[1], "%{y:.2f} ms after %{x} tokens"
            ),
            _line(lengths, [1000 * s for s in cached], "with cache", CATEGORIES[2], "%{y:.2f} ms after %{x} tokens"),
        ]
    )
    figure = _layout(figure, "tokens already there", "milliseconds for the next")
    figure.update_yaxes(rangemode="tozero")
    return figure
