"""Figures of single words: analogies with their baselines, a word in two contexts, and what positions do."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.labels import percent, plain
from core.figures.overview import MARGIN
from core.figures.palette import CATEGORIES, DIVERGING, LIGHT, ROLES

Estimate = tuple[float, float, float]  # a share and its 95 % interval
FIXED = {"fixedrange": True}


def success(
    names: Sequence[str],
    arithmetic: Sequence[Estimate],
    nearest: Sequence[Estimate],
    of_kind: Sequence[Estimate],
    chance: Sequence[float],
) -> go.Figure:
    """For each family, top to bottom, the share of analogies answered right, and three ways without arithmetic."""
    rows = np.arange(len(names))
    figure = go.Figure()
    for label, values, colour, symbol, lift in (
        ("a − b + c", arithmetic, ROLES["token"], "circle", -0.2),
        ("nearest to c", nearest, CATEGORIES[1], "diamond", 0.0),
        ("nearest to c of the right kind", of_kind, CATEGORIES[3], "square", 0.2),
    ):
        share, low, high = np.array(values).reshape(-1, 3).T
        figure.add_scatter(
            x=100 * share,
            y=rows + lift,
            name=label,
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": symbol},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": 100 * (high - share),
                "arrayminus": 100 * (share - low),
                "color": colour,
                "thickness": 1.4,
                "width": 3,
            },
            hovertemplate="%{x:.1f} %",
        )
    figure.add_scatter(
        x=100 * np.array(chance),
        y=rows,
        name="drawn at random from the right kind",
        mode="markers",
        marker={"symbol": "line-ns", "size": 20, "line": {"color": LIGHT["muted"], "width": 2}},
        hovertemplate="%{x:.1f} %",
    )
    figure.update_layout(
        margin=MARGIN | {"l": 40, "b": 36},
        xaxis=FIXED | {"range": [-3, 103], "ticksuffix": " %", "zeroline": False},
        yaxis=FIXED
        | {
            "tickvals": rows,
            "ticktext": [plain(name, 30) for name in names],
            "autorange": "reversed",
            "zeroline": False,
        },
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
    )
    return figure


def candidates(labels: Sequence[str], values: Sequence[float], kinds: Sequence[str]) -> go.Figure:
    """Tokens nearest to a − b + c, nearest first. `kinds`: "given" (a, b or c), "expected" or "" for each."""
    colours = {"given": LIGHT["line"], "expected": ROLES["prediction"], "": CATEGORIES[5]}
    rows = list(range(len(labels)))
    figure = go.Figure(
        go.Bar(
            x=list(values),
            y=rows,
            orientation="h",
            marker={"color": [colours[kind] for kind in kinds]},
            text=[f"{v:.2f}" + (f"  {kind}" if kind else "") for v, kind in zip(values, kinds, strict=True)],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x:.3f}<extra></extra>",
        )
    )
    figure.update_layout(
        margin=MARGIN | {"r": 90},
        bargap=0.28,
        xaxis=FIXED | {"visible": False, "range": [min(0.0, *values), max(values) * 1.02]},
        yaxis=FIXED
        | {
            "tickvals": rows,
            "ticktext": [plain(label) for label in labels],
            "autorange": "reversed",
            "showgrid": False,
        },
    )
    return figure


def paths(points: np.ndarray, names: tuple[str, str]) -> go.Figure:
    """points (2, L+1, 2): the way of a word through the layers in two texts; numbers count the blocks passed."""
    figure = go.Figure()
    for way, name, colour, dash, side in zip(
        points,
        names,
        (ROLES["token"], ROLES["attention"]),
        ("solid", "dash"),
        ("top center", "bottom center"),
        strict=True,
    ):
        figure.add_scatter(
            x=way[:, 0],
            y=way[:, 1],
            name=name,
            mode="lines+markers+text",
            text=[str(i) for i in range(len(way))],
            textposition=side,
            textfont={"color": colour},
            line={"color": colour, "width": 2.5, "dash": dash},
            marker={"size": [11] + [7] * (len(way) - 1), "color": colour},
            hovertemplate="after %{text} blocks<extra></extra>",
        )
    bare = {"showticklabels": False, "ticks": "", "zeroline": False, "showgrid": False}
    figure.update_layout(
        margin=MARGIN,
        xaxis=bare,
        yaxis=bare | {"scaleanchor": "x"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    return figure


def layers(similarity: np.ndarray, others: np.ndarray) -> go.Figure:
    """Cosine of a word's two vectors (L+1,) by layer, beside its mean cosine with the other tokens (L+1,)."""
    x = np.arange(len(similarity))
    figure = go.Figure()
    for values, name, colour, dash in (
        (similarity, "the same word in both", ROLES["residual"], "solid"),
        (others, "this word and the other tokens", LIGHT["muted"], "dot"),
    ):
        figure.add_scatter(
            x=x, y=values, name=name, mode="lines+markers", line={"color": colour, "width": 2.5, "dash": dash},
            hovertemplate="%{y:.3f}",
        )  # fmt: skip
    ticks = {"tickvals": x, "ticktext": ["table", *(str(i) for i in x[1:])], "title": {"text": "blocks passed"}}
    figure.update_layout(
        margin=MARGIN | {"l": 40, "b": 36},
        xaxis=FIXED | ticks,
        yaxis=FIXED
        | {"title": {"text": "cosine"}, "range": [min(-0.05, float(np.nanmin([*similarity, *others, 0]))), 1.05]},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    return figure


def positions(similarity: np.ndarray) -> go.Figure:
    """How alike two positions look, (T, T) from −1 to 1."""
    heat = go.Heatmap(
        z=similarity.astype(np.float32),
        colorscale=DIVERGING,
        zmin=-1,
        zmax=1,
        colorbar={"thickness": 10, "outlinewidth": 0, "len": 0.9},
        hovertemplate="positions %{y} and %{x}<br>similarity %{z:.2f}<extra></extra>",
    )
    figure = go.Figure(heat)
    axis = FIXED | {"showgrid": False, "zeroline": False}
    figure.update_layout(
        margin=MARGIN | {"l": 36, "b": 32},
        xaxis=axis | {"title": {"text": "position"}, "constrain": "domain"},
        yaxis=axis
        | {"title": {"text": "position"}, "autorange": "reversed", "scaleanchor": "x", "constrain": "domain"},
    )
    return figure


def distances(preference: np.ndarray, name: str) -> go.Figure:
    """The mean score (reach,) that one head gives to looking so many tokens back."""
    figure = go.Figure(
        go.Scatter(
            x=np.arange(len(preference)),
            y=preference,
            mode="lines",
            line={"color": ROLES["attention"], "width": 2.5},
            name=name,
            hovertemplate="%{x} back: score %{y:.2f}<extra></extra>",
        )
    )
    figure.update_layout(
        margin=MARGIN | {"l": 40, "b": 36},
        xaxis=FIXED | {"title": {"text": "tokens back"}},
        yaxis=FIXED | {"title": {"text": "mean score"}},
    )
    return figure


def predictions(labels: Sequence[str], usual: Sequence[float], changed: Sequence[float]) -> go.Figure:
    """Probabilities of the next token, as usual and with the positions changed, as pairs of bars."""
    rows = list(range(len(labels)))
    figure = go.Figure()
    for values, name, colour in ((usual, "as usual", ROLES["prediction"]), (changed, "changed", CATEGORIES[1])):
        figure.add_bar(
            x=list(values),
            y=rows,
            orientation="h",
            name=name,
            marker={"color": colour},
            text=[percent(float(value)) for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{text}<extra></extra>",
        )
    most = max(*usual, *changed)
    figure.update_layout(
        margin=MARGIN | {"r": 50},
        bargap=0.25,
        xaxis=FIXED | {"visible": False, "range": [0, most * 1.02]},
        yaxis=FIXED
        | {
            "tickvals": rows,
            "ticktext": [plain(label) for label in labels],
            "autorange": "reversed",
            "showgrid": False,
        },
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )
    return figure


def surprises(labels: Sequence[str], usual: np.ndarray, changed: np.ndarray) -> go.Figure:
    """Nats of surprise at each token (T-1,), as usual and changed."""
    x = np.arange(1, len(labels))
    figure = go.Figure()
    for values, name, colour in ((usual, "as usual", ROLES["prediction"]), (changed, "changed", CATEGORIES[1])):
        figure.add_bar(x=x, y=values, name=name, marker={"color": colour}, hovertemplate="%{y:.2f} nats<extra></extra>")
    every = -(-len(labels) // 28)
    ticks = {"tickvals": x[::every], "ticktext": [plain(labels[i]) for i in x[::every]], "tickangle": -50}
    figure.update_layout(
        margin=MARGIN | {"l": 40},
        bargap=0.3,
        xaxis=FIXED | ticks,
        yaxis=FIXED | {"title": {"text": "nats"}},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    return figure
