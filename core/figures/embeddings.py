"""Figures of the embeddings page: nearest neighbours, norms against counts, silhouettes, analogies, contexts."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.figures.labels import plain
from core.figures.overview import MARGIN
from core.figures.palette import CATEGORIES

# A colour for each group of words, in the order of core.analysis.words.GROUPS.
GROUPS = ("people", "towns", "animals", "foods", "objects", "places", "other", "colours", "qualities", "verbs")
COLOURS = dict(zip(GROUPS, CATEGORIES, strict=True))  # `other` falls on the palette's grey


def neighbours(labels: Sequence[str], groups: Sequence[str], values: Sequence[float], cosine: bool) -> go.Figure:
    """The nearest tokens, nearest first: bars as long as their cosine similarity (-1 to 1), or their distance."""
    rows = list(range(len(labels)))
    longest = 1.05 if cosine else 1.15 * max(values) or 1.0
    bars = go.Bar(
        x=list(values),
        y=rows,
        orientation="h",
        marker={"color": [COLOURS[name] for name in groups]},
        text=[f"{value:.2f}" for value in values],
        textposition="outside",
        cliponaxis=False,
        customdata=[[plain(label), name] for label, name in zip(labels, groups, strict=True)],
        hovertemplate="%{customdata[0]} (%{customdata[1]}): %{x:.3f}<extra></extra>",
    )
    ticks = {"tickvals": rows, "ticktext": [plain(label) for label in labels], "autorange": "reversed"}
    figure = go.Figure(bars)
    figure.update_layout(
        margin=MARGIN | {"r": 40},
        bargap=0.28,
        xaxis={
            "visible": False,
            "range": [min(0.0, *values), longest],
            "fixedrange": True,
        },
        yaxis=ticks | {"showgrid": False, "zeroline": False, "fixedrange": True},
    )
    return figure
