"""One number of a forward pass, worked out again from the numbers it was made of: the arithmetic behind a cell.

`block` gives every tensor of one block in the order in which it is computed, those between the named sites included;
`explain` takes one cell of them and returns its inputs, the weights they meet, and each step from their sum to its
value. Both work from a trace, in float64, with the weights of the model: independent of the code that made the trace.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.analysis.stream.weights import weight
from core.brief import Brief
from core.model import ModelConfig, Trace, Transformer
from core.model.activations import ACTIVATIONS
from core.model.rope import frequencies

ADDS = {"resid_mid": ("resid_pre", "attn_out"), "resid_post": ("resid_mid", "mlp_out")}
NORMS = {"norm1": ("resid_pre", "ln1"), "norm2": ("resid_mid", "ln2")}
DERIVED = {"norm1": "ln1(trace.resid_pre[{l}])", "norm2": "ln2(trace.resid_mid[{l}])"}
UP = "mlp.w_in(block.ln2(trace.resid_mid[{l}]))"  # SwiGLU's other half, which is no site


@dataclass(frozen=True, eq=False, repr=False)
class Cell(Brief):
    """A number and where it comes from.

    value: what the trace holds. inputs, weights (n,): the value starts as the sum of their products; `kind` says what
    the inputs are. steps: (what is done, the result), from that sum to the value; the last result is the value, but for
    rounding. formula: all of it in one line.
    """

    value: float
    formula: str
    kind: str
    inputs: Tensor
    weights: Tensor
    steps: tuple[tuple[str, float], ...]

    @property
    def result(self) -> float:
        return self.steps[-1][1]


def names(config: ModelConfig) -> tuple[str, ...]:
    """The tensors of a block of this family, in order of computation."""
    up = ("mlp_up",) * config.gated
    return ("resid_pre", "norm1", "q", "k", "v", "attn_scores", "pattern", "z", "attn_out",
            "resid_mid", "norm2", "mlp_pre", *up, "mlp_post", "mlp_out", "resid_post")  # fmt: skip


@torch.inference_mode()
def block(model: Transformer, trace: Trace, layer: int) -> dict[str, Tensor]:
    """Every tensor of block `layer` by name, float32 on the CPU: (T, …), heads first as in the trace: (H, T, …).

    norm1 and norm2 (T, D) are what ln1 and ln2 make of resid_pre and resid_mid; mlp_up (T, M), for SwiGLU only, is what
    the activated gate is multiplied with. ValueError: no such layer.
    """
    if not 0 <= layer < model.config.n_layers:
        raise ValueError(f"layers lie between 0 and {model.config.n_layers - 1}, not {layer}")
    part = model.get_submodule(f"blocks.{layer}")
    found: dict[str, Tensor] = {}
    for name in names(model.config):
        if name in NORMS:
            source, norm = NORMS[name]
            found[name] = part.get_submodule(norm)(found[source].to(model.device, model.dtype)).float().cpu()
        elif name == "mlp_up":
            found[name] = part.get_submodule("mlp.w_in")(found["norm2"].to(model.device, model.dtype)).float().cpu()
        else:
            found[name] = getattr(trace, name)[layer]
    return found


def code(name: str, layer: int, position: int, index: tuple[int, ...]) -> str:
    """The line of Python that gives a cell, after `trace = run_trace(…)`."""
    place = [position, *index] if len(index) == 1 else [index[0], position, index[1]]
    where = ", ".join(map(str, place))
    if name == "mlp_up" or name in DERIVED:
        line = UP if name == "mlp_up" else DERIVED[name]
        return f"block = checkpoint.model.blocks[{layer}]\nblock.{line.format(l=layer)}[{where}]"
    return f"trace.{name}[{layer}, {where}]"


@torch.inference_mode()
def explain(model: Transformer, trace: Trace, name: str, layer: int, position: int, index: tuple[int, ...]) -> Cell:
    """Work out cell `index` of tensor `name` in block `layer` at `position` from its inputs.

    index: (i,) for tensors of the stream and the MLP, (head, i) for q, k, v and z, (head, token read from) for
    attn_scores and pattern. ValueError: no such tensor or cell (scores of later tokens are no cells: they are masked).
    """
    if name not in names(model.config):
        raise ValueError(f"a block of this model has no tensor {name!r}")
    found = block(model, trace, layer)
    tensor = found[name]
    heads = tensor.dim() == 3
    place = (index[0], position, *index[1:]) if heads else (position, *index)
    if len(place) != tensor.dim() or not all(0 <= i < n for i, n in zip(place, tensor.shape, strict=True)):
        raise ValueError(f"{name} at position {position} has no cell {index}")
    if name in ("attn_scores", "pattern") and index[1] > position:
        raise ValueError("a token cannot look at a later one")
    at = At(model, {key: value.double() for key, value in found.items()}, layer, position)
    return replace(EXPLAIN.get(name, linear)(at, name, index), value=float(tensor[place]))


@dataclass(frozen=True, eq=False, repr=False)
class At(Brief):
    """Where a cell stands: its block's tensors (float64), layer and position."""

    model: Transformer
    found: dict[str, Tensor]
    layer: int
    position: int

    def weight(self, name: str, rows: int | slice = slice(None)) -> Tensor:
        return weight(self.model, f"blocks.{self.layer}.{name}", rows)

    def bias(self, name: str, row: int) -> float:
        return float(self.weight(f"{name}.bias", row)) if self.has_bias(name) else 0.0

    def has_bias(self, name: str) -> bool:
        config = self.model.config
        return config.qkv_bias if name in ("attn.wq", "attn.wk", "attn.wv") else config.bias

    def row(self, name: str) -> Tensor:
        """The vector of this position: (D,), (M,) or, heads side by side, (H * Dh,)."""
        tensor = self.found[name]
        return tensor[:, self.position].flatten() if tensor.dim() == 3 else tensor[self.position]


def dot(kind: str, formula: str, inputs: Tensor, weights: Tensor, *steps: tuple[str, float]) -> Cell:
    total = float(inputs @ weights)
    first = (f"sum of {len(inputs)} products" if len(inputs) > 1 else "input × weight", total)
    return Cell(math.nan, formula, kind, inputs, weights, (first, *steps))


def came_in(at: At, name: str, index: tuple[int, ...]) -> Cell:
    """resid_pre: what the embeddings or the block before left there."""
    origin = f"resid_post of block {at.layer - 1}" if at.layer else "the embedding of this token"
    if not at.layer and at.model.config.position == "learned":
        origin += " + that of its position"
    value = at.row(name)[index[0]]
    return dot(origin, f"= {origin}", value[None], torch.ones(1, dtype=torch.float64))


def add(at: At, name: str, index: tuple[int, ...]) -> Cell:
    first, second = ADDS[name]
    inputs = torch.stack([at.row(first)[index[0]], at.row(second)[index[0]]])
    return dot(f"{first} and {second}", f"{first} + {second}", inputs, torch.ones(2, dtype=torch.float64))


def norm(at: At, name: str, index: tuple[int, ...]) -> Cell:
    source, part = NORMS[name]
    (i,), x, eps = index, at.row(source), at.model.config.norm_eps
    gain = float(at.weight(f"{part}.weight", i))
    steps: list[tuple[str, float]] = []
    value = float(x[i])
    if at.model.config.norm == "layernorm":
        mean = float(x.mean())
        value, x = value - mean, x - mean
        steps.append((f"− mean of the vector ({mean:.4f})", value))
    sigma = math.sqrt(float(x.square().mean()) + eps)
    value /= sigma
    steps.append((f"÷ σ ({sigma:.4f}), the root of the mean square", value))
    value *= gain
    steps.append((f"× gain ({gain:.4f})", value))
    formula = "x / √(mean(x²) + ε) × gain"
    if at.model.config.norm == "layernorm":
        formula = "(x − mean) / √(variance + ε) × gain"
        if at.model.config.bias:
            bias = at.bias(part, i)
            steps.append((f"+ bias ({bias:.4f})", value + bias))
            formula += " + bias"
    one = torch.ones(1, dtype=torch.float64)
    return dot(f"{source}, of which x is this cell", formula, at.row(source)[i : i + 1], one, *steps)


LINEAR = {  # tensor -> what it reads, which weights
    "mlp_pre": ("norm2", "mlp.w_in"),
    "mlp_up": ("norm2", "mlp.w_in"),
    "mlp_out": ("mlp_post", "mlp.w_out"),
    "attn_out": ("z", "attn.wo"),
}


def linear(at: At, name: str, index: tuple[int, ...]) -> Cell:
    """A row of weights times the input vector."""
    source, part = LINEAR[name]
    if name == "mlp_pre" and at.model.config.gated:
        part = "mlp.w_gate"
    return project(at, source, part, index[0])


def project(at: At, source: str, part: str, row: int) -> Cell:
    cell = dot(
        f"{source}, times row {row} of {part}", f"Σ {source} · {part}", at.row(source), at.weight(f"{part}.weight", row)
    )
    if not at.has_bias(part):
        return cell
    bias = at.bias(part, row)
    step = (f"+ bias ({bias:.4f})", cell.result + bias)
    return replace(cell, formula=cell.formula + " + bias", steps=(*cell.steps, step))


def query_key(at: At, name: str, index: tuple[int, ...]) -> Cell:
    """q, k or v of one head: project, then norm the head and turn it by its position, where the model does so."""
    c, (head, i) = at.model.config, index
    of = head if name == "q" else head // (c.n_heads // c.n_kv_heads)  # k and v are shared by groups of heads
    rows = slice(of * c.d_head, (of + 1) * c.d_head)
    cell = project(at, "norm1", f"attn.w{name}", rows.start + i)
    if name == "v" or not (c.qk_norm or c.position == "rotary"):
        return cell
    matrix = at.weight(f"attn.w{name}.weight", rows)
    values = matrix @ at.row("norm1")
    if c.qkv_bias:
        values = values + at.weight(f"attn.w{name}.bias", rows)
    if c.qk_norm:
        gain = at.weight(f"attn.{name}_norm.weight")
        sigma = math.sqrt(float(values.square().mean()) + c.norm_eps)
        values = values / sigma * gain
        step = (f"÷ σ of the head ({sigma:.4f}) × gain ({float(gain[i]):.4f})", float(values[i]))
        cell = replace(cell, formula=f"norm({cell.formula})", steps=(*cell.steps, step))
    if c.position == "rotary":
        half = c.d_head // 2
        angle = at.position * float(frequencies(c)[i % half])
        other = float(values[i + half if i < half else i - half])
        sign = -1 if i < half else 1
        turned = float(values[i]) * math.cos(angle) + sign * other * math.sin(angle)
        steps = [(f"turned by {angle:.4f} with its partner ({other:.4f})", turned)]
        if c.rope_scaling and (factor := c.rope_scaling.attention_factor) != 1:
            steps.append((f"× {factor:.4f}, for the longer context (YaRN)", turned * factor))
        cell = replace(cell, formula=f"turn({cell.formula})", steps=(*cell.steps, *steps))
    return cell


def score(at: At, name: str, index: tuple[int, ...]) -> Cell:
    head, token = index
    q, k = at.found["q"][head, at.position], at.found["k"][head, token]
    step = (f"÷ √{len(q)}, the width of a head", float(q @ k) / math.sqrt(len(q)))
    return dot(f"q of this token, times k of token {token}", f"q · k / √{len(q)}", q, k, step)


def share(at: At, name: str, index: tuple[int, ...]) -> Cell:
    """pattern: softmax of the scores of one row."""
    head, token = index
    scores = at.found["attn_scores"][head, at.position, : at.position + 1]
    parts = (scores - scores.max()).exp()
    one = torch.zeros(len(parts), dtype=torch.float64)
    one[token] = 1
    steps = (
        (f"− largest score of the row ({float(scores.max()):.4f})", float(scores[token] - scores.max())),
        ("e to that power", float(parts[token])),
        (f"÷ sum over the row ({float(parts.sum()):.4f})", float(parts[token] / parts.sum())),
    )
    return dot("scores of the row", "e^score / Σ e^score", scores[token : token + 1], one[token : token + 1], *steps)


def mix(at: At, name: str, index: tuple[int, ...]) -> Cell:
    """z: the values of all tokens so far, weighted with the pattern."""
    head, i = index
    weights = at.found["pattern"][head, at.position, : at.position + 1]
    values = at.found["v"][head, : at.position + 1, i]
    return dot(f"v[{i}] of each token up to this one, times its weight", "Σ pattern · v", values, weights)


def activate(at: At, name: str, index: tuple[int, ...]) -> Cell:
    activation = ACTIVATIONS[at.model.config.activation]
    pre = at.row("mlp_pre")[index[0]]
    formula, value = activation.formula, activation.of(float(pre))
    cell = dot("mlp_pre", formula, pre[None], torch.ones(1, dtype=torch.float64), (formula, value))
    if "mlp_up" not in at.found:
        return cell
    up = float(at.row("mlp_up")[index[0]])
    step = (f"× mlp_up ({up:.4f})", value * up)
    return replace(cell, kind="mlp_pre and mlp_up", formula=f"{formula} × mlp_up", steps=(*cell.steps, step))


EXPLAIN: dict[str, Callable[[At, str, tuple[int, ...]], Cell]] = {
    "resid_pre": came_in,
    "resid_mid": add,
    "resid_post": add,
    "norm1": norm,
    "norm2": norm,
    "q": query_key,
    "k": query_key,
    "v": query_key,
    "attn_scores": score,
    "pattern": share,
    "z": mix,
    "mlp_post": activate,
}
