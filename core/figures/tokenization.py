"""Figures of the tokenization page: what a text costs, a sentence in ten languages, how a vocabulary pays."""

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.figures.labels import plain
from core.figures.palette import LIGHT, ROLES, scale

ROW = 30  # pixels for each tokenizer
_STILL = {"showgrid": False, "zeroline": False, "fixedrange": True}
_BARE = _STILL | {"showticklabels": False, "ticks": "", "showline": False, "side": "top"}


def counts(names: Sequence[str], pieces: Sequence[int], sizes: Sequence[int], notes: Sequence[str]) -> go.Figure:
    """Pieces that each tokenizer makes, and how many bytes one spells on average.

    `sizes` are the bytes that the pieces spell together, `notes` a few words after each count ("" for none).
    """
    per_piece = [size / max(n, 1) for size, n in zip(sizes, pieces, strict=True)]
    rows = list(range(len(names)))
    figure = go.Figure()
    for axis, values, text, colour in (
        ("x", list(pieces), [f"{n:,} {note}" for n, note in zip(pieces, notes, strict=True)], ROLES["token"]),
        ("x2", per_piece, [f"{n:.2f}" for n in per_piece], ROLES["residual"]),
    ):
        figure.add_bar(
            x=values,
            y=rows,
            xaxis=axis,
            orientation="h",
            marker={"color": colour},
            text=text,
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    figure.update_layout(
        margin={"l": 90, "r": 40, "t": 36, "b": 8},
        showlegend=False,
        bargap=0.35,
        xaxis=_BARE | {"domain": [0, 0.5], "title": {"text": "pieces"}, "range": [0, max(*pieces, 1) * 1.45]},
        xaxis2=_BARE
        | {"domain": [0.58, 1], "title": {"text": "bytes for each"}, "range": [0, max(*per_piece, 1) * 1.25]},
        yaxis=_STILL | {"tickvals": rows, "ticktext": [plain(name) for name in names], "autorange": "reversed"},
    )
    return figure


def languages(names: Sequence[str], tokenizers: Sequence[str], tokens: Sequence[Sequence[int]]) -> go.Figure:
    """`tokens[language][tokenizer]` of one sentence, coloured by how often it costs what the first language costs."""
    ratios = [[n / max(base, 1) for n, base in zip(row, tokens[0], strict=True)] for row in tokens]
    text = [
        [f"{n}   {ratio:.1f}×" for n, ratio in zip(row, by, strict=True)]
        for row, by in zip(tokens, ratios, strict=True)
    ]
    highest = max(max(row) for row in ratios)
    figure = go.Figure(
        go.Heatmap(
            z=ratios,
            text=text,
            texttemplate="%{text}",
            textfont={"color": LIGHT["text"]},
            colorscale=scale(LIGHT["sequential"][:5]),  # the pale half: the numbers stay readable
            zmin=0.5,
            zmax=max(highest, 2.0),
            xgap=3,
            ygap=3,
            showscale=False,
            hovertemplate="%{text} the tokens of the English sentence<extra></extra>",
        )
    )
    figure.update_layout(
        margin={"l": 70, "r": 8, "t": 30, "b": 8},
        xaxis=_STILL
        | {"tickvals": list(range(len(tokenizers))), "ticktext": list(map(plain, tokenizers)), "side": "top"},
        yaxis=_STILL | {"tickvals": list(range(len(names))), "ticktext": list(names), "autorange": "reversed"},
    )
    return figure


def learning(curve: Sequence[tuple[int, float]], target: int, references: Mapping[str, float]) -> go.Figure:
    """Bytes per token on held-out text (`curve`: size, bytes per token) as the vocabulary grows to `target`.

    `references` are other tokenizers on the same text, drawn as lines across.
    """
    sizes, values = [size for size, _ in curve], [value for _, value in curve]
    figure = go.Figure(
        go.Scatter(
            x=sizes,
            y=values,
            mode="lines+markers",
            line={"color": ROLES["token"], "width": 2.5},
            marker={"size": 5},
            hovertemplate="%{x:,} tokens in the list<br>%{y:.2f} bytes per token<extra></extra>",
        )
    )
    highest = max([*values, *references.values(), 1.0])
    heights = _apart(list(references.values()), 0.06 * highest)
    for (name, value), height in zip(references.items(), heights, strict=True):
        figure.add_hline(y=value, line={"color": LIGHT["muted"], "width": 1, "dash": "dot"})
        label = f"{plain(name)} {value:.2f}"
        figure.add_annotation(text=label, x=1.01, xref="paper", y=height, xanchor="left", showarrow=False)
    figure.update_layout(
        margin={"l": 52, "r": 116, "t": 10, "b": 44},
        showlegend=False,
        xaxis={
            "type": "log",
            "title": {"text": "tokens in the list"},
            "range": [math.log10(250), math.log10(max(target, 300) * 1.05)],
        }
        | {"tickvals": [256 * 2**k for k in range(10)], "ticktext": [f"{256 * 2**k:,}" for k in range(10)]},
        yaxis={"title": {"text": "bytes per token"}, "range": [0, highest * 1.12]},
    )
    return figure


def _apart(values: Sequence[float], gap: float) -> list[float]:
    """Heights for labels of these values: in their order, as near as can be, `gap` apart, around the same middle."""
    order = sorted(range(len(values)), key=values.__getitem__)
    placed: list[float] = []
    for i in order:
        placed.append(max(values[i], placed[-1] + gap) if placed else values[i])
    shift = (sum(placed) - sum(values)) / max(len(values), 1)
    heights = dict(zip(order, placed, strict=True))
    return [heights[i] - shift for i in range(len(values))]
