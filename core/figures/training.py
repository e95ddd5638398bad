"""Figures of the training lab: a model's parameters by part, a learning-rate schedule before it is used."""

from collections.abc import Mapping, Sequence
from typing import Any

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
