"""The components that run in the browser: a folder each in assets/components. Text stays text.

Data travels as one block of bytes (`pack`), because bytes inside a dict would arrive as a string. What a visitor pins
or selects comes back as a trigger, a dict that is given to a callback and stored, so that the session holds the only
copy.
"""

import json
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import streamlit as st

from core.figures import Figure, to_json
from pages.ui import near, scripts, state
from pages.ui.text import Chip

MAX_CHIPS = 1500  # a longer strip would be slow to draw, and nobody reads it
Header = dict[str, Any]
Event = dict[str, Any]  # what a component sends
OnEvent = Callable[[Event], None]


def pack(header: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """Header length (4 bytes, little-endian), header as JSON, then the payload; shared/bytes.js unpacks it."""
    head = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    return struct.pack("<I", len(head)) + head + payload


def component(name: str, isolate: bool = True) -> Callable[..., Any]:
    """Declares the folder assets/components/NAME; once, when a module is imported. NAME.js is its entry.

    What is returned draws it: `draw(key=…, data=…, on_TRIGGER_change=callback)`; a callback gets the event.
    """
    html, css = ((scripts.FOLDER / name / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
    js = scripts.stub(name)
    mount = st.components.v2.component(f"glassbox_{name}", html=html, css=css, js=js, isolate_styles=isolate)

    def draw(*, key: str, data: bytes, **callbacks: OnEvent) -> None:
        heard: Any = {name: _hears(key, name[len("on_") : -len("_change")], then) for name, then in callbacks.items()}
        mount(key=key, data=data, **heard)

    return draw


def _hears(key: str, trigger: str, then: OnEvent) -> Callable[[], None]:
    def act() -> None:
        # None: its visitor sent this and left the page, and both came at once, when the component was there no more
        event = (st.session_state.get(key) or {}).get(trigger)
        if isinstance(event, dict):
            then(event)

    return act


_tokens, _heads, _copy_link, _pin, _typed = map(component, ("tokens", "heads", "copy_link", "pin", "typed"))
_plot = component("plot", isolate=False)  # plotly.js puts its styles into the document


# ---- tokens ----


@dataclass(frozen=True)
class Source:
    """Where the browser itself asks for another strip when a token is pinned: at `url` and the ids up to that token."""

    url: str
    ids: tuple[int, ...]


def tokens(
    chips: Sequence[Chip],
    *,
    key: str,
    cursor: int | None = None,
    values: Sequence[float | None] | None = None,
    value_label: str = "probability",
    percent: bool = True,
    low: float = 0.0,
    high: float = 1.0,
    probabilities: Sequence[float | None] | None = None,
    ids: bool = False,
    role: str = "token",
    title: str = "Tokens of the text",
    shared: bool = True,
    reports: bool = True,
    also: Sequence[int] = (),
    source: Source | None = None,
) -> int | None:
    """A strip of chips; returns the pinned position or None.

    `shared` strips show the view's tokens: pinning sets the property `cursor`, which all views follow, and
    hovering lights the same position elsewhere. Others keep their own pin under `key`. `values` colour the chips
    between `low` and `high`; `probabilities`, of the tokens before they were read, are shown on hover.
    `reports=False`: a pin is only announced in the browser, where `follow_pin` hears it. `also`: positions that are
    pinned beside the cursor. `source`: pinning a token of the text brings other chips and values.
    """
    own = f"{key}_pin"
    position = cursor if shared else st.session_state.get(own)
    count = min(len(chips), MAX_CHIPS)
    header = {
        **chips_of(chips[:count], values),
        "probabilities": _floats(probabilities, count),
        "value_label": value_label,
        "percent": percent,
        "low": float(low),
        "high": float(high),
        "ids": ids,
        "role": role,
        "title": title,
        "shared": shared,
        "reports": reports,
        "also": list(also),
        "cursor": position,
        "turn": None if reports and source is None else state.turn(),
        "source": asdict(source) if source else None,
        "note": f"The first {count:,} of {len(chips):,} tokens are shown." if count < len(chips) else "",
    }

    def on_pin(event: Event) -> None:
        valid = _position(event, count)
        if shared:
            near.update(cursor=valid)
        else:
            st.session_state[own] = valid

    _tokens(key=key, data=pack(header), on_pin_change=on_pin)
    return position


def chips_of(chips: Sequence[Chip], values: Sequence[float | None] | None) -> Header:
    """What a strip needs to know of its chips."""
    shown = [asdict(chip) | {"said": _said(chip)} for chip in chips]
    return {"chips": shown, "values": _floats(values, len(shown))}


def _floats(values: Sequence[float | None] | None, count: int) -> list[float | None] | None:
    return None if values is None else [None if v is None else float(v) for v in values[:count]]


def follow_pin(*sections: str, key: str) -> None:
    """Hears of tokens pinned in a strip that does not report, and runs these sections again. Shows nothing."""

    def on_pin(event: Event) -> None:
        state.update(cursor=_position(event, MAX_CHIPS))
        near.follow(*sections, stage=False)

    _pin(key=key, data=pack({}), on_pin_change=on_pin)


def pin(cursor: int | None) -> Header:
    """What the header of a view needs that follows the pin in the browser (settlePin in shared/events.js)."""
    return {"cursor": cursor, "turn": state.turn()}


def _position(event: Event, count: int) -> int | None:
    """The pinned position of an event, if it is one of `count`."""
    chosen = event.get("position")
    return chosen if isinstance(chosen, int) and 0 <= chosen < count else None


def _said(chip: Chip) -> str:
    """The token as a screen reader should say it."""
    names = {"·": "space ", "↵": "line end ", "⇥": "tab "}
    return f"token {''.join(names.get(c, c) for c in chip.label)}".strip()


# ---- plot ----


@dataclass(frozen=True)
class PlotEvent:
    """A click (or hover) on a point: its coordinates as plotly gives them; `point` is an index, or [row, column]."""

    kind: str
    x: Any
    y: Any
    z: Any
    point: Any
    curve: int
    customdata: Any


def plot(
    figure: Figure | bytes,
    *,
    key: str,
    height: int = 380,
    title: str = "Figure",
    hover: bool = False,
    cursor_axis: str | None = None,
    cursor: int | None = None,
    modebar: bool = False,
    least_width: int = 0,
    on_click: Callable[[PlotEvent], None] | None = None,
) -> PlotEvent | None:
    """Draws `figure`, or what `to_json` made of one, in place. Returns the click (or, with `hover`, the hover) that
    caused this run, else None.

    Colours come from pages.ui.theme; fonts, backgrounds and grids are added in the browser. `height` is reserved, so
    nothing jumps. `cursor_axis` ("x" or "y") announces hovered positions to the token strip. Where its layout
    says `meta={"columns": T}`, one for each token, that of the `cursor` is framed, and later that of any token pinned
    in the browser. `least_width` in pixels: where there is less room, the figure scrolls sideways. `on_click` runs
    before the page does.
    """
    payload = figure if isinstance(figure, bytes) else to_json(figure)
    columns = isinstance(figure, dict) and "meta" in figure["layout"]
    header = {
        "key": key,
        "height": height,
        "title": title,
        "hover": hover,
        "cursor_axis": cursor_axis,
        **(pin(cursor) if columns else {}),
        "modebar": modebar,
        "least_width": least_width,
        "clickable": on_click is not None,
    }

    def event(kind: str) -> PlotEvent | None:
        raw = st.session_state[key].get(kind)
        return PlotEvent(kind, **raw) if isinstance(raw, dict) else None

    def on_clicked(event: Event) -> None:
        if on_click:
            on_click(PlotEvent("click", **event))

    _plot(key=key, data=pack(header, payload), on_click_change=on_clicked, on_hover_change=lambda _: None)
    return event("click") or event("hover")


# ---- heads ----


def heads(
    pattern: np.ndarray,
    *,
    key: str,
    labels: Sequence[str],
    cursor: int | None = None,
    scores: Sequence[Sequence[str]] | None = None,
    selected: tuple[int, int] = (0, 0),
    title: str = "Attention heads, a row for each layer",
    linked: Mapping[str, Any] | None = None,
    on_select: OnEvent | None = None,
) -> tuple[int, int]:
    """All heads of `pattern` (L, H, T, T), floats in [0, 1], as thumbnails; returns the selected (layer, head).

    `labels` are the T tokens; `scores[layer][head]` is a few words under each thumbnail. Selecting sets the properties
    `layer` and `head`. `linked`, more of the header, shares the numbers with the views of pages/ui/attention/stage.py
    in the browser; `on_select` is then given what was selected.
    """
    layers, count, length, _ = pattern.shape
    layer, head = selected
    rows, columns = np.tril_indices(length)  # nothing above the diagonal travels
    payload = np.ascontiguousarray(pattern[:, :, rows, columns], dtype="<f4").tobytes()
    header = {
        "layers": layers,
        "heads": count,
        "length": length,
        "labels": list(labels),
        "cursor": cursor,
        "scores": scores,
        "selected": [layer, head],
        "title": title,
        "stamp": zlib.crc32(payload),
        **(linked or {}),
    }

    def on_selected(event: Event) -> None:
        if on_select:
            on_select(event)
        elif chosen_heads := open_heads(event, layers, count):
            near.update(layer=chosen_heads[-1][0], head=chosen_heads[-1][1])

    _heads(key=key, data=pack(header, payload), on_select_change=on_selected)
    return layer, head


def open_heads(event: Event, layers: int, count: int) -> list[tuple[int, int]]:
    """The heads that the browser says are open; whatever is no head of this model is passed over."""
    found = event.get("open")
    pairs = [pair for pair in found if isinstance(pair, list) and len(pair) == 2] if isinstance(found, list) else []
    return [(int(i), int(j)) for i, j in pairs if i in range(layers) and j in range(count)]


def typed_values() -> None:
    """Lets the values of all sliders on the page be typed."""
    _typed(key="typed", data=pack({}))


def copy_link(*, key: str = "copy_link") -> None:
    """A button that copies this page's address with the state at the time of the click. Call it in a fragment.

    The link carries what differs from the beginning and matters on this page. The address bar is kept up to date with
    all that differs, once something was changed, so that a reload keeps it.
    """
    question = f"{key}_question"

    def on_ask(event: Event) -> None:
        st.session_state[question] = event.get("question")

    page = str(st.context.url).partition("?")[0]  # so that the button hears of it when another page is opened
    query, link = state.queries(page.rpartition("/")[2] or "overview")
    data = pack({"query": query, "link": link, "question": st.session_state.get(question), "page": page})
    _copy_link(key=key, data=data, on_ask_change=on_ask)
