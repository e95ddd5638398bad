"""Figures of the tokenization page: the merges that build a token, and several tokenizers compared."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

import plotly.graph_objects as go

from core.figures.labels import plain
from core.figures.palette import LIGHT, ROLES
from core.text import Piece

ROW = 28  # pixels for each step of the merges


def located(tokens: Sequence[tuple[int, bytes]]) -> list[Piece]:
    """Tokens, given as id and bytes, with their byte offsets in the text that they spell."""
    ends = spans([data for _, data in tokens])
    return [Piece(id, data, *span) for (id, data), span in zip(tokens, ends, strict=True)]


def groups(pieces: Sequence[Piece], sizes: Sequence[int]) -> list[list[Piece]]:
    """The tokens by the chunk that they begin in; `sizes` are the bytes of the chunks, in order."""
    ends = list(accumulate(sizes))
    found: list[list[Piece]] = [[] for _ in range(len(ends) + 1)]  # the last: bytes of a character that was cut off
    for piece in pieces:
        found[bisect_right(ends, piece.start)].append(piece)
    return [group for group in found if group]


def around(group: Sequence[Piece], piece: Piece, cap: int) -> list[Piece]:
    """Whole tokens around `piece`, `cap` bytes at most. No merge crosses their borders: they merge as in the chunk."""
    first = last = group.index(piece)
    while True:
        if last + 1 < len(group) and group[last + 1].end - group[first].start <= cap:
            last += 1
        elif first > 0 and group[last].end - group[first - 1].start <= cap:
            first -= 1
        else:
            return list(group[first : last + 1])


def spans(parts: Sequence[bytes]) -> list[tuple[int, int]]:
    """First byte and end of each part."""
    found, at = [], 0
    for part in parts:
        found.append((at, at + len(part)))
        at += len(part)
    return found


def merges(
    steps: Sequence[Sequence[bytes]],
    labels: Mapping[bytes, str],
    ranks: Mapping[bytes, int],
    start: int,
    pinned: tuple[int, int],
) -> go.Figure:
    """A row for each of the `steps`, from single bytes to tokens; the part that a merge made is filled.

    `labels` and `ranks` are by part; `start` is the byte offset of the first part in the text, `pinned` the offsets
    of the token to frame.
    """
    old: list[tuple[int, int, int, bytes]] = []  # row, from, to, part
    new: list[tuple[int, int, int, bytes]] = []
    names, before = [], set(spans(steps[0]))
    for row, parts in enumerate(steps):
        made = [part for span, part in zip(spans(parts), parts, strict=True) if span not in before]
        names.append(f"rank {ranks[made[0]]:,}" if made and made[0] in ranks else "bytes")
        for span, part in zip(spans(parts), parts, strict=True):
            (old if span in before else new).append((row, *span, part))
        before = set(spans(parts))
    figure = go.Figure([_blocks(old, labels, start, False), _blocks(new, labels, start, True)])
    figure.add_vrect(x0=pinned[0], x1=pinned[1], line={"color": ROLES["token"], "width": 2})
    figure.update_layout(
        margin={"l": 76, "r": 8, "t": 8, "b": 44},
        barmode="overlay",
        bargap=0.16,
        showlegend=False,
        xaxis={"title": {"text": "byte offset in the text"}, "showgrid": False, "zeroline": False, "fixedrange": True},
        yaxis={
            "tickvals": list(range(len(steps))),
            "ticktext": names,
            "autorange": "reversed",
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
    )
    return figure


def _blocks(
    blocks: Sequence[tuple[int, int, int, bytes]], labels: Mapping[bytes, str], start: int, filled: bool
) -> go.Bar:
    shown = [plain(labels[part]) for *_, part in blocks]
    fill, ink = (ROLES["token"], LIGHT["background"]) if filled else (LIGHT["surface"], LIGHT["text"])
    return go.Bar(
        y=[row for row, *_ in blocks],
        x=[end - begin for _, begin, end, _ in blocks],
        base=[start + begin for _, begin, *_ in blocks],
        orientation="h",
        marker={"color": fill, "line": {"color": LIGHT["muted"], "width": 1}},
        text=shown,
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": ink},
        customdata=[part.hex(" ").upper() for *_, part in blocks],
        hovertemplate="%{text}<br>bytes %{customdata}<extra></extra>",
    )


def counts(names: Sequence[str], tokens: Sequence[int], size: int) -> go.Figure:
    """Tokens that each tokenizer needs for a text of `size` bytes, and how many bytes one token spells on average."""
    per_token = [size / max(n, 1) for n in tokens]
    rows = list(range(len(names)))
    figure = go.Figure()
    for axis, values, text, colour in (
        ("x", list(tokens), [f"{n:,}" for n in tokens], ROLES["token"]),
        ("x2", per_token, [f"{n:.2f}" for n in per_token], ROLES["residual"]),
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
    hidden = {
        "showticklabels": False,
        "ticks": "",
        "showline": False,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "side": "top",
    }
    figure.update_layout(
        margin={"l": 100, "r": 40, "t": 36, "b": 8},
        showlegend=False,
        bargap=0.35,
        xaxis=hidden | {"domain": [0, 0.46], "title": {"text": "tokens"}, "range": [0, max(tokens) * 1.12]},
        xaxis2=hidden
        | {"domain": [0.54, 1], "title": {"text": "bytes per token"}, "range": [0, max(per_token) * 1.12]},
        yaxis={
            "tickvals": rows,
            "ticktext": [plain(name) for name in names],
            "autorange": "reversed",
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
    )
    return figure
