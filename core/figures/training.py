"""Figures of the training lab: curves of a run, a model's parameters by part, a schedule before it is used, scaling."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.figures.layout import LEGEND, Figure, Spec, axis, figure, line
from core.figures.palette import CATEGORIES, LIGHT, ROLES
from core.figures.traces import bars, intervals, points
from core.training.disk.rows import column

PARTS = {  # parts of ModelConfig.parameter_count: what a visitor calls them, and the colour of their role
    "embed": ("token vectors", ROLES["token"]),
    "pos_embed": ("position vectors", CATEGORIES[5]),
    "attention": ("attention", ROLES["attention"]),
    "mlp": ("MLP", ROLES["mlp"]),
    "norms": ("norms", ROLES["residual"]),
    "unembed": ("prediction", ROLES["prediction"]),
}
LOSSES = {"loss_per_token": "training batches", "val_loss_per_token": "held-out text"}  # fields of metrics.jsonl, nats
LOW_LEGEND = LEGEND | {"y": 1.0}


def curves(
    rows: Sequence[Mapping[str, Any]], fields: Mapping[str, str] = LOSSES, title: str = "nats per token"
) -> Figure:
    """A curve over steps for each of the `fields` (name -> what it is called) of a run's rows: see `rows.column`."""
    traces = []
    for (field, name), colour in zip(fields.items(), CATEGORIES, strict=False):
        steps, values = (np.array(numbers, dtype=float) for numbers in column(rows, field))
        mode = "lines+markers" if len(steps) < 200 else "lines"
        look = {"line": line(colour, 2), "marker": {"size": 5}}
        traces.append(points(steps, values, mode, name=name, hovertemplate="step %{x:,}: %{y:.3f}", **look))
    return _over("step", title, traces)


def _over(x: str, y: str, traces: Sequence[Spec], across: Spec | None = None, **more: Any) -> Figure:
    """Curves over an axis titled `x`, from zero; `across` is more of that axis, `more` of the layout."""
    return figure(
        traces,
        margin={"l": 48, "r": 8, "t": 24, "b": 40},
        legend=LOW_LEGEND,
        xaxis=axis(x) | (across or {}),
        yaxis=axis(y, rangemode="tozero"),
        **more,
    )


def parameters(parts: Mapping[str, int]) -> Figure:
    """One bar, cut into the parts of the model; `parts` as ModelConfig.parameter_count gives it."""
    cuts = []
    for part, (title, colour) in PARTS.items():
        if count := parts[part]:
            share = count / parts["total"]
            cuts.append(
                bars(
                    [count], [""], orientation="h", name=title, marker={"color": colour},
                    text=f"{title}<br>{count:,}" if share > 0.18 else "", textposition="inside",
                    insidetextanchor="middle", textfont={"color": LIGHT["background"]},
                    hovertemplate=f"{title}: %{{x:,}} ({share:.0%})<extra></extra>",
                )
            )  # fmt: skip
    return figure(
        cuts,
        barmode="stack",
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis=axis(visible=False, range=[0, parts["total"]]),
        yaxis=axis(visible=False),
    )


def schedule(progress: Sequence[float], rates: Mapping[str, Sequence[float]]) -> Figure:
    """Learning rates against the part of the budget that is spent, both as they will be used; a line for each name."""
    traces = [
        points(list(progress), list(values), "lines", name=name, line=line(colour, 2),
               hovertemplate="%{x:.0%} of the budget: %{y:.3g}")
        for (name, values), colour in zip(rates.items(), (CATEGORIES[1], CATEGORIES[0]), strict=False)
    ]  # fmt: skip
    spent = {"tickformat": ".0%", "range": [0, 1]}
    return _over("budget spent", "learning rate", traces, spent, showlegend=len(rates) > 1)


def memorisation(lines: Mapping[str, tuple[Sequence[int], Sequence[int]]]) -> Figure:
    """For each name (steps, characters of the longest passage that a sample repeats word for word)."""
    traces = [
        points(list(steps), list(lengths), "lines+markers", name=name, line=line(colour, 2),
               hovertemplate="step %{x:,}: %{y} characters")
        for (name, (steps, lengths)), colour in zip(lines.items(), CATEGORIES, strict=False)
    ]  # fmt: skip
    return _over("step", "characters", traces)


def scaling(
    sizes: Sequence[float],
    losses: Sequence[float],
    law: tuple[Sequence[float], Sequence[float]] | None = None,
    expected: tuple[float, float, float, float] | None = None,
    actual: tuple[float, float] | None = None,
    guess: tuple[float, float] | None = None,
) -> Figure:
    """Held-out loss against size, both logarithmic.

    law: (sizes, losses) of the fitted line. expected: (size, loss, low, high) of the next one, before it is trained.
    actual, guess: (size, loss) that it reached, and that the visitor had said.
    """
    traces, seen = [], list(losses)
    if law:
        dashed = line(LIGHT["muted"], 1.5, "dash")
        traces.append(points(list(law[0]), list(law[1]), "lines", name="power law", line=dashed, hoverinfo="skip"))
    traces.append(_sizes("trained", sizes, losses, CATEGORIES[1], "circle"))
    if expected:
        size, loss, low, high = expected
        around = {"error_y": intervals([(loss, low, high)])}
        traces.append(_sizes("expected of the next size", [size], [loss], LIGHT["muted"], "circle-open", **around))
        seen += [loss, low, high]
    for name, point, colour, symbol in (
        ("your guess", guess, CATEGORIES[3], "diamond-open"),
        ("what it reached", actual, CATEGORIES[2], "star"),
    ):
        if point:
            traces.append(_sizes(name, [point[0]], [point[1]], colour, symbol))
            seen.append(point[1])
    ticks = np.linspace(min(seen), max(seen), 6).round(2)  # the losses lie within one power of ten
    across = sorted({*sizes, *(point[0] for point in (expected, actual, guess) if point)})
    return figure(
        traces,
        margin={"l": 52, "r": 8, "t": 28, "b": 44},
        legend=LOW_LEGEND,
        xaxis=axis("parameters of attention and MLP", type="log", tickvals=across, ticktext=[f"{x:,}" for x in across]),
        yaxis=axis("held-out nats per token", type="log", tickvals=ticks),
    )


def _sizes(name: str, sizes: Sequence[float], losses: Sequence[float], colour: str, symbol: str, **more: Any) -> Spec:
    return points(
        list(sizes), list(losses), "markers", name=name, hovertemplate="%{x:,} parameters: %{y:.3f} nats",
        marker={"color": colour, "size": 11, "symbol": symbol, "line": {"width": 2}}, **more,
    )  # fmt: skip
