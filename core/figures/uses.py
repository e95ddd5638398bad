"""Figures of the page Uses: how often each use is right."""

from collections.abc import Sequence

from core.figures.labels import folded, percent, plain
from core.figures.layout import MARGIN, SHARES, Figure, bare, figure, rows
from core.figures.palette import CATEGORIES
from core.figures.traces import Interval, intervals, points

COLOURS = {"chat": CATEGORIES[3], "translation": CATEGORIES[0], "writing": CATEGORIES[1], "code": CATEGORIES[2]}


def skills(found: Sequence[tuple[str, str, Interval, int]]) -> Figure:
    """(use, skill, share with its interval, cases): a point in each row, coloured by use."""
    traces = []
    for use in dict.fromkeys(use for use, *_ in found):
        own = [(row, name, share, n) for row, (of, name, share, n) in enumerate(found) if of == use]
        shares = [share for _, _, share, _ in own]
        colour = COLOURS.get(use, CATEGORIES[6])
        said = [f"{plain(name, 60)}: {percent(share[0])} of {n:,} cases" for _, name, share, n in own]
        traces.append(
            points([share[0] for share in shares], [row for row, *_ in own], "markers", name=use,
                   marker={"size": 11, "color": colour}, customdata=said, hovertemplate="%{customdata}<extra></extra>",
                   error_x=intervals(shares, color=colour, thickness=2, width=5))
        )  # fmt: skip
    names = [folded(f"{use}: {name}", 3) for use, name, *_ in found]
    return figure(
        traces, margin=MARGIN | {"b": 40, "r": 20}, showlegend=False,
        xaxis=bare("right") | SHARES | {"showgrid": True, "side": "bottom"}, yaxis=rows(names, showgrid=True),
    )  # fmt: skip
