"""Figures of the embeddings page: nearest neighbours, norms against counts, silhouettes through training."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.figures.labels import plain
from core.figures.layout import LEGEND, MARGIN, Figure, axis, bare, figure, line, powers, rows, vline
from core.figures.palette import CATEGORIES, LIGHT
from core.figures.traces import band, plain_labels, points, row_bars

# A colour for each group of words, in the order of core.analysis.embeddings.words.GROUPS.
GROUPS = ("people", "towns", "animals", "foods", "objects", "places", "other", "colours", "qualities", "verbs")
COLOURS = dict(zip(GROUPS, CATEGORIES, strict=True))  # `other` falls on the palette's grey


def neighbours(labels: Sequence[str], groups: Sequence[str], values: Sequence[float], cosine: bool) -> Figure:
    """The nearest tokens, nearest first: bars as long as their cosine similarity (-1 to 1), or their distance."""
    names = plain_labels(labels)
    longest = 1.05 if cosine else 1.15 * max(values) or 1.0
    bars = row_bars(
        list(values), [COLOURS[name] for name in groups], [f"{value:.2f}" for value in values],
        customdata=list(zip(names, groups, strict=True)),
        hovertemplate="%{customdata[0]} (%{customdata[1]}): %{x:.3f}<extra></extra>",
    )  # fmt: skip
    return figure(
        [bars],
        margin=MARGIN | {"r": 40},
        bargap=0.28,
        xaxis={"visible": False, "range": [min(0.0, *values), longest], "fixedrange": True},
        yaxis=rows(names),
    )


MOST = 4_000  # points of a scatter; a page with more is slow
NAMED = 40  # points with a label beside them


def norms(
    counts: np.ndarray, lengths: np.ndarray, labels: Sequence[str], groups: Sequence[str], named: Sequence[int]
) -> Figure:
    """Length of each token's vector (V,) against how often it was seen (V,); the tokens in `named` get a label.

    Tokens never seen stand at the left edge. Of more than MOST tokens, every n-th is drawn, and all of `named`.
    """
    every = -(-len(counts) // MOST)
    shown = np.union1d(np.arange(0, len(counts), every), np.array(named, dtype=np.intp))
    x, y = np.maximum(counts, 0.5).astype(np.float32), lengths.astype(np.float32)
    kind = np.array([GROUPS.index(groups[i]) for i in shown])
    traces = []
    for name in sorted(GROUPS, key=lambda name: name != "other"):
        if len(at := shown[kind == GROUPS.index(name)]):
            traces.append(
                points(
                    x[at], y[at], "markers", name=name, text=plain_labels([labels[i] for i in at]),
                    customdata=counts[at],
                    marker={"color": COLOURS[name], "size": 5, "opacity": 0.35 if name == "other" else 0.75},
                    hovertemplate="%{text}<br>seen %{customdata:,} times<br>length %{y:.2f}<extra></extra>",
                )
            )  # fmt: skip
    few = list(dict.fromkeys(named))[:NAMED]
    open_circle = {"symbol": "circle-open", "size": 9, "color": LIGHT["text"], "line": {"width": 1.5}}
    traces.append(
        points(
            x[few], y[few], "markers+text", text=[plain(labels[i]) for i in few], textposition="top center",
            textfont={"size": 11}, marker=open_circle, hoverinfo="skip", showlegend=False,
        )
    )  # fmt: skip
    ticks = powers(max(float(counts.max()), 1) * 3, 0.5)
    return figure(
        traces,
        margin=MARGIN | {"l": 40, "b": 36},
        xaxis=ticks | {"title": {"text": "times seen"}, "showgrid": False},
        yaxis={"title": {"text": "length of the vector"}, "rangemode": "tozero"},
        showlegend=False,
    )


def silhouettes(
    steps: Sequence[int], mean: np.ndarray, groups: Mapping[str, np.ndarray], chance: np.ndarray, at: int
) -> Figure:
    """Mean silhouette (S,) against the kept steps, evenly spaced: of all words, of each group, and by chance (S, 2).

    `at`: the place of the step that is on the screen.
    """
    x = np.arange(len(steps))
    by_chance = band(x, chance[:, 0], chance[:, 1], fillcolor=LIGHT["line"], name="by chance")
    of_groups = [
        points(x, values, "lines", name=name, line=line(COLOURS[name], 1.4), hovertemplate="%{y:.2f}")
        for name, values in groups.items()
    ]
    of_all = points(
        x, mean, "lines+markers", name="all words", line=line(LIGHT["text"], 3), marker={"size": 6},
        hovertemplate="%{y:.2f}",
    )  # fmt: skip
    ticks = {"tickvals": x, "ticktext": [f"{step:,}" for step in steps], "tickangle": -90, "tickfont": {"size": 11}}
    return figure(
        [by_chance, *of_groups, of_all],
        margin=MARGIN | {"l": 40, "b": 40},
        hovermode="x unified",
        shapes=[vline(at, line(LIGHT["primary"], 2, "dot"))],
        xaxis=bare("training step (not to scale)", zeroline=True, **ticks),
        yaxis=axis("silhouette", zeroline=True),
        legend=LEGEND | {"font": {"size": 12}, "entrywidth": 68},
    )
