"""Figures of the page Limits: what a model invents, how sure it is, when it should be silent, its skew, its costs."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from core.figures.labels import percent, plain
from core.figures.layout import (
    LEGEND,
    MARGIN,
    SHARES,
    Figure,
    Spec,
    axis,
    bare,
    figure,
    line,
    note,
    rows,
    tokens,
    vline,
)
from core.figures.palette import CATEGORIES, LIGHT, ROLES, SEQUENTIAL
from core.figures.traces import Interval, bars, heat, intervals, plain_labels, points, row_bars

VERDICTS = {"right": CATEGORIES[2], "unknown": LIGHT["muted"], "wrong": ROLES["attention"]}
SAID = {"right": "right", "unknown": "“I do not know”", "wrong": "wrong"}
ROOM = {"l": 56, "r": 16, "t": 30, "b": 48}
TRUE, MODEL = CATEGORIES[2], ROLES["prediction"]


def verdicts(
    names: Sequence[str], shares: Mapping[str, Sequence[float]], sure: Sequence[Interval], groups: str, named: str
) -> Figure:
    """For each group of questions the shares of its answers (right, unknown, wrong), and over them how sure it was of
    what it would name."""
    at = list(range(len(names)))
    traces = [
        bars(at, list(shares[kind]), name=SAID[kind], marker={"color": colour},
             hovertemplate=f"%{{y:.0%}} {SAID[kind]}<extra></extra>")
        for kind, colour in VERDICTS.items()
    ]  # fmt: skip
    traces.append(
        points(at, [value for value, _, _ in sure], "lines+markers", name=f"how sure it is of its {named}",
               line=line(LIGHT["text"], 2, "dot"), marker={"size": 8},
               error_y=intervals(sure, thickness=1.2, width=3), hovertemplate="%{y:.0%} sure<extra></extra>")
    )  # fmt: skip
    return figure(
        traces,
        barmode="stack",
        bargap=0.25,
        margin=ROOM | {"b": 60},
        legend=LEGEND,
        xaxis=bare(groups, tickvals=at, ticktext=list(names)),
        yaxis=axis(**SHARES),
    )


def answers(labels: Sequence[str], probs: Sequence[float], colours: Sequence[str]) -> Figure:
    """The likeliest answers to one question, a bar for each."""
    shown = row_bars(list(probs), list(colours), [percent(p) for p in probs], hoverinfo="skip")
    return figure(
        [shown],
        margin=MARGIN,
        bargap=0.3,
        xaxis={"visible": False, "range": [0, max(0.02, *probs) * 1.25], "fixedrange": True},
        yaxis=rows(plain_labels(labels) if max(map(len, labels)) <= 16 else [plain(label, 40) for label in labels]),
    )


def reliability(
    confidence: np.ndarray, accuracy: Sequence[Interval], count: np.ndarray, name: str = "share that is right"
) -> Figure:
    """Accuracy against confidence, a point for each bin that is not empty, as large as it has cases."""
    sizes = 7 + 16 * np.sqrt(count / count.max())
    even = points([0, 1], [0, 1], "lines", name="calibrated", line=line(LIGHT["muted"], 1.5, "dash"), hoverinfo="skip")
    found = points(
        confidence, [value for value, _, _ in accuracy], "lines+markers", name=name,
        line=line(MODEL, 2), marker={"size": sizes, "color": MODEL},
        error_y=intervals(accuracy, thickness=1.2, width=3), customdata=count,
        hovertemplate="%{x:.0%} sure, right in %{y:.0%} of %{customdata:,} cases<extra></extra>",
    )  # fmt: skip
    return figure(
        [even, found],
        margin=ROOM,
        legend=LEGEND,
        xaxis=bare("how sure it is") | SHARES,
        yaxis=axis("how often it is right") | SHARES,
    )


def beside(labels: Sequence[str], true: Sequence[float], model: Sequence[float]) -> Figure:
    """For each token that may come next the probability by the grammar, and by the model."""
    names, at = plain_labels(labels), list(range(len(labels)))
    pairs = [
        bars(list(values), at, orientation="h", name=name, marker={"color": colour}, text=list(map(percent, values)),
             textposition="outside", cliponaxis=False, customdata=names, hovertemplate="%{customdata}: %{x:.2p}")
        for values, name, colour in ((true, "the truth (grammar)", TRUE), (model, "the model", MODEL))
    ]  # fmt: skip
    return figure(
        pairs,
        margin=MARGIN | {"t": 30},
        barmode="group",
        bargap=0.3,
        legend=LEGEND | {"traceorder": "normal"},
        xaxis={"visible": False, "range": [0, max(0.02, *true, *model) * 1.25], "fixedrange": True},
        yaxis=rows(names),
    )


def distance(labels: Sequence[str], entropy: Sequence[float], kl: Sequence[float], cursor: int | None) -> Figure:
    """Before each token: the surprise that nobody can avoid, and what the model adds. NaN where it is not known."""
    x, names = list(range(1, len(labels))), plain_labels(labels[1:])
    stacked = [
        bars(x, list(values), name=name, marker={"color": colour}, customdata=names,
             hovertemplate=f"before %{{customdata}}: %{{y:.3f}} nats {name}<extra></extra>")
        for values, name, colour in ((entropy, "unavoidable", LIGHT["muted"]), (kl, "added by the model (KL)", MODEL))
    ]  # fmt: skip
    return figure(
        stacked,
        barmode="stack",
        bargap=0.25,
        margin=MARGIN | {"t": 30, "l": 48},
        legend=LEGEND,
        xaxis=tokens(labels, marked=[] if cursor is None else [cursor], range=[0.4, len(labels) - 0.4]),
        yaxis=axis("nats", rangemode="tozero", nticks=5),
    )


def risk(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], at: tuple[float, float] | None = None
) -> Figure:
    """For each name the share of the answers that are wrong against the share of the questions answered; `at`: where a
    threshold stands on the first."""
    traces = [
        points(list(coverage), list(wrong), "lines", name=name, line=line(colour, 2.5),
               hovertemplate="answering %{x:.0%}: %{y:.0%} wrong<extra></extra>")
        for (name, (coverage, wrong)), colour in zip(curves.items(), (MODEL, *CATEGORIES), strict=False)
    ]  # fmt: skip
    if at:
        look = {"size": 13, "color": MODEL, "line": {"width": 2, "color": LIGHT["text"]}}
        traces.append(points([at[0]], [at[1]], "markers", name="this threshold", marker=look, hoverinfo="skip"))
    return figure(
        traces,
        margin=ROOM,
        legend=LEGEND,
        xaxis=bare("questions that it answers") | SHARES,
        yaxis=axis("wrong, of these", tickformat=".0%", rangemode="tozero"),
    )


def detectors(curves: Mapping[str, tuple[Sequence[float], Sequence[float], float]]) -> Figure:
    """ROC curves: for each detector (false alarms, wrong answers found, area)."""
    even = points([0, 1], [0, 1], "lines", name="by chance", line=line(LIGHT["muted"], 1.5, "dash"), hoverinfo="skip")
    traces = [
        points(list(alarms), list(found), "lines", name=f"{name}: {area:.3f}", line=line(colour, 2.5),
               hovertemplate="%{y:.0%} of the wrong found, %{x:.0%} false alarms<extra></extra>")
        for (name, (alarms, found, area)), colour in zip(curves.items(), (MODEL, *CATEGORIES), strict=False)
    ]  # fmt: skip
    return figure(
        [even, *traces],
        margin=ROOM,
        legend=LEGEND,
        xaxis=bare("right answers that are flagged too") | SHARES,
        yaxis=axis("wrong answers that are flagged") | SHARES,
    )


def singletons(
    sizes: Sequence[int], lines: Mapping[str, Sequence[float]], at: int, measured: Sequence[tuple[int, Interval]] = ()
) -> Figure:
    """Shares against the number of statements read; `measured`: of trained models."""
    traces = [
        points(list(sizes), list(values), "lines", name=name, line=line(colour, 2.5, dash),
               hovertemplate=f"{name}: %{{y:.0%}} after %{{x:,}} statements<extra></extra>")
        for (name, values), colour, dash in zip(
            lines.items(), (MODEL, CATEGORIES[2], LIGHT["muted"]), ("solid", "dot", "dash"), strict=False)
    ]  # fmt: skip
    if measured:
        traces.append(
            points([n for n, _ in measured], [share for _, (share, _, _) in measured], "markers",
                   name="errors of a trained model", marker={"size": 10, "color": ROLES["attention"]},
                   error_y=intervals([one for _, one in measured], thickness=1.5, width=4),
                   hovertemplate="%{y:.0%} wrong after %{x:,} statements<extra></extra>")
        )  # fmt: skip
    return figure(
        traces,
        margin=ROOM,
        legend=LEGEND,
        shapes=[vline(at, line(LIGHT["muted"], 1, "dot"))],
        xaxis=bare("statements in the corpus", type="log"),
        yaxis=axis(**SHARES),
    )


def knowledge(names: Sequence[str], known: Sequence[float], there: Sequence[float]) -> Figure:
    """For each group of facts, bits that the model can answer, of the bits that they hold."""
    at = list(range(len(names)))
    share = [k / t if t else 0.0 for k, t in zip(known, there, strict=True)]
    return figure(
        [
            bars(at, share, marker={"color": MODEL}, customdata=np.array([known, there]).T,
                 hovertemplate="%{customdata[0]:,.0f} of %{customdata[1]:,.0f} bits<extra></extra>",
                 text=list(map(percent, share)), textposition="outside", cliponaxis=False)
        ],
        margin=ROOM | {"b": 60},
        xaxis=bare("how often the birthday was told", tickvals=at, ticktext=list(names)),
        yaxis=axis("of the bits", tickformat=".0%", range=[0, 1.15]),
    )  # fmt: skip


def skew(names: Sequence[str], corpus: np.ndarray, model: Sequence[Interval]) -> Figure:
    """The model's rate of "she" for each occupation against that of the corpus, with 95 % intervals."""
    even = points([0, 1], [0, 1], "lines", name="as in the corpus", line=line(LIGHT["muted"], 1.5, "dash"),
                  hoverinfo="skip")  # fmt: skip
    found = points(
        corpus, [value for value, _, _ in model], "markers", name="an occupation",
        marker={"size": 9, "color": MODEL}, error_y=intervals(model, thickness=1.2, width=3),
        customdata=plain_labels(names), hovertemplate="%{customdata}: %{y:.0%}, in the corpus %{x:.0%}<extra></extra>",
    )  # fmt: skip
    return figure(
        [even, found],
        margin=ROOM,
        legend=LEGEND,
        xaxis=bare("“she” in the corpus") | SHARES,
        yaxis=axis("“she” from the model") | SHARES,
    )


def scale(ranges: Sequence[tuple[str, float, float, float]], marks: Mapping[str, float], unit: str) -> Figure:
    """Results (name, value, low, high) as bars from low to high on one logarithmic axis, and what it compares with."""
    names = [name for name, *_ in ranges]
    at = list(range(len(ranges)))
    span = points(
        [value for _, value, _, _ in ranges], at, "markers", name="reckoned, from low to high",
        marker={"size": 12, "color": MODEL}, error_x=intervals([r[1:] for r in ranges], thickness=6, width=0),
        hovertemplate=f"%{{x:.3~g}} {unit}<extra></extra>",
    )  # fmt: skip
    known = points(
        list(marks.values()), [len(ranges)] * len(marks), "markers", name="to compare with",
        marker={"size": 11, "symbol": "diamond", "color": CATEGORIES[2]}, customdata=list(marks),
        hovertemplate=f"%{{customdata}}: %{{x:.3~g}} {unit}<extra></extra>",
    )  # fmt: skip
    words = [
        note(plain(name, 40), x=np.log10(value), xref="x", y=len(ranges), yshift=-14 - 15 * (i % 3), font={"size": 11})
        for i, (name, value) in enumerate(sorted(marks.items(), key=lambda pair: pair[1]))
    ]
    return figure(
        [span, known],
        margin=MARGIN | {"t": 30, "b": 44, "r": 40},
        legend=LEGEND,
        annotations=words,
        xaxis=axis(unit, type="log", exponentformat="power"),
        yaxis=rows([*names, "known"]) | {"range": [len(ranges) + 0.9, -0.5]},
    )


def sizes(names: Sequence[str], megabytes: Sequence[float], loss: Sequence[float], floor: float | None) -> Figure:
    """Loss against size, a point for each number of bits; the floor of the grammar, where it is known."""
    found = points(
        list(megabytes), list(loss), "lines+markers+text", text=list(names), textposition="top right",
        line=line(MODEL, 2), marker={"size": 9}, cliponaxis=False,
        hovertemplate="%{text}: %{x:.2f} MB, %{y:.2f} nats<extra></extra>",
    )  # fmt: skip
    look: list[Spec] = []
    if floor is not None:
        ends = {"x0": 0, "x1": 1, "xref": "x domain", "y0": floor, "y1": floor}
        look = [{"type": "line", "line": line(LIGHT["muted"], 1.5, "dash"), **ends}]
    return figure(
        [found],
        margin=ROOM | {"t": 24, "r": 40},
        shapes=look,
        xaxis=axis("megabytes", type="log", **_one_two_five(megabytes)),
        yaxis=axis("nats per document", type="log", **_one_two_five(loss)),
    )


def _one_two_five(values: Sequence[float]) -> Spec:
    """Ticks of a logarithmic axis that spans little more than one power of ten: 1, 2, 5, 10, 20, …"""
    known = [math.log10(value) for value in values if 0 < value < math.inf] or [0.0]
    decades = range(math.floor(min(known)), math.ceil(max(known)) + 1)
    ticks = [digit * 10.0**power for power in decades for digit in (1, 2, 5)]
    return {"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}


def suffering(names: Sequence[str], layers: Sequence[str], added: np.ndarray) -> Figure:
    """What rounding one matrix alone adds to the loss, nats per document: (parts, layers), NaN where there is none."""
    cells = heat(
        added, SEQUENTIAL, 0.0, float(np.nanmax(added)) or 1.0, x=list(range(len(layers))), y=list(range(len(names))),
        xgap=2, ygap=2, showscale=True,
        colorbar={"thickness": 10, "outlinewidth": 0, "nticks": 5, "title": {"text": "nats", "font": {"size": 12}}},
        hovertemplate="%{z:.3f} nats per document<extra></extra>",
    )  # fmt: skip
    return figure(
        [cells],
        margin=MARGIN | {"b": 44},
        xaxis=bare("layer", tickvals=list(range(len(layers))), ticktext=list(layers)),
        yaxis=rows([plain(name, 24) for name in names]),
    )
