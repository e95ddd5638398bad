"""Figures of what heads do: their weights, a head's scores, what is lost without each, all scores over training."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from core.figures.labels import percent
from core.figures.layout import (
    LEGEND,
    MARGIN,
    SHARES,
    Figure,
    Panel,
    Spec,
    axis,
    bare,
    figure,
    grid,
    hline,
    line,
    note,
    powers,
    rows,
    tokens,
    vline,
)  # fmt: skip
from core.figures.palette import CATEGORIES, LIGHT, ROLES, SEQUENTIAL
from core.figures.traces import Interval, bars, heat, intervals, points, values_of

ZERO = 0.5  # where step 0 stands on a logarithmic axis
DASHED = line(LIGHT["muted"], dash="dash")
FAINT = [(place**2, colour) for place, colour in SEQUENTIAL]  # small weights are seen too
COLUMNS = 3
LEADING = [CATEGORIES[i] for i in (0, 2, 3)]  # the colours of the heads that end highest
LEADERS, NAMED, APART = len(LEADING), 0.2, 0.11  # how many; room for names and between them, in parts of a panel
MARKS = {"training": "line", "held out": "dots"}
HOVER = "layer %{customdata[0]}, head %{customdata[1]}, step %{customdata[2]:,}: %{y:.2p}<extra></extra>"


def pattern(weights: np.ndarray, labels: Sequence[str], marked: Sequence[int] = ()) -> Figure:
    """What each token reads, a row for each reader: of one head (T, T), of a layer (H, T, T) or of all (L, H, T, T).

    `marked` positions are written in bold.
    """
    if weights.ndim == 2:
        reader = tokens(labels, marked=marked, most=26, tickangle=0, title="reader", autorange="reversed")
        read = tokens(labels, marked=marked, title="read from")
        scale = {"thickness": 10, "outlinewidth": 0, "tickformat": ".0%", "tickvals": [0, 0.1, 0.25, 0.5, 1]}
        return figure([_weights(weights, showscale=True, colorbar=scale)], margin=MARGIN, xaxis=read, yaxis=reader)
    heads = weights if weights.ndim == 4 else weights[None]
    layers, count = heads.shape[:2]
    panels = grid(layers * count, count, (0.02, 0.1 / layers))
    hidden = axis(visible=False)
    axes = [panel.axes(hidden, hidden | {"autorange": "reversed"}) for panel in panels]
    return figure(
        [panel.of(_weights(head)) for panel, head in zip(panels, heads.reshape(-1, *heads.shape[2:]), strict=True)],
        margin=MARGIN | {"t": 24},
        annotations=[panel.title(f"L{i // count}H{i % count}") for i, panel in enumerate(panels)],
        **{name: spec for pair in axes for name, spec in pair.items()},
    )


def _weights(weights: np.ndarray, **more: object) -> Spec:
    """A head's weights (T, T); what no token may see stays blank."""
    seen = np.where(np.tri(len(weights), dtype=bool), weights, np.nan)
    hover = "position %{y} reads position %{x}: %{z:.2p}<extra></extra>"
    return heat(seen, FAINT, 0, 1, hoverongaps=False, hovertemplate=hover, **more)


def roles(names: Sequence[str], scores: Sequence[Interval], chance: Sequence[float], threshold: float) -> Figure:
    """One head's scores as points with their intervals, chance, and the threshold for a name."""
    at = list(range(len(names)))
    guess = points(
        list(chance), at, "markers", name="by chance", hovertemplate="by chance %{x:.2p}<extra></extra>",
        marker={"color": LIGHT["muted"], "size": 13, "symbol": "line-ns-open", "line": {"width": 2}},
    )  # fmt: skip
    head = points(
        values_of(scores), at, "markers", name="this head", marker={"color": ROLES["attention"], "size": 11},
        error_x=intervals(scores, color=ROLES["attention"], thickness=2, width=6),
        customdata=[f"{percent(max(low, 0))} to {percent(high)}" for _, low, high in scores],
        hovertemplate="%{x:.2p} (95 % interval %{customdata})<extra></extra>",
    )  # fmt: skip
    return figure(
        [guess, head],
        margin=MARGIN | {"r": 24},
        legend=LEGEND | {"y": 1.0, "x": 1, "xanchor": "right"},
        shapes=[vline(threshold, DASHED)],
        xaxis=axis(**SHARES),
        yaxis=rows(names),
    )


def causes(
    grown: Mapping[str, np.ndarray], chosen: tuple[int, int], interval: Mapping[str, Interval], above: float
) -> Figure:
    """A panel for each skill: a bar for each head, how much the loss grows without it, the largest first.

    grown: skill -> (L, H) nats; chosen: the head that stands out, with its `interval` for each skill. What lies left of
    the dashed line is more than a share `above` of the other heads. Custom data: (layer, head, share of others below).
    """
    panels = grid(len(grown), len(grown), (0.1, 0.0))
    traces, axes, shapes = list[Spec](), dict[str, Spec](), list[Spec]()
    for panel, (skill, losses) in zip(panels, grown.items(), strict=True):
        order = np.argsort(-losses, axis=None, kind="stable")
        heads = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, losses.shape), strict=True)]
        values, others = losses.ravel()[order], max(len(order) - 1, 1)
        below = (values[None] < values[:, None]).sum(axis=1) / others
        ends = [(float(value),) * 3 for value in values]
        ends[heads.index(chosen)] = interval[skill]
        bar = bars(
            list(range(len(order))), values, error_y=intervals(ends, color=LIGHT["text"], thickness=1.5, width=3),
            marker={"color": [ROLES["attention"] if head == chosen else LIGHT["muted"] for head in heads]},
            customdata=[(*head, float(share)) for head, share in zip(heads, below, strict=True)],
            hovertemplate="layer %{customdata[0]}, head %{customdata[1]}: %{y:+.3f} nats, more than "
            "%{customdata[2]:.0%} of the others<extra></extra>",
        )  # fmt: skip
        traces.append(panel.of(bar))
        title = "loss grows by (nats)" if panel.number == 1 else ""
        axes |= panel.axes(bare("heads", showticklabels=False), axis(title))
        shapes.append(vline(int((1 - above) * others + 1e-9) + 0.5, DASHED, panel))
    titles = [panel.title(skill) for panel, skill in zip(panels, grown, strict=True)]
    return figure(
        traces, margin={"l": 48, "r": 8, "t": 28, "b": 28}, showlegend=False, annotations=titles, shapes=shapes,
        **axes,
    )  # fmt: skip


def life(
    steps: Sequence[int],
    scores: Mapping[str, np.ndarray],
    chosen: tuple[int, int],
    skills: Mapping[str, Sequence[float]],
    losses: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    mark: int,
    threshold: float,
) -> Figure:
    """A panel for each score, a line for each head over `steps`; one for the loss of each skill; in a last panel the
    loss of training.

    scores: panel title -> means (S, L, H); chosen: the head that stands out; skills: name -> losses (S,); losses:
    "training" and "held out" -> (steps, nats per token), those that are there; mark: the step on show. Custom data of
    lines: (layer, head, step).
    """
    shown = {name: curve for name, curve in losses.items() if len(curve[0])}
    titles = [*scores, *(f"loss of {name}" for name in skills)]
    titles += ["loss: " + ", ".join(f"{name} ({MARKS[name]})" for name in shown)] if shown else []
    panels = grid(len(titles), COLUMNS, (0.06, 0.16))
    traces = [
        panel.of(trace)
        for panel, means in zip(panels, scores.values(), strict=False)
        for trace in (
            _others(steps, means, chosen),
            _curve_of_head(steps, means, chosen),
            *_curves_of_leaders(steps, means, chosen),
        )
    ]
    of_skills = zip(panels[len(scores) :], skills.items(), strict=False)
    traces += [panel.of(_skill_loss(name, steps, values)) for panel, (name, values) in of_skills]
    traces += [panels[-1].of(_loss(name, *curve)) for name, curve in shown.items()]
    now = line(LIGHT["text"], dash="dot")
    last = max(steps[-1], 1)
    first, end = math.log10(ZERO) - 0.08, math.log10(last) + 0.08
    named = end + NAMED * (end - first)  # room for names behind the ends of the lines
    axes: Spec = {}
    for i, panel in enumerate(panels):
        over = powers(last, ZERO) | {"range": [first, named if i < len(scores) else end]}
        axes |= panel.axes(axis(**over), axis(**SHARES) if i < len(scores) else axis())
    return figure(
        traces,
        margin={"l": 40, "r": 8, "t": 28, "b": 28},
        showlegend=False,
        hovermode="closest",
        annotations=[panel.title(title) for panel, title in zip(panels, titles, strict=True)]
        + [note for panel, means in zip(panels, scores.values(), strict=False) for note in _ends(panel, means, chosen)],
        shapes=[hline(threshold, DASHED, panel) for panel in panels[: len(scores)]]
        + [vline(max(mark, ZERO), now, panel) for panel in panels],
        **axes,
    )


def _others(steps: Sequence[int], means: np.ndarray, chosen: tuple[int, int]) -> Spec:
    """All heads but the chosen one as one trace, a gap between two lines."""
    size, layers, heads = means.shape
    others = [(i, j) for i, j in np.ndindex(layers, heads) if (i, j) != chosen]
    at, gap = np.array(others, dtype=int).reshape(-1, 2), np.full(len(others), np.nan)
    y = np.column_stack([means[:, at[:, 0], at[:, 1]].T, gap])  # (L·H − 1, S + 1)
    when = np.tile([*steps, 0], len(others))
    return _curve(
        np.maximum(when, ZERO), y.ravel(), np.column_stack([at.repeat(size + 1, axis=0), when]),
        line=line(LIGHT["muted"]), marker={"size": 3, "color": LIGHT["muted"]}, opacity=0.45,
    )  # fmt: skip


def _curve_of_head(steps: Sequence[int], means: np.ndarray, head: tuple[int, int]) -> Spec:
    return _curve(
        np.maximum(steps, ZERO), means[:, head[0], head[1]], np.array([(*head, step) for step in steps]),
        line=line(ROLES["attention"], 2.5), marker={"size": 6, "color": ROLES["attention"]},
    )  # fmt: skip


def _leaders(means: np.ndarray, chosen: tuple[int, int]) -> list[tuple[int, int]]:
    """The heads that end highest, the chosen one aside, best first."""
    order = np.argsort(-means[-1], axis=None, kind="stable")
    ranked = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, means.shape[1:]), strict=True)]
    return [head for head in ranked if head != chosen][:LEADERS]


def _curves_of_leaders(steps: Sequence[int], means: np.ndarray, chosen: tuple[int, int]) -> list[Spec]:
    """A line in a colour of its own for each of the leaders."""
    return [
        _curve(
            np.maximum(steps, ZERO), means[:, i, j], np.array([(i, j, step) for step in steps]),
            line=line(colour, 1.5), marker={"size": 3, "color": colour},
        )
        for (i, j), colour in zip(_leaders(means, chosen), LEADING, strict=False)
    ]  # fmt: skip


def _ends(panel: Panel, means: np.ndarray, chosen: tuple[int, int]) -> list[Spec]:
    """The names of the chosen head and of the leaders beside the ends of their lines, moved apart where they meet."""
    heads = [chosen, *_leaders(means, chosen)]
    colours = [ROLES["attention"], *LEADING]
    order = sorted(range(len(heads)), key=lambda n: float(means[-1][heads[n]]))
    ends = np.array([float(means[-1][heads[n]]) for n in order])
    for i in range(1, len(ends)):
        ends[i] = max(ends[i], ends[i - 1] + APART)
    ends -= max(ends[-1] - 1, 0)  # none above the top of the panel
    for i in range(len(ends) - 1, 0, -1):
        ends[i - 1] = min(ends[i - 1], ends[i] - APART)
    return [
        note(
            f"L{heads[n][0]}H{heads[n][1]}", x=panel.across[1], y=float(end), yref=panel.y, xanchor="right",
            font={"size": 11, "color": colours[n]},
        )
        for n, end in zip(order, ends, strict=True)
    ]  # fmt: skip


def _curve(x: np.ndarray, y: np.ndarray, who: np.ndarray, **look: object) -> Spec:
    """who (n, 3): layer, head and step of each point."""
    return points(x.astype(np.float32), y, "lines+markers", customdata=who, hovertemplate=HOVER, **look)


def _skill_loss(name: str, steps: Sequence[int], values: Sequence[float]) -> Spec:
    return points(
        np.maximum(steps, ZERO).astype(np.float32), np.array(values, dtype=np.float32), "lines+markers",
        customdata=list(steps), line=line(CATEGORIES[1], 1.5), marker={"size": 5, "color": CATEGORIES[1]},
        hovertemplate=f"{name}, step %{{customdata:,}}: %{{y:.2f}} nats<extra></extra>",
    )  # fmt: skip


def _loss(name: str, steps: Sequence[float], values: Sequence[float]) -> Spec:
    """The loss of the training batches as a line, of held-out documents as dots: the training page's colours."""
    colour = CATEGORIES[0] if name == "training" else CATEGORIES[1]
    return points(
        np.maximum(steps, ZERO).astype(np.float32), np.array(values, dtype=np.float32),
        "lines" if name == "training" else "markers", customdata=list(steps),
        line=line(colour, 1.5), marker={"size": 6, "color": colour},
        hovertemplate=f"{name}, step %{{customdata:,}}: %{{y:.2f}} nats per token<extra></extra>",
    )  # fmt: skip
