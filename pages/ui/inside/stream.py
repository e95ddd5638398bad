"""The residual stream as a diagram: one typed array of the trace's tensors, and a header that says what lies where."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.ui import cache, components, near, state
from pages.ui.inside.focus import lens, show, window
from pages.ui.view import View

if TYPE_CHECKING:
    from core.analysis.stream.cells import Cell

_stream = components.component("stream")

WORDS = {
    "resid_pre": "the vector that comes in",
    "norm1": "the same, brought to a common scale",
    "q": "query: what it looks for",
    "k": "key: what it offers",
    "v": "value: what it hands on",
    "attn_scores": "how well each earlier token fits",
    "pattern": "shares: whom it reads from",
    "z": "the values read, mixed by those shares",
    "attn_out": "what attention writes",
    "resid_mid": "the vector with it added",
    "norm2": "again brought to a common scale",
    "mlp_pre": "what goes into each neuron",
    "mlp_up": "what each gate lets through or holds back",
    "mlp_post": "how active each neuron is",
    "mlp_out": "what the MLP writes",
    "resid_post": "the vector that goes on",
}
READS = {
    "norm1": ["resid_pre"], "q": ["norm1"], "k": ["norm1"], "v": ["norm1"], "attn_scores": ["q", "k"],
    "pattern": ["attn_scores"], "z": ["pattern", "v"], "attn_out": ["z"], "resid_mid": ["resid_pre", "attn_out"],
    "norm2": ["resid_mid"], "mlp_pre": ["norm2"], "mlp_up": ["norm2"], "mlp_post": ["mlp_pre"],
    "mlp_out": ["mlp_post"], "resid_post": ["resid_mid", "mlp_out"],
}  # fmt: skip
ROWS = (  # title, role, lines of strips beside one another
    ("The stream comes in", "residual", (("resid_pre",),)),
    (
        "Attention: read from earlier tokens",
        "attention",
        (("norm1",), ("q", "k", "v"), ("attn_scores", "pattern"), ("z",), ("attn_out",)),
    ),
    ("Add", "residual", (("resid_mid",),)),
    (
        "MLP: work on this token alone",
        "mlp",
        (("norm2",), ("mlp_pre",), ("mlp_up",), ("mlp_post",), ("mlp_out",)),
    ),
    ("Add, and on to the next block", "residual", (("resid_post",),)),
)
AXES = {"q": "L, H, T, Dh", "attn_scores": "L, H, T, T", "mlp_pre": "L, T, M", "resid_pre": "L, T, D"}
AXES |= dict.fromkeys("kvz", AXES["q"]) | {"pattern": AXES["attn_scores"], "mlp_post": AXES["mlp_pre"]}
AXES |= dict.fromkeys(("attn_out", "resid_mid", "mlp_out", "resid_post"), AXES["resid_pre"])
AXES |= {"norm1": "T, D", "norm2": "T, D", "mlp_up": "T, M"}


def opened(view: View) -> int | None:
    """The block that is open, if this model has it."""
    layer = state.get("block")
    return layer if layer is not None and layer < view.description.config.n_layers else None


def kept(view: View) -> tuple[str, tuple[int, ...], "Cell"] | None:
    """The cell that is kept, worked out: tensor, place and arithmetic; None where there is no such cell here."""
    from core.analysis.stream.cells import explain

    layer = opened(view)
    name, *place = str(state.get("cell")).split(".")
    if layer is None or not all(p.isdecimal() and len(p) < 6 for p in place):
        return None
    index = tuple(int(p) for p in place)
    try:
        return name, index, explain(view.checkpoint.model, view.trace, name, layer, view.focus, index)
    except ValueError:
        return None


def stream(view: View, *, key: str) -> None:
    """The diagram. Opening a block sets the property `block`, keeping a cell `cell`, pinning a token `cursor`."""
    header, payload = _header_and_array(view)

    def on_open(event: components.Event) -> None:
        layer = event.get("layer")
        state.update(block=layer if layer in range(header["layers"]) else None, cell="")

    def on_cell(event: components.Event) -> None:
        name, index = event.get("name"), event.get("index")
        valid = name in list(WORDS) and isinstance(index, list) and all(isinstance(i, int) for i in index)
        state.update(cell=f"{name}.{'.'.join(map(str, index or []))}" if valid else "")

    def on_pin(event: components.Event) -> None:
        position = event.get("position")
        near.update(cursor=position if position in range(header["total"]) else None)

    _stream(
        key=key,
        data=components.pack(header, payload),
        on_open_change=on_open,
        on_cell_change=on_cell,
        on_pin_change=on_pin,
    )


def _header_and_array(view: View) -> tuple[dict[str, Any], bytes]:
    """The header of assets/components/stream and its array: float32, little-endian, one tensor after another."""
    from core.analysis.stream.flow import flow

    start, stop = window(view)
    config, reading = view.description.config, lens(view)
    found = flow(view.trace, start, stop)
    arrays = {
        "stream": found.stream,  # (2L + 1, W)
        "attn": found.attention,
        "mlp": found.mlp,
        "links": found.links,  # (L, W, T)
        "sure": reading.top_probability[:, start:stop],
    }
    layer, cell = opened(view), kept(view)
    words, says = np.unique(reading.top[:, start:stop], return_inverse=True)
    header = {
        "title": f"The {config.n_layers} blocks of {view.name} and the tokens that flow through them",
        "labels": view.labels[start:stop],
        "names": view.labels,
        "start": start,
        "total": len(view.ids),
        "focus": view.focus,
        "cursor": view.cursor,
        "layers": config.n_layers,
        "words": [show(view, int(id)) for id in words],
        "says": says.reshape(reading.top[:, start:stop].shape).tolist(),
        "longest": found.longest,
        "most": found.usual_addition,
        "facts": facts(view),
        "opened": layer,
        "cell": {"name": cell[0], "index": list(cell[1])} if cell else None,
        "whole": ["k", "v"],
    }
    if layer is not None:
        tensors = _tensors(view, layer)
        arrays |= {name: _window(name, tensor, start, stop) for name, tensor in tensors.items()}
        header["tensors"] = {name: _cell_header(view, name, layer, tensor) for name, tensor in tensors.items()}
        header["parts"] = _parts(set(tensors))
    places, at = {}, 0
    for name, array in arrays.items():
        places[name] = [at, list(array.shape)]
        at += array.size
    header["arrays"] = places
    return header, b"".join(np.ascontiguousarray(array, dtype="<f4").tobytes() for array in arrays.values())


def _tensors(view: View, layer: int) -> dict[str, np.ndarray]:
    from core.analysis.stream.cells import block

    return {name: tensor.numpy() for name, tensor in block(view.checkpoint.model, view.trace, layer).items()}


def _window(name: str, tensor: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Token first, as the component reads it; k and v of every token, because later ones read them."""
    by_token = tensor.transpose(1, 0, 2) if tensor.ndim == 3 else tensor
    return by_token if name in ("k", "v") else by_token[start:stop]


def _parts(present: set[str]) -> list[list[Any]]:
    return [
        [title, role, [line for names in lines if (line := [name for name in names if name in present])]]
        for title, role, lines in ROWS
    ]


def _cell_header(view: View, name: str, layer: int, tensor: np.ndarray) -> dict[str, Any]:
    """What the readout says about a tensor."""
    from core.analysis.stream.cells import code

    config = view.description.config
    formula, terms = _formulas(view.name, view.step, cache.stamp(view.name), layer, view.ids[:1])[name]
    site = name not in ("norm1", "norm2", "mlp_up")
    line = code(name, layer, 0, (0, 0) if tensor.ndim == 3 else (0,))
    described: dict[str, Any] = {
        "words": WORDS[name],
        "formula": formula,
        "inputs": _inputs(view, name, layer),
        "reads": _reads(view, name),
        "terms": terms,
        "site": f"blocks.{layer}.{name}" if site else "",
        "shape": f"({AXES[name]}) = "
        + " × ".join(map(str, (config.n_layers, *tensor.shape) if site else tensor.shape)),
        "code": line[: line.rindex("[")],
        "keys": name in ("attn_scores", "pattern"),
        "shares": name == "pattern",
    }
    if tensor.ndim == 3:
        described["least"] = min(620, max(190, 4 * tensor.shape[-1]))
    return described


@st.cache_data(max_entries=64, show_spinner=False)
def _formulas(
    name: str, step: int, stamp: tuple[int, ...], layer: int, ids: tuple[int, ...]
) -> dict[str, tuple[str, int]]:
    """Of each tensor, the formula that the arithmetic of its first cell follows, and how many products that sums."""
    from core.analysis.stream.cells import block, explain

    model, trace = cache.checkpoint(name, step).model, cache.trace(name, step, ids)
    found = {}
    for tensor, values in block(model, trace, layer).items():
        cell = explain(model, trace, tensor, layer, 0, (0, 0) if values.dim() == 3 else (0,))
        found[tensor] = cell.formula, len(cell.inputs)
    return found


def _inputs(view: View, name: str, layer: int) -> str:
    """In words, what a tensor is computed from."""
    c = view.description.config
    if name == "resid_pre":
        start = "the embedding" + (" and the position" if c.position == "learned" else "")
        return f"what block {layer - 1} left" if layer else start
    notes = {"attn_scores": ["k of each token up to this one"], "z": ["v of each token up to this one"]}.get(name, [])
    if name in "qk":
        notes += ["normed per head"] * c.qk_norm + ["turned by the position"] * (c.position == "rotary")
    if name in "kv" and c.n_kv_heads < c.n_heads:
        notes += [f"one for {c.n_heads // c.n_kv_heads} heads"]
    return "; ".join([" and ".join(_reads(view, name)), *notes])


def _reads(view: View, name: str) -> list[str]:
    """The tensors of the block that `name` is computed from."""
    gated = name == "mlp_post" and view.description.config.activation == "swiglu"
    return READS.get(name, []) + ["mlp_up"] * gated


def facts(view: View) -> dict[str, str]:
    """The shapes of this model as the diagram's margin states them."""
    c = view.description.config
    groups = "" if c.n_kv_heads == c.n_heads else f"/{c.n_kv_heads} kv"
    learned = " + position" if c.position == "learned" else ""
    norm = {"rmsnorm": "RMSNorm", "layernorm": "LayerNorm"}[c.norm]
    return {
        "embed": f"embedding{learned}, {c.d_model} numbers",
        "attention": f"{c.n_heads} heads{groups} × {c.d_head}",
        "mlp": f"MLP {c.d_mlp:,}, {c.activation}",
        "end": f"{norm}, then {c.vocab_size:,} logits",
    }
