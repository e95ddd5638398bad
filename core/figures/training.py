"""Figures of training: the losses of one run against its steps, with the entropy floor where it is known."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.palette import CATEGORIES, LIGHT

Row = Mapping[str, Any]  # a line of metrics.jsonl
ZERO = 0.5  # where step 0 stands on a logarithmic axis


def series(rows: Sequence[Row], name: str) -> tuple[np.ndarray, np.ndarray]:
    """(steps, values) of the rows that have the number `name`; others, and nulls, are passed over."""
    found = [(row["step"], row[name]) for row in rows if isinstance(row.get(name), (int, float)) and "step" in row]
    table = np.array(found, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def floor_per_token(row: Row) -> float | None:
    """The entropy floor in nats per token: that per document, over the tokens per document of the same evaluation."""
    floor, token, document = (row.get(name) for name in ("floor", "val_loss", "val_document_loss"))
    if floor is None or token is None or not document:
        return None
    return float(floor * token / document)


def per_token(rows: Sequence[Row], *, log: bool, mark: int | None = None) -> go.Figure:
    """Training loss, held-out loss and, where known, the floor, in nats per token. `mark`: the step to point out."""
    floors = [{"step": row["step"], "floor": floor_per_token(row)} for row in rows if "step" in row]
    lines = [
        _line(series(rows, "loss"), "training", CATEGORIES[0], log, width=1.5),
        _line(series(rows, "val_loss"), "held out", CATEGORIES[1], log, mode="lines+markers"),
        _line(series(floors, "floor"), "entropy floor", LIGHT["muted"], log, dash="dash"),
    ]
    return _curves(lines, "nats per token", log, mark)


def per_document(rows: Sequence[Row], *, log: bool, mark: int | None = None) -> go.Figure:
    """Held-out loss and the entropy floor in nats per document, on a logarithmic scale: equal heights, equal ratios."""
    lines = [
        _line(series(rows, "val_document_loss"), "held out", CATEGORIES[1], log, mode="lines+markers"),
        _line(series(rows, "floor"), "entropy floor", LIGHT["muted"], log, dash="dash"),
    ]
    figure = _curves(lines, "nats per document", log, mark)
    ticks = [n * 10**power for power in range(5) for n in (1, 2, 3, 5)]
    figure.update_yaxes(type="log", tickvals=ticks, ticktext=[f"{n:,}" for n in ticks])
    return figure


def _line(
    points: tuple[np.ndarray, np.ndarray],
    name: str,
    colour: str,
    log: bool,
    *,
    mode: str = "lines",
    width: float = 2,
    dash: str = "solid",
) -> go.Scatter:
    steps, values = points
    return go.Scatter(
        x=np.maximum(steps, ZERO) if log else steps,
        y=values,
        customdata=steps,
        name=name,
        mode=mode,
        line={"color": colour, "width": width, "dash": dash},
        marker={"color": colour, "size": 6},
        hovertemplate="step %{customdata:,}: %{y:.2f}",
    )


def _curves(lines: Sequence[go.Scatter], unit: str, log: bool, mark: int | None) -> go.Figure:
    drawn = [line for line in lines if len(line.x)]
    figure = go.Figure(drawn)
    if mark is not None and drawn:
        values = np.concatenate([np.asarray(line.y) for line in drawn])
        at = max(mark, ZERO) if log else mark
        figure.add_scatter(
            x=[at, at],
            y=[float(values.min()), float(values.max())],
            mode="lines",
            line={"color": LIGHT["text"], "width": 1.5, "dash": "dot"},
            name=f"step {mark:,}",
            hoverinfo="skip",
        )
    top = max((float(np.max(line.x)) for line in drawn), default=1.0)
    xaxis: dict[str, Any] = {"title": {"text": "step"}, "fixedrange": True, "zeroline": False}
    if log:
        powers = [10**n for n in range(10) if 10**n <= max(top, 1)]
        xaxis |= {"type": "log", "tickvals": [ZERO, *powers], "ticktext": ["0", *(f"{n:,}" for n in powers)]}
    figure.update_layout(
        margin={"l": 56, "r": 8, "t": 8, "b": 44},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        xaxis=xaxis,
        yaxis={"title": {"text": unit}, "fixedrange": True, "zeroline": False},
    )
    return figure
