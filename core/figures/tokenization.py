"""Figures of the tokenization page: what a text costs, a sentence in ten languages, how a vocabulary pays."""

import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from core.figures.labels import plain
from core.figures.layout import Figure, bare, figure, hline, line, note, rows
from core.figures.palette import LIGHT, ROLES, scale
from core.figures.traces import heat, plain_labels, points, row_bars

ROW = 30  # pixels for each tokenizer


def counts(names: Sequence[str], pieces: Sequence[int], sizes: Sequence[int], notes: Sequence[str]) -> Figure:
    """Pieces that each tokenizer makes, and how many bytes one spells on average.

    `sizes` are the bytes that the pieces spell together, `notes` a few words after each count ("" for none).
    """
    per_piece = [size / max(n, 1) for size, n in zip(sizes, pieces, strict=True)]
    said = [f"{n:,} {note}" for n, note in zip(pieces, notes, strict=True)]
    left = row_bars(list(pieces), ROLES["token"], said, hoverinfo="skip")
    right = row_bars(per_piece, ROLES["residual"], [f"{n:.2f}" for n in per_piece], hoverinfo="skip", xaxis="x2")
    blank = partial(bare, showticklabels=False, ticks="", showline=False, side="top")
    return figure(
        [left, right],
        margin={"l": 90, "r": 40, "t": 36, "b": 8},
        showlegend=False,
        bargap=0.35,
        xaxis=blank("tokens", domain=[0, 0.5], range=[0, max(*pieces, 1) * 1.45]),
        xaxis2=blank("bytes per token", domain=[0.58, 1], range=[0, max(*per_piece, 1) * 1.25]),
        yaxis=rows(plain_labels(names)),
    )


def languages(names: Sequence[str], tokenizers: Sequence[str], tokens: Sequence[Sequence[int]]) -> Figure:
    """`tokens[language][tokenizer]` of one sentence, coloured by how often it costs what the first language costs."""
    ratios = np.array(tokens) / np.maximum(tokens[0], 1)  # (languages, tokenizers)
    text = [
        [f"{n}   {ratio:.1f}×" for n, ratio in zip(row, by, strict=True)]
        for row, by in zip(tokens, ratios, strict=True)
    ]
    pale = scale(LIGHT["sequential"][:5])  # the numbers stay readable
    cells = heat(
        ratios, pale, 0.5, max(ratios.max(), 2.0), text=text, texttemplate="%{text}", xgap=3, ygap=3,
        textfont={"color": LIGHT["text"]}, hovertemplate="%{text} the tokens of the English sentence<extra></extra>",
    )  # fmt: skip
    return figure(
        [cells],
        margin={"l": 70, "r": 8, "t": 30, "b": 8},
        xaxis=bare(tickvals=list(range(len(tokenizers))), ticktext=plain_labels(tokenizers), side="top"),
        yaxis=rows(names),
    )


def learning_curve(curve: Sequence[tuple[int, float]], target: int, references: Mapping[str, float]) -> Figure:
    """Bytes per token on held-out text (`curve`: size, bytes per token) as the vocabulary grows to `target`.

    `references` are other tokenizers on the same text, drawn as lines across.
    """
    sizes, values = [size for size, _ in curve], [value for _, value in curve]
    own = points(
        sizes, values, "lines+markers", line=line(ROLES["token"], 2.5), marker={"size": 5},
        hovertemplate="%{x:,} tokens in the list<br>%{y:.2f} bytes per token<extra></extra>",
    )  # fmt: skip
    highest = max([*values, *references.values(), 1.0])
    heights = _apart(list(references.values()), 0.06 * highest)
    doublings = [256 * 2**k for k in range(10)]
    return figure(
        [own],
        margin={"l": 52, "r": 116, "t": 10, "b": 44},
        showlegend=False,
        shapes=[hline(value, line(LIGHT["muted"], 1, "dot")) for value in references.values()],
        annotations=[
            note(f"{plain(name)} {value:.2f}", x=1.01, y=height, xanchor="left")
            for (name, value), height in zip(references.items(), heights, strict=True)
        ],
        xaxis={
            "type": "log", "title": {"text": "tokens in the list"}, "tickvals": doublings,
            "ticktext": [f"{n:,}" for n in doublings],
            "range": [math.log10(250), math.log10(max(target, 300) * 1.05)],
        },
        yaxis={"title": {"text": "bytes per token"}, "range": [0, highest * 1.12]},
    )  # fmt: skip


def _apart(values: Sequence[float], gap: float) -> list[float]:
    """Heights for labels of these values: in their order, as near as can be, `gap` apart, around the same middle."""
    order = sorted(range(len(values)), key=values.__getitem__)
    placed: list[float] = []
    for i in order:
        placed.append(max(values[i], placed[-1] + gap) if placed else values[i])
    shift = (sum(placed) - sum(values)) / max(len(values), 1)
    heights = dict(zip(order, placed, strict=True))
    return [heights[i] - shift for i in range(len(values))]
