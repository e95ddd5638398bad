"""Figures of the data page: how often a stage is right, why it drops, what is left, and the S-curve with what was
measured on it."""

from collections.abc import Sequence

from core.figures.labels import folded, percent, plain
from core.figures.layout import LEGEND, MARGIN, SHARES, Figure, Spec, axis, bare, figure, line, note, rows, vline
from core.figures.palette import CATEGORIES, LIGHT, ROLES
from core.figures.traces import Interval, intervals, points, row_bars, values_of

BEFORE, AFTER, WRONG = LIGHT["muted"], ROLES["token"], ROLES["attention"]
ROW = 32  # pixels of a row: two lines of its name
BEHIND = 84  # pixels for words at the end of each row


def rates(names: Sequence[str], shares: Sequence[Interval], counts: Sequence[str]) -> Figure:
    """A point with its 95 % interval for each name; `counts`, as "24 of 26", stand behind it."""
    said = [f"{percent(mean)}, 95 % interval {percent(low)} to {percent(high)}" for mean, low, high in shares]
    look = {"color": AFTER, "size": 10}
    dots = points(
        values_of(shares), list(range(len(shares))), "markers", marker=look, error_x=intervals(shares, color=AFTER),
        customdata=said, hovertemplate="%{customdata}<extra></extra>", showlegend=False, cliponaxis=False,
    )  # fmt: skip
    across = axis(side="top", tickvals=[0, 0.5, 1], tickangle=0, **SHARES | {"range": [-0.03, 1.03]})
    return figure(
        [dots],
        margin=MARGIN | {"t": 28, "r": BEHIND},
        annotations=_behind(counts),
        xaxis=across,
        yaxis=rows([folded(name) for name in names], tickfont={"size": 12}),
    )


def _behind(words: Sequence[str]) -> list[Spec]:
    """Words at the end of each row."""
    look = {"xanchor": "left", "yref": "y", "font": {"size": 12, "color": LIGHT["muted"]}}
    return [note(plain(text, 30), x=1.01, y=row, **look) for row, text in enumerate(words)]


def reasons(names: Sequence[str], counts: Sequence[int]) -> Figure:
    """How many documents were dropped, or lines changed, for each reason: rightly or not, so in no colour of either."""
    traces = [row_bars(list(counts), BEFORE, [f"{count:,}" for count in counts], hoverinfo="skip")]
    across = bare(visible=False, range=[0, max(counts) * 1.25])
    names_of_rows = rows([folded(name) for name in names], tickfont={"size": 12})
    return figure(traces, margin=MARGIN | {"r": 24}, xaxis=across, yaxis=names_of_rows)


def defects(names: Sequence[str], before: Sequence[float], after: Sequence[float], texts: Sequence[str]) -> Figure:
    """The share of the documents that have each defect, in what came in and in what is left."""
    at = list(range(len(names)))
    bars: list[Spec] = []
    for i in at:
        bars.append(points([before[i], after[i]], [i, i], "lines", line=line(LIGHT["line"], 3), hoverinfo="skip",
                           showlegend=False))  # fmt: skip
    ends = [
        points(list(shares), at, "markers", name=name, marker={"color": colour, "size": 10, "symbol": symbol},
               hovertemplate=f"%{{x:.2p}} {name}<extra></extra>")
        for shares, name, colour, symbol in (
            (before, "of the raw pages", BEFORE, "circle-open"), (after, "of what is left", AFTER, "circle"),
        )
    ]  # fmt: skip
    most = max(*before, *after, 0.01)
    across = axis(tickformat=".0%", range=[-0.02 * most, most * 1.05], nticks=5, tickangle=0)
    return figure(
        [*bars, *ends], margin=MARGIN | {"t": 30, "r": BEHIND}, legend=LEGEND | {"y": 1.0},
        annotations=_behind(texts), xaxis=across,
        yaxis=rows([folded(name) for name in names], tickfont={"size": 12}),
    )  # fmt: skip


def s_curve(
    theory: tuple[Sequence[float], Sequence[float]],
    found: Sequence[tuple[float, Interval, str]],
    true: Sequence[tuple[float, float, str]],
    threshold: float,
) -> Figure:
    """The odds that two texts meet against how similar they are. theory: the curve. found: (similarity, share of the
    pairs that met, words for the pointer). true: (similarity, share of those that are copies, words)."""
    across, odds = theory
    curve = points(list(across), list(odds), "lines", name="theory", line=line(LIGHT["muted"], 2), hoverinfo="skip")
    met = points(
        [s for s, _, _ in found], [share[0] for _, share, _ in found], "markers", name="measured: share that met",
        marker={"color": AFTER, "size": 10}, error_y=intervals([share for _, share, _ in found], color=AFTER),
        customdata=[words for _, _, words in found], hovertemplate="%{customdata}<extra></extra>", cliponaxis=False,
    )  # fmt: skip
    right = points(
        [s for s, _, _ in true], [share for _, share, _ in true], "markers", name="of those, really copies",
        marker={"color": CATEGORIES[2], "size": 9, "symbol": "diamond-open", "line": {"width": 2}},
        customdata=[words for _, _, words in true], hovertemplate="%{customdata}<extra></extra>", cliponaxis=False,
    )  # fmt: skip
    return figure(
        [curve, met, right],
        margin={"l": 56, "r": 22, "t": 30, "b": 44},
        legend=LEGEND,
        shapes=[vline(threshold, line(LIGHT["line"], 1.5, "dash"))],
        xaxis=axis("similarity of two texts (Jaccard)", **SHARES),
        yaxis=axis("share of the pairs", **SHARES),
    )


def remaining(names: Sequence[str], left: Sequence[int], total: int, different: int) -> Figure:
    """How many texts each way of joining leaves, of `total`, of which `different` are no copies of each other."""
    wrong = [WRONG if count < 0.9 * different else AFTER for count in left]
    traces = [row_bars(list(left), wrong, [f"{count:,}" for count in left], hoverinfo="skip")]
    across = axis(range=[0, total * 1.12], nticks=5)
    mark = vline(different, line(LIGHT["text"], 1.5, "dot"))
    return figure(traces, margin=MARGIN | {"r": 24, "b": 24}, shapes=[mark], xaxis=across, yaxis=rows(list(names)))


def matter(
    groups: Sequence[str], sides: Sequence[tuple[str, Sequence[Interval]]], title: str, share: bool, across: str = ""
) -> Figure:
    """What two kinds of models do in each group, means over seeds with their intervals. title: of the axis of values;
    `share`: these go from nothing to all. across: the title of the axis of groups."""
    traces = [
        points(
            [place + shift for place in range(len(groups))], values_of(means), "markers", name=name,
            marker={"color": colour, "size": 11, "symbol": symbol}, error_y=intervals(means, color=colour, thickness=2),
            customdata=[_said(one, share) for one in means], hovertemplate="%{customdata}<extra></extra>",
            cliponaxis=False,
        )
        for (name, means), colour, symbol, shift in zip(
            sides, (WRONG, AFTER), ("circle", "diamond"), (-0.08, 0.08), strict=True
        )
    ]  # fmt: skip
    places = {"tickvals": list(range(len(groups))), "ticktext": [plain(group, 30) for group in groups]}
    return figure(
        traces,
        margin={"l": 64, "r": 8, "t": 30, "b": 44},
        legend=LEGEND,
        xaxis=bare(across, range=[-0.5, len(groups) - 0.5], **places),
        yaxis=axis(title, **SHARES) if share else axis(title, tickformat=".2f", nticks=6),
    )


def _said(one: Interval, share: bool) -> str:
    mean, low, high = (percent(max(x, 0.0)) for x in one) if share else (f"{x:.3f}" for x in one)
    return mean if low == high else f"{mean}, 95 % interval {low} to {high}"
