"""Figures of fine-tuning: how far each part moved, in how many directions, and what was forgotten for it."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.figures.labels import percent, plain
from core.figures.layout import LEGEND, MARGIN, Figure, axis, bare, figure, hline, line, rows
from core.figures.palette import CATEGORIES, LIGHT, ROLES, SEQUENTIAL
from core.figures.traces import Interval, bars, heat, intervals, plain_labels, points, row_bars, values_of

SYMBOLS = ("circle", "diamond", "square", "triangle-up", "star", "x")


def likeliest(labels: Sequence[str], shares: Sequence[float]) -> Figure:
    """The likeliest next tokens of one model, with their probabilities."""
    bar = row_bars(list(shares), LIGHT["muted"], [percent(p) for p in shares], hoverinfo="skip")
    xaxis = {"visible": False, "range": [0, max(0.02, *shares) * 1.2], "fixedrange": True}
    return figure([bar], margin=MARGIN, bargap=0.35, xaxis=xaxis, yaxis=rows(plain_labels(labels)))


def movement(shares: np.ndarray, columns: Sequence[str], what: str) -> Figure:
    """How far each part of each layer moved, `shares` (L, columns) of its own size; `what` a column is."""
    layers, few = [f"layer {layer}" for layer in range(len(shares))], shares.shape[1] <= 8
    said = [[percent(float(share)) for share in row] for row in shares]
    cells = heat(
        shares, SEQUENTIAL, 0.0, max(float(shares.max()), 1e-9), customdata=said, xgap=1, ygap=1,
        **({"text": said, "texttemplate": "%{text}"} if few else {}),
        hovertemplate=f"%{{y}}, {what} %{{x}}: moved by %{{customdata}} of its size<extra></extra>",
    )  # fmt: skip
    cells["x"] = [plain(name) for name in columns]
    cells["y"] = list(range(len(shares)))
    return figure([cells], margin=MARGIN, xaxis=bare(side="top", type="category"), yaxis=rows(layers))


def neurons(shares: np.ndarray) -> Figure:
    """The neurons of each layer, the one that moved most first: shares (L, M)."""
    traces = []
    for layer, own in enumerate(np.sort(shares, axis=1)[:, ::-1]):
        tone = CATEGORIES[layer % len(CATEGORIES)]
        x = np.arange(1, len(own) + 1)
        traces.append(points(x, own, "lines", name=f"layer {layer}", line=line(tone, 2),
                             hovertemplate="neuron no. %{x}: %{y:.2p}"))  # fmt: skip
    return figure(
        traces, margin=MARGIN | {"l": 52, "b": 40, "t": 28}, legend=LEGEND,
        xaxis=axis("neurons, the most moved first"), yaxis=axis("moved by", tickformat=".1%", rangemode="tozero"),
    )  # fmt: skip


def singular_values(values: Sequence[float], rank: int | None = None) -> Figure:
    """Of the change of one matrix, the largest first; `rank`: what LoRA allowed."""
    shown = list(values)[:40]
    colours = [ROLES["mlp"] if rank is None or i < rank else LIGHT["muted"] for i in range(len(shown))]
    return figure(
        [bars(list(range(1, len(shown) + 1)), shown, marker={"color": colours}, hovertemplate="no. %{x}: %{y:.3g}")],
        margin=MARGIN | {"l": 52, "b": 40}, bargap=0.2,
        xaxis=axis("direction"), yaxis=axis("size of the change", rangemode="tozero", nticks=5),
    )  # fmt: skip


def old_kinds(kinds: Mapping[str, tuple[float, float]]) -> Figure:
    """For each kind of old text (before, after), nats per document: what it lost, or gained."""
    names = sorted(kinds, key=lambda kind: kinds[kind][1] - kinds[kind][0])
    lost = [kinds[name][1] - kinds[name][0] for name in names]
    colours = [ROLES["attention"] if value > 0 else ROLES["token"] for value in lost]
    said = [f"{kinds[name][0]:.2f} → {kinds[name][1]:.2f}" for name in names]
    bar = bars(
        lost, list(range(len(names))), orientation="h", marker={"color": colours}, customdata=said, text=said,
        textposition="outside", cliponaxis=False, hovertemplate="%{customdata} nats per document<extra></extra>",
    )  # fmt: skip
    low, high = min(0.0, *lost), max(0.01, *lost)
    room = 0.35 * (high - low)
    return figure(
        [bar], margin=MARGIN | {"b": 40},
        xaxis=axis("nats per document more than before", range=[low - (room if low else 0), high + room]),
        yaxis=rows([plain(name, 30) for name in names]),
    )  # fmt: skip


def forgetting(groups: Mapping[str, Sequence[tuple[float, Interval, str]]], chosen: str = "") -> Figure:
    """For each way of training, its runs: (KL of the new task in nats per token, by how much the loss on the old text
    rose, what to call the run); the `chosen` one is framed."""
    traces = []
    for (way, found), colour, symbol in zip(groups.items(), CATEGORIES, SYMBOLS, strict=False):
        rises, names = [rise for _, rise, _ in found], [plain(name, 40) for _, _, name in found]
        edge = [3.0 if name == chosen else 0.5 for _, _, name in found]
        traces.append(
            points(
                [kl for kl, _, _ in found], values_of(rises), "markers", name=way, customdata=names,
                marker={"color": colour, "symbol": symbol, "size": 12, "line": {"width": edge, "color": LIGHT["text"]}},
                error_y=intervals(rises, color=colour, thickness=1.2, width=3),
                hovertemplate="%{customdata}<br>KL %{x:.2f}, loss on old text %{y:+.3f}",
            )
        )  # fmt: skip
    return figure(
        traces, margin=MARGIN | {"l": 56, "b": 44, "t": 30}, legend=LEGEND, shapes=[hline(0, line(LIGHT["line"], 1))],
        xaxis=axis("KL of the new task, nats per token", rangemode="tozero"),
        yaxis=axis("forgotten: nats per token of old text", nticks=6),
    )  # fmt: skip
