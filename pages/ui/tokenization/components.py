"""The components of the tokenization page: the text with its ids, boundaries below one another, the growing tree."""

import zlib
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import numpy as np
import streamlit as st

from core.text import Piece, Tokenizer
from core.text.bpe import well_formed
from core.text.graphemes import grapheme_ends, grapheme_groups
from core.text.merge_tree import Join
from pages.ui import components, state
from pages.ui.text import visible
from pages.ui.tokenizers import MAX_DRAWN, Cut

NONE = 0xFFFFFFFF  # the id of a word that is not in the list
HINT = "Point at a token or its number; click to pin it, click again to let go. Arrow keys walk."

_pieces = components.component("pieces")
_boundaries = components.component("boundaries")
_merge_tree = components.component("merge_tree")


@st.cache_data(max_entries=16, show_spinner=False)
def _piece_columns(
    text: str, stamp: tuple[Any, ...], _pieces: tuple[Piece, ...], _learned: dict[int, int]
) -> tuple[int, bytes]:
    """The bytes of the text up to the last of the pieces, how many they are, and with them the columns id, start, end,
    group and learned count (five of len(pieces) uint32)."""
    data = well_formed(text).encode("utf-8")
    data = data[: _pieces[-1].end] if len(_pieces) == MAX_DRAWN else data
    columns = [
        [NONE if piece.id < 0 else piece.id for piece in _pieces],
        [piece.start for piece in _pieces],
        [piece.end for piece in _pieces],
        grapheme_groups(_pieces, data.decode("utf-8", "ignore")),
        [_learned.get(piece.id, 0) for piece in _pieces],
    ]
    return len(data), data + np.array(columns, dtype="<u4").tobytes()


def learned_counts(tokenizer: Tokenizer | None) -> dict[int, int]:
    """By rank, how often the pair stood side by side when its merge was learned; nothing is known of public ones."""
    return {merge.rank: merge.count for merge in tokenizer.bpe.merges} if tokenizer and tokenizer.bpe else {}


def pieces(cut: Cut, text: str, *, key: str, cursor: int | None, shared: bool) -> int | None:
    """The text in pieces beside their ids; returns the index of the pinned piece, or None.

    `shared`: the pieces are the view's tokens after the start token, so a pin sets the property `cursor` to the index
    plus one. Otherwise the pin is kept under `key` + "_pin".
    """
    own, offset = f"{key}_pin", 1 if shared else 0
    position = cursor if shared else st.session_state.get(own)
    drawn = cut.pieces
    if position is not None and not offset <= position < len(drawn) + offset:
        position = None
    tokenizer = cut.tokenizer
    size, payload = _piece_columns(text, cut.version, drawn, learned_counts(tokenizer))
    left_out = f"The first {len(drawn):,} of {cut.total:,} are drawn; all are counted." * (len(drawn) < cut.total)
    header = {
        "count": len(drawn),
        "size": size,
        "version": zlib.crc32(payload, zlib.crc32(cut.key.encode())),
        "title": "Tokens of the text",
        "id_name": {"characters": "code point", "bytes": "value", "words": "place in the word list"}.get(cut.key, "id"),
        "ranks": tokenizer is not None,
        "gaps": cut.key == "words",
        "special": {str(id): name for name, id in tokenizer.special_tokens.items()} if tokenizer else {},
        "cursor": position,
        "offset": offset,
        "shared": shared,
        "hint": HINT,
        "note": left_out,
    }

    def on_pin(event: components.Event) -> None:
        chosen = event.get("position")
        valid = chosen if isinstance(chosen, int) and offset <= chosen < len(drawn) + offset else None
        if shared:
            state.update(cursor=valid)
        else:
            st.session_state[own] = valid

    _pieces(key=key, data=components.pack(header, payload), on_pin_change=on_pin)
    return None if position is None else position - offset


MAX_ALIGNED = 400  # graphemes under which boundaries are drawn


def boundaries(text: str, cuts: Sequence[Cut], *, key: str) -> int:
    """The first graphemes of the text, and under each line where every cut has its borders. Returns how many bytes."""
    head = text[: MAX_ALIGNED * 50]
    ends = grapheme_ends(head)[:MAX_ALIGNED]
    size = ends[-1] if ends else 0
    data = well_formed(head).encode("utf-8")[:size]
    header = {
        "ends": ends,
        "rows": [
            {
                "title": cut.title,
                "pieces": [
                    [piece.start, min(piece.end, size), piece.id]
                    for piece in takewhile(lambda piece: piece.start < size, cut.pieces)
                ],
            }
            for cut in cuts
        ],
        "title": "Where each tokenizer cuts the text",
    }
    _boundaries(key=key, data=components.pack(header, data))
    return size


def merge_tree(chunk: bytes, steps: Sequence[Join], counts: dict[int, int], start: int, *, key: str) -> None:
    """The merges of a chunk as a tree that grows step by step; `counts` by rank, `start` the offset in the text."""
    header = {
        "start": start,
        "joins": [[join.start, join.width, join.rank, list(join.candidates)] for join in steps],
        "counts": {str(join.rank): counts[join.rank] for join in steps if join.rank in counts},
        "spelled": visible(chunk.decode("utf-8", "replace")),
        "title": "The merges of one chunk, from bytes to tokens",
    }
    _merge_tree(key=key, data=components.pack(header, chunk))
