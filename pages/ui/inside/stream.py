"""The residual stream as a diagram: one typed array of the trace's tensors, and a header that says what lies where."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.ui import cache, components, near, state
from pages.ui.inside.focus import lens, show, window
from pages.ui.view import View

if TYPE_CHECKING:
    from core.analysis.stream.cells import Cell
    from core.analysis.stream.tensors import BlockTensor

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


def open_block(view: View) -> int | None:
    """The block that is open, if this model has it."""
    layer = state.get("block")
    return layer if layer is not None and layer < view.description.config.n_layers else None


def kept_cell(view: View) -> tuple[str, tuple[int, ...], "Cell"] | None:
    """The cell that is kept, worked out: tensor, place and arithmetic; None where there is no such cell here."""
    from core.analysis.stream.cells import explain

    layer = open_block(view)
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
    layer, cell = open_block(view), kept_cell(view)
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
        described = _block_tensors(view.name, view.step, cache.stamp(view.name), layer, view.ids[:1])
        header["tensors"] = {
            name: _tensor_header(name, described[name], config.n_layers, tensor) for name, tensor in tensors.items()
        }
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


def _tensor_header(name: str, described: "BlockTensor", layers: int, tensor: np.ndarray) -> dict[str, Any]:
    """What the readout says about a tensor."""
    sizes = (layers, *tensor.shape) if described.site else tensor.shape
    header = {
        "words": WORDS[name],
        "formula": described.formula,
        "inputs": described.inputs,
        "reads": described.reads,
        "terms": described.terms,
        "site": described.site,
        "shape": f"({described.axes}) = {' × '.join(map(str, sizes))}",
        "code": described.code,
        "keys": name in ("attn_scores", "pattern"),
        "shares": name == "pattern",
    }
    return header | ({"least": min(620, max(190, 4 * tensor.shape[-1]))} if tensor.ndim == 3 else {})


@st.cache_data(max_entries=64, show_spinner=False)
def _block_tensors(
    name: str, step: int, stamp: tuple[int, ...], layer: int, ids: tuple[int, ...]
) -> "dict[str, BlockTensor]":
    from core.analysis.stream.tensors import block_tensors

    return block_tensors(cache.checkpoint(name, step).model, cache.trace(name, step, ids), layer)


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
