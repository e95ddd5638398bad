"""Figures of the training lab: a model's parameters by part, a learning-rate schedule before it is used."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.palette import CATEGORIES, LIGHT, ROLES

PARTS = {  # parts of ModelConfig.parameter_count: what a visitor calls them, and the colour of their role
    "embed": ("token vectors", ROLES["token"]),
    "pos_embed": ("position vectors", CATEGORIES[5]),
    "attention": ("attention", ROLES["attention"]),
    "mlp": ("MLP", ROLES["mlp"]),
    "norms": ("norms", ROLES["residual"]),
    "unembed": ("prediction", ROLES["prediction"]),
}
BARE: dict[str, Any] = {"fixedrange": True, "zeroline": False}


def parameters(parts: Mapping[str, int]) -> go.Figure:
    """One bar, cut into the parts of the model; `parts` as ModelConfig.parameter_count gives it."""
    figure = go.Figure()
    for name, (title, colour) in PARTS.items():
        if not parts[name]:
            continue
        share = parts[name] / parts["total"]
        figure.add_bar(
            x=[parts[name]],
            y=[""],
            orientation="h",
            name=title,
            marker_color=colour,
            text=f"{title}<br>{parts[name]:,}" if share > 0.18 else "",
            textposition="inside",
            insidetextanchor="middle",
            textfont={"color": LIGHT["background"]},
            hovertemplate=f"{title}: %{{x:,}} ({share:.0%})<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis={**BARE, "visible": False, "range": [0, parts["total"]]},
        yaxis={**BARE, "visible": False},
    )
    return figure


def schedule(progress: Sequence[float], rates: Mapping[str, Sequence[float]]) -> go.Figure:
    """Learning rates against the part of the budget that is spent, both as they will be used; a line for each name."""
    figure = go.Figure()
    for i, (name, values) in enumerate(rates.items()):
        figure.add_scatter(
            x=list(progress),
            y=list(values),
            name=name,
            mode="lines",
            line={"color": CATEGORIES[(1, 0)[i]], "width": 2},
            hovertemplate="%{x:.0%} of the budget: %{y:.3g}",
        )
    figure.update_layout(
        margin={"l": 48, "r": 8, "t": 24, "b": 36},
        showlegend=len(rates) > 1,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "font": {"color": LIGHT["text"]}},
        xaxis={**BARE, "title": {"text": "budget spent"}, "tickformat": ".0%", "range": [0, 1]},
        yaxis={**BARE, "title": {"text": "learning rate"}, "rangemode": "tozero"},
    )
    return figure


def memorised(lines: Mapping[str, tuple[Sequence[int], Sequence[int]]]) -> go.Figure:
    """For each name (steps, characters of the longest passage that a sample repeats word for word)."""
    figure = go.Figure()
    for i, (name, (steps, lengths)) in enumerate(lines.items()):
        figure.add_scatter(
            x=list(steps),
            y=list(lengths),
            name=name,
            mode="lines+markers",
            line={"color": CATEGORIES[i], "width": 2},
            hovertemplate="step %{x:,}: %{y} characters",
        )
    figure.update_layout(
        margin={"l": 48, "r": 8, "t": 24, "b": 40},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis={**BARE, "title": {"text": "step"}},
        yaxis={**BARE, "title": {"text": "characters"}, "rangemode": "tozero"},
    )
    return figure


def scaling(
    sizes: Sequence[float],
    losses: Sequence[float],
    law: tuple[Sequence[float], Sequence[float]] | None = None,
    expected: tuple[float, float, float, float] | None = None,
    actual: tuple[float, float] | None = None,
    guess: tuple[float, float] | None = None,
) -> go.Figure:
    """Held-out loss against size, both logarithmic.

    law: (sizes, losses) of the fitted line. expected: (size, loss, low, high) of the next one, before it is trained.
    actual, guess: (size, loss) that it reached, and that the visitor had said.
    """
    figure = go.Figure()
    if law:
        figure.add_scatter(
            x=list(law[0]), y=list(law[1]), mode="lines", name="power law",
            line={"color": LIGHT["muted"], "dash": "dash", "width": 1.5}, hoverinfo="skip",
        )  # fmt: skip
    points: list[tuple[str, list[float], list[float], str, str, dict[str, Any] | None]]
    points = [("trained", list(sizes), list(losses), CATEGORIES[1], "circle", None)]
    if expected:
        size, loss, low, high = expected
        around = {"type": "data", "symmetric": False, "array": [high - loss], "arrayminus": [loss - low]}
        points.append(("expected of the next size", [size], [loss], LIGHT["muted"], "circle-open", around))
    if guess:
        points.append(("your guess", [guess[0]], [guess[1]], CATEGORIES[3], "diamond-open", None))
    if actual:
        points.append(("what it reached", [actual[0]], [actual[1]], CATEGORIES[2], "star", None))
    for name, x, y, colour, symbol, bars in points:
        figure.add_scatter(
            x=x, y=y, name=name, mode="markers", error_y=bars,
            marker={"color": colour, "size": 11, "symbol": symbol, "line": {"width": 2}},
            hovertemplate="%{x:,} parameters: %{y:.3f} nats",
        )  # fmt: skip
    seen = [y for _, _, ys, _, _, _ in points for y in ys] + (list(expected[2:]) if expected else [])
    ticks = np.linspace(min(seen), max(seen), 6).round(2).tolist()  # the losses lie within one power of ten
    figure.update_layout(
        margin={"l": 52, "r": 8, "t": 28, "b": 44},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis={**BARE, "type": "log", "title": {"text": "parameters of attention and MLP"}, "dtick": "D2"},
        yaxis={**BARE, "type": "log", "title": {"text": "held-out nats per token"}, "tickvals": ticks},
    )
    return figure
