"""Layouts of figures as plain data in plotly's schema: axes, legends, panels on a grid, lines across, frames, notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.figures.labels import LABEL, plain
from core.figures.palette import LIGHT

Spec = dict[str, Any]  # a trace, an axis, a shape …: any part of plotly's schema
Figure = dict[str, Any]  # {"data": [trace, …], "layout": {…}}

MARGIN = {"l": 24, "r": 8, "t": 8, "b": 8}
LEGEND: Spec = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
SHARES: Spec = {"range": [-0.02, 1.02], "tickformat": ".0%"}  # of an axis that goes from nothing to all


def figure(traces: Sequence[Spec], **layout: Any) -> Figure:
    """The whole: its traces, and the keys of its layout."""
    return {"data": list(traces), "layout": layout}


# ---- axes ----


def axis(title: str = "", **more: Any) -> Spec:
    """An axis that stays where it is, without a line at zero."""
    return {"fixedrange": True, "zeroline": False, **({"title": {"text": title}} if title else {}), **more}


def bare(title: str = "", **more: Any) -> Spec:
    """An axis without a grid."""
    return axis(title, **{"showgrid": False, **more})


def rows(names: Sequence[str], **more: Any) -> Spec:
    """A vertical axis that names rows 0, 1, …, the first at the top. `names` are written as they are."""
    count = len(names)
    return bare(tickvals=list(range(count)), ticktext=list(names), range=[count - 0.5, -0.5], **more)


def tokens(
    labels: Sequence[str], start: int = 0, marked: Sequence[int] = (), most: int = 30, limit: int = LABEL, **more: Any
) -> Spec:
    """Tokens at positions start, start + 1, …: every n-th, so that there are at most `most`, and the `marked` positions
    always, in bold, with nothing written over them."""
    every = -(-len(labels) // most)
    kept = [m - start for m in marked if 0 <= m - start < len(labels)]
    free = (i for i in range(0, len(labels), every) if every == 1 or all(abs(i - m) >= every for m in kept))
    at = sorted({*free, *kept})
    shown = [f"<b>{plain(labels[i], limit)}</b>" if i in kept else plain(labels[i], limit) for i in at]
    return bare(tickvals=[start + i for i in at], ticktext=shown, **{"tickangle": -50, **more})


def powers(highest: float, zero: float) -> Spec:
    """Ticks of a logarithmic axis at 1, 10, 100, … up to `highest`; `zero` is where 0 stands on it."""
    at = [10**n for n in range(10) if 10**n <= max(highest, 1)]
    return {"type": "log", "tickvals": [zero, *at], "ticktext": ["0", *(f"{n:,}" for n in at)]}


# ---- panels ----


@dataclass(frozen=True)
class Panel:
    """One plot of a figure: the number of its two axes, and the part of the figure's width and height that it takes."""

    number: int = 1
    across: tuple[float, float] = (0.0, 1.0)
    up: tuple[float, float] = (0.0, 1.0)

    @property
    def x(self) -> str:
        return "x" if self.number == 1 else f"x{self.number}"

    @property
    def y(self) -> str:
        return "y" if self.number == 1 else f"y{self.number}"

    def of(self, trace: Spec) -> Spec:
        """The trace, drawn in this panel."""
        return {**trace, "xaxis": self.x, "yaxis": self.y}

    def axes(self, xaxis: Spec, yaxis: Spec) -> Spec:
        """Both axes, as keys of a layout."""
        number = self.x[1:]
        return {
            f"xaxis{number}": {**xaxis, "domain": list(self.across), "anchor": self.y},
            f"yaxis{number}": {**yaxis, "domain": list(self.up), "anchor": self.x},
        }

    def title(self, text: str) -> Spec:
        """An annotation above the panel."""
        font = {"size": 13, "color": LIGHT["text"]}
        return note(
            text, x=sum(self.across) / 2, y=self.up[1], yref="paper", xanchor="center", yanchor="bottom", font=font
        )


WHOLE = Panel()


def grid(count: int, columns: int, gaps: tuple[float, float]) -> list[Panel]:
    """`count` panels of equal size, row after row from the top; `gaps`: between columns and between rows."""
    down = -(-count // columns)
    width, height = (1 - gaps[0] * (columns - 1)) / columns, (1 - gaps[1] * (down - 1)) / down
    panels = []
    for i in range(count):
        left, top = (i % columns) * (width + gaps[0]), 1 - (i // columns) * (height + gaps[1])
        panels.append(Panel(i + 1, (left, left + width), (max(top - height, 0.0), top)))
    return panels


# ---- what lies over the traces ----


def line(colour: str, width: float = 1, dash: str = "solid") -> Spec:
    return {"color": colour, "width": width, "dash": dash}


def vline(x: float, look: Spec, panel: Panel = WHOLE) -> Spec:
    """A line from the bottom to the top of a panel."""
    ends = {"x0": x, "x1": x, "xref": panel.x, "y0": 0, "y1": 1, "yref": f"{panel.y} domain"}
    return {"type": "line", "line": look, **ends}


def hline(y: float, look: Spec, panel: Panel = WHOLE) -> Spec:
    """A line from the left to the right of a panel."""
    ends = {"x0": 0, "x1": 1, "xref": f"{panel.x} domain", "y0": y, "y1": y, "yref": panel.y}
    return {"type": "line", "line": look, **ends}


def cell(column: float, row: float, look: Spec) -> Spec:
    """A frame around one cell of a heat map."""
    ends = {"x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    return {"type": "rect", "line": look, **ends}


def shade(left: float, right: float, colour: str) -> Spec:
    """A veil over everything from `left` to `right`."""
    ends = {"x0": left, "x1": right, "y0": 0, "y1": 1, "yref": "y domain"}
    return {"type": "rect", "fillcolor": colour, "opacity": 0.16, "line": {"width": 0}, **ends}


def note(text: str, **place: Any) -> Spec:
    """Words without an arrow, across the figure's width from 0 to 1; `text` is plotly's markup: see labels.plain."""
    return {"text": text, "showarrow": False, "xref": "paper", **place}
