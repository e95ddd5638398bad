"""The attention page's linked views: the grid of heads, the open head, and the stages of one token's attention.

The grid carries the weights of every head to the browser, once for each text and step, and the stages, when they come
into sight, what the weights were made from; the views draw from both there, so that another head or token needs no
answer from here. What is open and pinned is kept in these properties:
`layer`, `head` and `open_heads`; `cursor` and `also_pinned`; `first_aside`.
"""

import re
import zlib
from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.ui import cache, components, near, state
from pages.ui.caption import truth
from pages.ui.view import View, current
from pages.ui.which_head import which_head

MOST_NUMBERS = 8_000_000  # float32 numbers that a browser is sent: 32 MB; a longer text is shown up to there
Heads = list[tuple[int, int]]
HINT = (
    "Point at a head to preview it; click opens it, again closes it (then you see the mean of all); "
    "double-click keeps only that one, and again brings the others back; shift-click adds one. Arrow keys walk, "
    "i isolates, Escape closes."
)

_head, _stages = components.component("attention_head"), components.component("attention_stages")


def shown_tokens(view: View) -> int:
    """How many tokens of the text fit what the browser is sent."""
    config, length = view.description.config, len(view.ids)
    heads = config.n_layers * config.n_heads
    while length > 2 and heads * (length * (length + 1) // 2 + 4 * length * config.d_head) > MOST_NUMBERS:
        length -= 1
    return length


def open_heads(view: View) -> tuple[Heads, bool]:
    """The heads on show, the last of them the one whose role and stages are told, and whether it stands alone."""
    config, text = view.description.config, state.get("open_heads")
    main = which_head(view.description)
    if text == "none":
        return [], False
    pairs = [(int(i), int(j)) for i, j in re.findall(r"(\d{1,3})\.(\d{1,3})", text)]
    several = [pair for pair in dict.fromkeys(pairs) if pair[0] < config.n_layers and pair[1] < config.n_heads]
    return (several, False) if main in several else ([main], text == "alone")


def chosen_head(view: View) -> tuple[int, int]:
    """(layer, head) of the open head, or of the last that was."""
    heads = open_heads(view)[0]
    return heads[-1] if heads else which_head(view.description)


def pins(view: View, length: int) -> list[int]:
    """The pinned positions, the cursor last. `also_pinned` counts only beside the cursor it was made for."""
    if view.cursor is None or view.cursor >= length:
        return []
    owner, _, others = state.get("also_pinned").partition(":")
    kept = [int(i) for i in re.findall(r"\d{1,6}", others)] if owner == str(view.cursor) else []
    return [i for i in dict.fromkeys(kept) if i < length and i != view.cursor] + [view.cursor]


def grid(view: View, names: Sequence[Sequence[str]] | None) -> int:
    """Draws the grid, with names[layer][head] under each thumbnail; returns how many tokens it shows."""
    config, trace, length = view.description.config, view.trace, shown_tokens(view)
    heads, alone = open_heads(view)
    note = f" The first {length} of {len(view.ids)} tokens are shown." if length < len(view.ids) else ""
    linked = {
        "reading": _reading(view, length),
        "hint": HINT,
        "note": note,
        "view": {
            "open": heads,
            "isolated": alone,
            "pins": pins(view, length),
            "aside": bool(state.get("first_aside")),
            "turns": {part: st.session_state.get(f"{part}_turn", 0) for part in ("open", "pins", "aside")},
        },
    }

    def on_select(event: components.Event) -> None:
        _heard("open", event)
        chosen = components.open_heads(event, config.n_layers, config.n_heads)
        if not chosen:
            return near.update(open_heads="none")
        layer, head = chosen[-1]
        text = "alone" if event.get("isolated") else " ".join(f"{i}.{j}" for i, j in chosen) if len(chosen) > 1 else ""
        return near.update(layer=layer, head=head, open_heads=text)

    components.heads(
        trace.pattern[:, :, :length, :length].numpy(),
        key="heads",
        labels=view.labels[:length],
        scores=names,
        selected=chosen_head(view),
        linked=linked,
        on_select=on_select,
    )
    return length


def _reading(view: View, length: int) -> int:
    """A number that tells which reading of which text the weights of all heads are of, and what they were made from."""
    return zlib.crc32(repr((view.name, view.step, cache.stamp(view.name), view.ids[:length])).encode())


def _heard(part: str, event: components.Event) -> None:
    """Keeps the turn of what the browser sent, for it to know whether what it is told is up to date."""
    if isinstance(turn := event.get("turn"), int):
        st.session_state[f"{part}_turn"] = turn


def open_head(length: int) -> None:
    """The open head as a heat map and as lines. Clicks pin tokens; a box sets the first token aside."""

    def pins(event: components.Event) -> None:
        _heard("pins", event)
        raw = event.get("positions")
        found = [i for i in raw if isinstance(i, int) and 0 <= i < length] if isinstance(raw, list) else []
        last = found[-1] if found else None
        near.update(cursor=last, also_pinned=f"{last}: {' '.join(map(str, found[:-1]))}" if len(found) > 1 else "")

    def aside(event: components.Event) -> None:
        _heard("aside", event)
        near.update(first_aside=int(bool(event.get("on"))))

    _head(key="open_head", data=components.pack({}), on_pins_change=pins, on_aside_change=aside)


def weights() -> None:
    """From q · k to z for one token of the open head, with what each number was made from."""
    st.markdown(
        "Each token asks a question (its **query** q), makes an offer (its **key** k) and holds something worth "
        "reading (its **value** v). Read from left to right; point at a cell to see what it was made from."
    )
    view = current()
    trace, (layer, head), length = view.trace, chosen_head(view), shown_tokens(view)
    vectors = np.stack([tensor[:, :, :length].numpy() for tensor in (trace.q, trace.k, trace.v, trace.z)])
    header = {"reading": _reading(view, length), "size": vectors.shape[-1]}
    _stages(key="weight_stages", data=components.pack(header, vectors.astype("<f4", copy=False).tobytes()))
    at, query = f"[{layer}, {head}]", min(view.focus, length - 1)
    code = view.code.then(
        f"q, k, v = trace.q{at}, trace.k{at}, trace.v{at}  # (T, Dh)",
        f"scores = (k @ q[{query}] / k.shape[1] ** 0.5)[: {query + 1}]  # = trace.attn_scores{at[:-1]}, {query}]",
        f"weights = scores.softmax(0)  # = trace.pattern{at[:-1]}, {query}]",
    ).gives(f"weights @ v[: {query + 1}]", trace.z[layer, head, query])
    truth(
        f"trace.q, k, v, z{at}",
        (length, vectors.shape[-1]),
        "query, keys and values are the model's; your browser works out the stages from them",
        code,
    )
