"""Traces of figures as plain data in plotly's schema: points, lines, bars, heat maps, and intervals around them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.figures.labels import plain
from core.figures.layout import Spec
from core.figures.palette import Scale

Values = Sequence[Any] | np.ndarray  # numbers, or names on an axis of names
Interval = tuple[float, float, float]  # a value, and the ends of its 95 % interval


def points(x: Values, y: Values, mode: str, **more: Any) -> Spec:
    return {"type": "scatter", "mode": mode, "x": x, "y": y, **more}


def bars(x: Values, y: Values, **more: Any) -> Spec:
    return {"type": "bar", "x": x, "y": y, **more}


def row_bars(values: Values, colour: str | Sequence[str], text: Sequence[str], **more: Any) -> Spec:
    """A horizontal bar in each of the rows 0, 1, … (see layout.rows), `text` behind its end."""
    spec = bars(values, list(range(len(values))), orientation="h", marker={"color": colour}, text=text)
    return spec | {"textposition": "outside", "cliponaxis": False} | more


def heat(z: np.ndarray, colours: Scale, low: float, high: float, **more: Any) -> Spec:
    """Cells z (rows, columns), coloured from `low` to `high`."""
    spec = {"type": "heatmap", "z": z.astype(np.float32), "colorscale": colours, "zmin": low, "zmax": high}
    return spec | {"showscale": False} | more


def signed_heat(z: np.ndarray, colours: Scale, least: float = 0.0, **more: Any) -> Spec:
    """Cells z (rows, columns) around zero: the scale reaches equally far, and at least `least`, to both sides."""
    limit = max(least, float(np.abs(z).max())) or 1.0
    return heat(z, colours, -limit, limit, **more)


def intervals(values: Sequence[Interval], **look: Any) -> Spec:
    """Error bars from the low to the high end of each interval."""
    mean, low, high = np.array(values, dtype=float).reshape(-1, 3).T
    return {"type": "data", "symmetric": False, "array": high - mean, "arrayminus": mean - low, **look}


def values_of(intervals: Sequence[Interval]) -> list[float]:
    return [value for value, _, _ in intervals]


def band(x: Values, low: Values, high: Values, **more: Any) -> Spec:
    """The area between two curves."""
    around = np.concatenate([np.asarray(x), np.asarray(x)[::-1]])
    edge = np.concatenate([np.asarray(high), np.asarray(low)[::-1]])
    return points(around, edge, "lines", fill="toself", line={"width": 0}, hoverinfo="skip", **more)


def plain_labels(labels: Sequence[str]) -> list[str]:
    """Labels that plotly may show: see labels.plain."""
    return [plain(label) for label in labels]
