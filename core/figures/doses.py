"""Figures of doses and responses: what small models do against what their corpus was given."""

from collections.abc import Mapping, Sequence

from core.figures.layout import LEGEND, SHARES, Figure, axis, bare, figure, line, vline
from core.figures.palette import CATEGORIES, LIGHT, ROLES
from core.figures.traces import Interval, intervals, points

ROOM = {"l": 56, "r": 16, "t": 30, "b": 48}


def response(
    doses: Sequence[float],
    models: Mapping[str, Sequence[Interval]],
    theory: Mapping[str, Sequence[float]],
    at: float,
    titles: tuple[str, str],
) -> Figure:
    """Shares against doses, both from nothing to all: of models, with their intervals, and of a theory. `at`: the dose
    that is looked at; titles: of the axes."""
    traces = [
        points(list(doses), list(values), "lines", name=name, line=line(colour, 2, dash),
               hovertemplate=f"{name}: %{{y:.0%}}<extra></extra>")
        for (name, values), colour, dash in zip(
            theory.items(), (LIGHT["muted"], CATEGORIES[2], LIGHT["text"]), ("dash", "dot", "dashdot"), strict=False)
    ]  # fmt: skip
    traces += [
        points(list(doses), [value for value, _, _ in values], "lines+markers", name=name, line=line(colour, 2),
               marker={"size": 9, "symbol": symbol}, error_y=intervals(values, color=colour, thickness=1.5, width=4),
               hovertemplate=f"{name}: %{{y:.0%}}<extra></extra>")
        for (name, values), colour, symbol in zip(
            models.items(), (ROLES["prediction"], ROLES["attention"]), ("circle", "diamond"), strict=False)
    ]  # fmt: skip
    return figure(
        traces,
        margin=ROOM,
        legend=LEGEND,
        shapes=[vline(at, line(LIGHT["muted"], 1, "dot"))],
        xaxis=bare(titles[0]) | SHARES,
        yaxis=axis(titles[1]) | SHARES,
    )
