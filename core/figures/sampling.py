"""Figures of the sampling page: what a temperature costs and buys, and how far back a model looks."""

from collections.abc import Sequence

import numpy as np

from core.figures.labels import plain
from core.figures.layout import LEGEND, Figure, Spec, axis, bare, figure, line, vline
from core.figures.palette import CATEGORIES, LIGHT, ROLES
from core.figures.traces import Interval, Values, band, intervals, points, values_of

BARS = {"thickness": 1.2, "width": 3}


def _figure(traces: Sequence[Spec], x: str, y: str, across: Spec | None = None, up: Spec | None = None) -> Figure:
    """Curves over an axis titled `x`; `across` and `up` are more of the two axes."""
    return figure(
        traces,
        margin={"l": 56, "r": 16, "t": 30, "b": 44},
        legend=LEGEND,
        xaxis=bare(x) | (across or {}),
        yaxis=axis(y) | (up or {}),
    )


def _curve(
    x: Values, y: Values, name: str, colour: str, hover: str, mode: str = "lines+markers", **more: object
) -> Spec:
    look = {"line": line(colour, 2), "marker": {"size": 7}, "hovertemplate": f"{hover}<extra></extra>"}
    return points(x, y, mode, name=name, **look, **more)


def shares(x: Sequence[float], lines: Sequence[tuple[str, Sequence[Interval]]], title: str, y: str) -> Figure:
    """Shares against x, each with its interval as error bars: (name, one Interval per x); NaN leaves a gap."""
    traces = [
        _curve(
            list(x), values_of(values), name, colour, f"{name}: %{{y:.0%}} at %{{x:g}}",
            error_y=intervals(values, **BARS),
        )
        for (name, values), colour in zip(lines, CATEGORIES, strict=False)
    ]  # fmt: skip
    return _figure(traces, title, y, up={"range": [-0.03, 1.05], "tickformat": ".0%"})


def trade(x: Sequence[float], y: Sequence[Interval], names: Sequence[str], titles: tuple[str, str]) -> Figure:
    """Quality against variety: a point for each setting, with the interval of its quality, joined in their order."""
    curve = _curve(
        list(x), values_of(y), "", ROLES["prediction"], "%{text}: %{x:.0%} varied, %{y:.0%}",
        error_y=intervals(y, **BARS, color=LIGHT["muted"]),
        mode="lines+markers+text", text=list(names), textposition="top center", showlegend=False,
    )  # fmt: skip
    return _figure([curve], *titles, across={"tickformat": ".0%"}, up={"range": [-0.03, 1.12], "tickformat": ".0%"})


def window(windows: Sequence[int], probs: np.ndarray, labels: Sequence[str], mark: int) -> Figure:
    """probs (W, K): of K tokens, against how many tokens of the text are read; a line at the window `mark`."""
    traces = [
        _curve(list(windows), of_one, name, colour, f"{name}: %{{y:.1%}}, %{{x}} tokens read")
        for of_one, name, colour in zip(probs.T, map(plain, labels), CATEGORIES, strict=False)
    ]
    titles = ("how many of the last tokens are read", "probability of the next token")
    drawn = _figure(traces, *titles, up={"tickformat": ".0%", "rangemode": "tozero"})
    drawn["layout"]["shapes"] = [vline(mark, line(LIGHT["muted"], 1.5, "dot"))]
    return drawn


def position_loss(loss: np.ndarray, error: np.ndarray, count: np.ndarray) -> Figure:
    """Mean loss at each position (T,), with its interval as a band."""
    at = np.arange(1, len(loss) + 1)
    around = band(at, loss - error, loss + error, opacity=0.35, fillcolor=LIGHT["line"], showlegend=False)
    curve = _curve(
        at, loss, "", ROLES["prediction"], "token %{x}: %{y:.2f} nats, %{customdata:,} texts",
        customdata=count, mode="lines", showlegend=False,
    )  # fmt: skip
    return _figure([around, curve], "position in the document", "loss in nats")


def cache_cost(lengths: Sequence[int], cached: Sequence[float], uncached: Sequence[float]) -> Figure:
    """Milliseconds for one more token against the length of the text, with and without the cache."""
    traces = [
        _curve(list(lengths), [1000 * s for s in seconds], name, colour, "%{y:.2f} ms after %{x} tokens")
        for seconds, name, colour in (
            (uncached, "without cache", CATEGORIES[1]),
            (cached, "with cache", CATEGORIES[2]),
        )
    ]
    return _figure(traces, "tokens already there", "milliseconds for the next", up={"rangemode": "tozero"})
