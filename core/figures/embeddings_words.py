"""Figures of single words: analogies with their baselines, a word in two contexts, and what positions do."""

from collections.abc import Sequence

import numpy as np

from core.figures.labels import percent, plain
from core.figures.layout import LEGEND, MARGIN, Figure, axis, bare, figure, line, rows, tokens
from core.figures.palette import CATEGORIES, DIVERGING, LIGHT, ROLES
from core.figures.traces import Interval, bars, heat, intervals, plain_labels, points, row_bars, values_of

USUAL = (("as usual", ROLES["prediction"]), ("changed", CATEGORIES[1]))


def success(
    names: Sequence[str],
    arithmetic: Sequence[Interval],
    nearest: Sequence[Interval],
    of_kind: Sequence[Interval],
    chance: Sequence[float],
) -> Figure:
    """For each family, top to bottom, the share of analogies answered right, and three ways without arithmetic."""
    at = np.arange(len(names))
    ways = (
        ("a − b + c", arithmetic, ROLES["token"], "circle", -0.2),
        ("nearest to c", nearest, CATEGORIES[1], "diamond", 0.0),
        ("nearest to c of the right kind", of_kind, CATEGORIES[3], "square", 0.2),
    )
    measured = []
    for name, shares, colour, symbol, lift in ways:
        whole = [(100 * share, 100 * low, 100 * high) for share, low, high in shares]
        measured.append(
            points(
                values_of(whole), at + lift, "markers", name=name, hovertemplate="%{x:.1f} %",
                marker={"color": colour, "size": 9, "symbol": symbol},
                error_x=intervals(whole, color=colour, thickness=1.4, width=3),
            )
        )  # fmt: skip
    drawn = points(
        100 * np.array(chance), at, "markers", name="drawn at random from the right kind", hovertemplate="%{x:.1f} %",
        marker={"symbol": "line-ns", "size": 20, "line": {"color": LIGHT["muted"], "width": 2}},
    )  # fmt: skip
    return figure(
        [*measured, drawn],
        margin=MARGIN | {"l": 40, "b": 36},
        xaxis=axis(range=[-3, 103], ticksuffix=" %"),
        yaxis=rows([plain(name, 30) for name in names], showgrid=True),
        legend=LEGEND | {"font": {"size": 12}},
    )


def candidates(labels: Sequence[str], values: Sequence[float], kinds: Sequence[str]) -> Figure:
    """Tokens nearest to a − b + c, nearest first. `kinds`: "given" (a, b or c), "expected" or "" for each."""
    colours = {"given": LIGHT["line"], "expected": ROLES["prediction"], "": CATEGORIES[5]}
    text = [f"{v:.2f}" + (f"  {kind}" if kind else "") for v, kind in zip(values, kinds, strict=True)]
    hover = "%{x:.3f}<extra></extra>"
    return figure(
        [row_bars(list(values), [colours[kind] for kind in kinds], text, hovertemplate=hover)],
        margin=MARGIN | {"r": 90},
        bargap=0.28,
        xaxis=axis(visible=False, range=[min(0.0, *values), max(values) * 1.02]),
        yaxis=rows(plain_labels(labels)),
    )


def paths(ways: np.ndarray, names: tuple[str, str]) -> Figure:
    """ways (2, L+1, 2): the way of a word through the layers in two texts; numbers count the blocks passed."""
    looks = ((ROLES["token"], "solid", "top center"), (ROLES["attention"], "dash", "bottom center"))
    traces = [
        points(
            way[:, 0], way[:, 1], "lines+markers+text", name=name, text=[str(i) for i in range(len(way))],
            textposition=side, textfont={"color": colour}, line=line(colour, 2.5, dash),
            marker={"size": [11] + [7] * (len(way) - 1), "color": colour},
            hovertemplate="after %{text} blocks<extra></extra>",
        )
        for way, name, (colour, dash, side) in zip(ways, names, looks, strict=True)
    ]  # fmt: skip
    blank = bare(showticklabels=False, ticks="", fixedrange=False)
    return figure(traces, margin=MARGIN, xaxis=blank, yaxis=blank | {"scaleanchor": "x"}, legend=LEGEND)


def layers(similarity: np.ndarray, others: np.ndarray) -> Figure:
    """Cosine of a word's two vectors (L+1,) by layer, beside its mean cosine with the other tokens (L+1,)."""
    x = np.arange(len(similarity))
    looks = (
        (similarity, "the same word in both", line(ROLES["residual"], 2.5)),
        (others, "this word and the other tokens", line(LIGHT["muted"], 2.5, "dot")),
    )
    low = float(np.nanmin([*similarity, *others, 0]))
    return figure(
        [points(x, y, "lines+markers", name=name, line=look, hovertemplate="%{y:.3f}") for y, name, look in looks],
        margin=MARGIN | {"l": 40, "b": 36},
        xaxis=axis("blocks passed", tickvals=x, ticktext=["table", *(str(i) for i in x[1:])], zeroline=True),
        yaxis=axis("cosine", range=[min(-0.05, low), 1.05], zeroline=True),
        legend=LEGEND,
    )


def positions(similarity: np.ndarray) -> Figure:
    """How alike two positions look, (T, T) from −1 to 1."""
    alike = heat(
        similarity, DIVERGING, -1, 1, showscale=True, colorbar={"thickness": 10, "outlinewidth": 0, "len": 0.9},
        hovertemplate="positions %{y} and %{x}<br>similarity %{z:.2f}<extra></extra>",
    )  # fmt: skip
    position = bare("position", constrain="domain")
    return figure(
        [alike],
        margin=MARGIN | {"l": 36, "b": 32},
        xaxis=position,
        yaxis=position | {"autorange": "reversed", "scaleanchor": "x"},
    )


def distances(preference: np.ndarray, name: str) -> Figure:
    """The mean score (reach,) that one head gives to looking so many tokens back."""
    hover = "%{x} back: score %{y:.2f}<extra></extra>"
    back, look = np.arange(len(preference)), line(ROLES["attention"], 2.5)
    return figure(
        [points(back, preference, "lines", line=look, name=name, hovertemplate=hover)],
        margin=MARGIN | {"l": 40, "b": 36},
        xaxis=axis("tokens back", zeroline=True),
        yaxis=axis("mean score", zeroline=True),
    )


def predictions(labels: Sequence[str], usual: Sequence[float], changed: Sequence[float]) -> Figure:
    """Probabilities of the next token, as usual and with the positions changed, as pairs of bars."""
    traces = [
        row_bars(
            list(values), colour, [percent(float(value)) for value in values], name=name,
            hovertemplate="%{text}<extra></extra>",
        )
        for values, (name, colour) in zip((usual, changed), USUAL, strict=True)
    ]  # fmt: skip
    return figure(
        traces,
        margin=MARGIN | {"r": 50},
        bargap=0.25,
        xaxis=axis(visible=False, range=[0, max(*usual, *changed) * 1.02]),
        yaxis=rows(plain_labels(labels)),
        legend=LEGEND | {"traceorder": "normal"},
    )


def surprises(labels: Sequence[str], usual: np.ndarray, changed: np.ndarray) -> Figure:
    """Nats of surprise at each token (T-1,), as usual and changed."""
    x = np.arange(1, len(labels))
    hover = "%{y:.2f} nats<extra></extra>"
    traces = [
        bars(x, values, name=name, marker={"color": colour}, hovertemplate=hover)
        for values, (name, colour) in zip((usual, changed), USUAL, strict=True)
    ]
    return figure(
        traces,
        margin=MARGIN | {"l": 40},
        bargap=0.3,
        xaxis=tokens(labels[1:], start=1, most=28, showgrid=True),
        yaxis=axis("nats", zeroline=True),
        legend=LEGEND,
    )
