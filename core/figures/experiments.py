"""Figures of the experiments: before and after a change inside the model, patching maps, and steering by strength."""

from collections.abc import Sequence

import numpy as np

from core.figures import attention
from core.figures.labels import change, percent, plain
from core.figures.layout import LEGEND, MARGIN, SHARES, Figure, axis, figure, line, rows, shade, tokens
from core.figures.palette import DIVERGING, LIGHT, ROLES
from core.figures.traces import Interval, bars, intervals, plain_labels, points, signed_heat, values_of

NORMAL = LEGEND | {"traceorder": "normal"}
BEFORE, AFTER = LIGHT["muted"], ROLES["prediction"]
NAMES = ("as it is", "changed")


def _states(names: Sequence[str] = NAMES) -> list[tuple[str, str]]:
    return list(zip(names, (BEFORE, AFTER), strict=True))


def distributions(
    labels: Sequence[str], before: Sequence[float], after: Sequence[float], states: Sequence[str] = NAMES
) -> Figure:
    """A pair of bars for each token: its probability in the model as it is, and in the changed one."""
    names, at = plain_labels(labels), list(range(len(labels)))
    pairs = [
        bars(list(values), at, orientation="h", name=name, marker={"color": colour}, customdata=names,
             hovertemplate="%{customdata}: %{x:.2p}")
        for values, (name, colour) in zip((before, after), _states(states), strict=True)
    ]  # fmt: skip
    written = points(
        [max(pair) for pair in zip(before, after, strict=True)], at, "text",
        text=[_from_to(b, a) for b, a in zip(before, after, strict=True)],
        textposition="middle right", cliponaxis=False, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    return figure(
        [*pairs, written],
        margin=MARGIN | {"t": 30},
        barmode="group",
        bargap=0.3,
        bargroupgap=0.05,
        legend=NORMAL,
        xaxis={"visible": False, "range": [0, max(0.02, *before, *after) * 1.45], "fixedrange": True},
        yaxis=rows(names),
    )


def surprise(labels: Sequence[str], before: np.ndarray, after: np.ndarray, cursor: int | None = None) -> Figure:
    """The loss of each token after the first, in nats: before, after (T − 1,); labels (T,)."""
    names, x = plain_labels(labels[1:]), np.arange(1, len(labels))
    pairs = [
        bars(x, values, name=name, marker={"color": colour}, customdata=names,
             hovertemplate="%{customdata}: %{y:.2f} nats")
        for values, (name, colour) in zip((before, after), _states(), strict=True)
    ]  # fmt: skip
    return figure(
        pairs,
        margin=MARGIN | {"t": 30},
        barmode="group",
        bargap=0.25,
        bargroupgap=0.0,
        legend=NORMAL,
        xaxis=tokens(labels, marked=[] if cursor is None else [cursor], range=[0.4, len(labels) - 0.4]),
        yaxis=axis("nats", rangemode="tozero", nticks=5),
    )


def edges(weights: np.ndarray, labels: Sequence[str], cut: Sequence[tuple[int, int]], query: int | None) -> Figure:
    """A head's weights (T, T), readers as rows; the edges that are cut, (query, key), carry a cross."""
    shown = attention.pattern(weights, labels, [] if query is None else [query])
    look = {"symbol": "x-thin", "size": 10, "line": {"width": 2.5, "color": ROLES["attention"]}}
    crosses = points([key for _, key in cut], [reader for reader, _ in cut], "markers", marker=look, hoverinfo="skip")
    return figure([*shown["data"], crosses], **shown["layout"])


def patch_map(recovered: np.ndarray, names: Sequence[str], labels: Sequence[str], differs: Sequence[int]) -> Figure:
    """How much of the answer comes back, `recovered` (R, T), at each place; the tokens that differ in bold."""
    shown = [plain(name, 40) for name in names]
    back = signed_heat(
        recovered, DIVERGING, 1.0, y=list(range(len(names))), customdata=[[name] * len(labels) for name in shown],
        hovertemplate="%{customdata}, position %{x}<br>%{z:.0%} of the answer comes back<extra></extra>",
        xgap=1, ygap=1, showscale=True, colorbar={"thickness": 10, "outlinewidth": 0, "tickformat": ".0%", "nticks": 5},
    )  # fmt: skip
    return figure([back], margin=MARGIN, xaxis=tokens(labels, marked=differs, most=40), yaxis=rows(shown))


def skills(
    of: Sequence[str], before: Sequence[Interval], after: Sequence[Interval], states: Sequence[str] = NAMES
) -> Figure:
    """The share of the cases of each skill in `of` done right, as it is and changed, with 95 % intervals."""
    traces = []
    for shares, (name, colour), shift in zip((before, after), _states(states), (-0.14, 0.14), strict=True):
        said = [f"{percent(mean)}, 95 % interval {percent(low)} to {percent(high)}" for mean, low, high in shares]
        traces.append(
            points(
                values_of(shares), np.arange(len(shares)) + shift, "markers", name=name,
                marker={"color": colour, "size": 10}, error_x=intervals(shares, color=colour, thickness=1.5, width=4),
                customdata=said, hovertemplate="%{customdata}",
            )
        )  # fmt: skip
    names = [plain(name, 40) for name in of]
    return figure(traces, margin=MARGIN | {"t": 30, "r": 24}, legend=NORMAL, xaxis=axis(**SHARES), yaxis=rows(names))


def by_strength(
    at: Sequence[float],
    values: Sequence[Interval],
    title: str,
    role: str,
    share: bool,
    broken: tuple[float, float] | None,
) -> Figure:
    """A measure of what is written at each strength, with 95 % intervals; where it breaks is shaded."""
    colour, number = ROLES[role], "%{y:.2p}" if share else "%{y:.2f}"
    curve = points(
        list(at), values_of(values), "lines+markers", line=line(colour, 2.5), marker={"size": 8},
        error_y=intervals(values, color=colour, thickness=1.5, width=4),
        hovertemplate=f"strength %{{x}}: {number}<extra></extra>",
    )  # fmt: skip
    scale = {"range": [-0.03, 1.05], "tickformat": ".0%"} if share else {"rangemode": "tozero"}
    return figure(
        [curve],
        margin=MARGIN,
        shapes=[shade(*broken, ROLES["attention"])] if broken else [],
        xaxis=axis("strength"),
        yaxis=axis(title, nticks=6, **scale),
    )


def _from_to(before: float, after: float) -> str:
    """As bars say it: short, and exact where two would read alike."""
    if before == after:
        return _share(before)
    short = _share(before), _share(after)
    return f"{short[0]} → {short[1]}" if short[0] != short[1] else change(before, after)


def _share(p: float) -> str:
    return percent(p) if p >= 1e-4 else "< 0.01 %"
