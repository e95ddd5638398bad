"""Figures of feedback: policies beside the known optimum, best of n beside its laws, and how often a model bluffs."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.figures.labels import folded, percent, plain
from core.figures.layout import LEGEND, MARGIN, SHARES, Figure, axis, figure, line, vline
from core.figures.palette import CATEGORIES, LIGHT, ROLES
from core.figures.traces import bars, points


def policies(answers: Sequence[str], probabilities: Mapping[str, Sequence[float]]) -> Figure:
    """The probability of each answer under each policy."""
    traces = [
        bars(list(answers), list(values), name=name, marker={"color": colour}, text=[percent(p) for p in values],
             textposition="outside", cliponaxis=False, hovertemplate=f"{plain(name, 40)}: %{{y:.1%}}<extra></extra>")
        for (name, values), colour in zip(probabilities.items(), (LIGHT["muted"], *CATEGORIES), strict=False)
    ]  # fmt: skip
    high = max(max(values) for values in probabilities.values())
    return figure(
        traces, barmode="group", bargap=0.25, margin=MARGIN | {"l": 48, "b": 32, "t": 40}, legend=LEGEND,
        xaxis=axis(type="category"), yaxis=axis("probability", tickformat=".0%", range=[0, 1.15 * high]),
    )  # fmt: skip


def over_optimised(
    d: Sequence[float], proxy: Sequence[float], true: Sequence[float], law: tuple[np.ndarray, np.ndarray] | None,
    turnover: float | None, names: Sequence[str], called: str,
) -> Figure:  # fmt: skip
    """Gains in standard deviations at d = √KL; the law, as it is `called`, and its top."""
    traces = [
        points(list(d), list(proxy), "lines+markers", name="what the reward model says", customdata=list(names),
               line=line(ROLES["prediction"], 2), hovertemplate="%{customdata}: %{y:.2f}"),
        points(list(d), list(true), "lines+markers", name="what the rater really likes", customdata=list(names),
               line=line(ROLES["token"], 2), hovertemplate="%{customdata}: %{y:.2f}"),
    ]  # fmt: skip
    if law is not None:
        dashed = line(LIGHT["muted"], 1.5, "dash")
        traces.append(points(law[0], law[1], "lines", name=called, line=dashed))
    shown = turnover is not None and turnover <= max(d)
    return figure(
        traces, margin=MARGIN | {"l": 52, "b": 44, "t": 40}, legend=LEGEND,
        shapes=[vline(float(turnover or 0), line(LIGHT["muted"], 1, "dot"))] if shown else [],
        xaxis=axis("d = √KL", rangemode="tozero"), yaxis=axis("gain, standard deviations", nticks=6),
    )  # fmt: skip


def bluffing(rates: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> Figure:
    """For each model and kind of question: shares answered right, with "I do not know", wrong; stacked."""
    names = [folded(f"{model}: {kind}", 3) for model, kinds in rates.items() for kind in kinds]
    shares = [share for kinds in rates.values() for share in kinds.values()]
    looks = (("right", ROLES["token"]), ("“I do not know”", LIGHT["muted"]), ("wrong", ROLES["attention"]))
    traces = [
        bars([share[i] for share in shares], names, orientation="h", name=what, marker={"color": colour},
             text=[percent(share[i]) if share[i] > 0.06 else "" for share in shares], textposition="inside",
             hovertemplate=f"{what}: %{{x:.1%}}<extra></extra>")
        for i, (what, colour) in enumerate(looks)
    ]  # fmt: skip
    return figure(
        traces, barmode="stack", bargap=0.3, margin=MARGIN | {"b": 48, "t": 40},
        legend=LEGEND | {"traceorder": "normal"}, xaxis=axis("share of the answers", **SHARES | {"range": [0, 1]}),
        yaxis=axis(autorange="reversed", type="category", automargin=True, tickfont={"size": 12}),
    )  # fmt: skip


def rated_texts(before: Sequence[float], after: Sequence[float], texts: Sequence[tuple[str, str]]) -> Figure:
    """Log-probabilities of chosen and rejected texts, in turn, before and after; on the line nothing has changed."""
    traces = [
        points(list(before[i::2]), list(after[i::2]), "markers", name=name,
               marker={"color": colour, "size": 8, "opacity": 0.8},
               customdata=[plain(pair[i], 60) for pair in texts],
               hovertemplate=f"{name}: “%{{customdata}}”<br>%{{x:.1f}} → %{{y:.1f}}<extra></extra>")
        for i, (name, colour) in enumerate((("chosen", ROLES["token"]), ("rejected", ROLES["attention"])))
    ]  # fmt: skip
    low, high = min(*before, *after), max(*before, *after)
    dotted = line(LIGHT["muted"], 1, "dot")
    same = points([low, high], [low, high], "lines", name="no change", line=dotted, hoverinfo="skip")
    return figure(
        [*traces, same], margin=MARGIN | {"l": 56, "b": 44, "t": 40}, legend=LEGEND,
        xaxis=axis("log-probability before, nats", nticks=6), yaxis=axis("after", nticks=6),
    )  # fmt: skip
