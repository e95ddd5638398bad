"""Figures of sampling: the distribution before and after the sampler, and the draw of one token from it."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.figures.labels import percent, plain
from core.figures.palette import LIGHT, ROLES
from core.generation import Stage

FIXED = {"showgrid": False, "zeroline": False, "fixedrange": True}


def entropy(probs: np.ndarray) -> float:
    """Of a distribution (V,), in nats; its exponential is the effective vocabulary."""
    possible = probs[probs > 0]
    return max(0.0, float(-(possible * np.log(possible)).sum()))


def stage_table(stages: Sequence[Stage]) -> dict[str, list[str]]:
    """What each stage of a sampler leaves, a column a name: numbers in words, nothing of the visitor's."""
    raw, left = stages[0].probs, [entropy(stage.probs) for stage in stages]
    return {
        "Stage": [f"{s.name.replace('_', ' ')} {s.value:g}" if s.value is not None else "the model" for s in stages],
        "Tokens kept": [f"{int(stage.kept.sum()):,}" for stage in stages],
        "Model's probability kept": [percent(min(1.0, float(raw[stage.kept].sum()))) for stage in stages],
        "Entropy": [f"{nats:.2f} nats" for nats in left],
        "Effective vocabulary": [f"{np.exp(nats):.1f} tokens" for nats in left],
    }


def before_after(
    labels: Sequence[str], ids: np.ndarray, model: np.ndarray, sampler: np.ndarray, kept: np.ndarray
) -> go.Figure:
    """A pair of bars for each of `ids`, whose names are `labels`: its probability before and after; grey where cut.

    model, sampler, kept (V,): of the whole vocabulary. The tokens not in `ids` get a last row in words only, because
    a bar of thousands of tokens would dwarf the others.
    """
    others = np.ones(len(model), dtype=bool)
    others[ids] = False
    count, still = int(others.sum()), int(kept[others].sum())
    raw, after = model[ids].tolist(), sampler[ids].tolist()
    rows = list(range(len(labels)))
    words = [
        f"{percent(r)} → {percent(a) if k else 'cut'}" for r, a, k in zip(raw, after, kept[ids].tolist(), strict=True)
    ]
    names = [plain(label) for label in labels]
    if count:
        left = f"{percent(float(sampler[others].sum()))}, {still:,} kept" if still else "cut"
        words.append(f"together {percent(float(model[others].sum()))} → {left}")
        names.append(f"{count:,} others")
    ends = [max(pair) for pair in zip(raw, after, strict=True)]
    shared = {"y": rows, "orientation": "h", "customdata": names, "hovertemplate": "%{customdata}: %{x:.2%}"}
    colours = [LIGHT["muted"] if k else LIGHT["line"] for k in kept[ids]]
    figure = go.Figure(
        [
            go.Bar(x=raw, name="the model", marker={"color": colours}, **shared),
            go.Bar(x=after, name="after the sampler", marker={"color": ROLES["prediction"]}, **shared),
            go.Scatter(
                x=[*ends, 0.0] if count else ends,
                y=list(range(len(words))),
                mode="text",
                text=[f" {word}" for word in words],
                textposition="middle right",
                textfont={"color": LIGHT["muted"], "size": 12},
                hoverinfo="skip",
                showlegend=False,
                cliponaxis=False,
            ),
        ]
    )
    figure.update_layout(
        barmode="group",
        bargap=0.22,
        bargroupgap=0.05,
        margin={"l": 24, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        xaxis=FIXED | {"visible": False, "range": [0, max(ends) * 1.4]},
        yaxis=FIXED | {"tickvals": list(range(len(names))), "ticktext": names, "range": [len(names) - 0.4, -0.6]},
    )
    return figure


def drawn(labels: Sequence[str], probs: Sequence[float], chosen: int | None, u: float) -> go.Figure:
    """The likeliest tokens laid end to end, each as long as its probability, and the number `u` that hit one of them.

    chosen: the place of the token that was drawn in `labels`, or None when it is among the others.
    """
    rest = max(0.0, 1.0 - sum(probs))
    widths, names = list(probs), [plain(label) for label in labels]
    if rest > 1e-9:
        widths.append(rest)
        names.append("others")
    hit = len(labels) if chosen is None else chosen
    figure = go.Figure()
    for i, (width, name) in enumerate(zip(widths, names, strict=True)):
        figure.add_bar(
            x=[width],
            y=[0],
            orientation="h",
            marker={
                "color": ROLES["prediction"] if i == hit else LIGHT["line"],
                "line": {"color": LIGHT["background"], "width": 2},
            },
            text=[name if width > 0.05 else ""],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": LIGHT["background"] if i == hit else LIGHT["text"]},
            customdata=[f"{name}: {percent(width)}"],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.add_vline(x=u, line={"color": LIGHT["text"], "width": 2})
    figure.add_annotation(x=u, y=1, yref="paper", yanchor="bottom", text=f"u = {u:.4f}", showarrow=False)
    figure.update_layout(
        barmode="stack",
        bargap=0.1,
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 28, "b": 24},
        xaxis=FIXED | {"range": [0, 1], "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        yaxis=FIXED | {"visible": False},
    )
    return figure
