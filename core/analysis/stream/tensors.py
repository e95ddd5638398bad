"""What the tensors of a block are: what each is computed from, by which formula, and how it is had in Python."""

from dataclasses import dataclass

from core.analysis.stream.cells import block, code, explain
from core.model import ModelConfig, Trace, Transformer

READS: dict[str, tuple[str, ...]] = {
    "norm1": ("resid_pre",), "q": ("norm1",), "k": ("norm1",), "v": ("norm1",), "attn_scores": ("q", "k"),
    "pattern": ("attn_scores",), "z": ("pattern", "v"), "attn_out": ("z",), "resid_mid": ("resid_pre", "attn_out"),
    "norm2": ("resid_mid",), "mlp_pre": ("norm2",), "mlp_up": ("norm2",), "mlp_post": ("mlp_pre",),
    "mlp_out": ("mlp_post",), "resid_post": ("resid_mid", "mlp_out"),
}  # fmt: skip
AXES = {"q": "L, H, T, Dh", "attn_scores": "L, H, T, T", "mlp_pre": "L, T, M", "resid_pre": "L, T, D"}
AXES |= dict.fromkeys("kvz", AXES["q"]) | {"pattern": AXES["attn_scores"], "mlp_post": AXES["mlp_pre"]}
AXES |= dict.fromkeys(("attn_out", "resid_mid", "mlp_out", "resid_post"), AXES["resid_pre"])
AXES |= {"norm1": "T, D", "norm2": "T, D", "mlp_up": "T, M"}  # between the named sites: of one block alone
BETWEEN = ("norm1", "norm2", "mlp_up")


@dataclass(frozen=True)
class BlockTensor:
    """A tensor of a block.

    reads: the tensors of the block that it is computed from; inputs: the same in words. formula: the arithmetic of a
    cell, which begins with a sum of `terms` products. site: its name in a trace, "" for what lies between the sites.
    axes: of that site, or of the tensor itself. code: the Python that gives it, after `trace = run_trace(…)`.
    """

    reads: tuple[str, ...]
    inputs: str
    formula: str
    terms: int
    site: str
    axes: str
    code: str


def block_tensors(model: Transformer, trace: Trace, layer: int) -> dict[str, BlockTensor]:
    """Every tensor of block `layer` by name, in order of computation; `trace` may be of any text, of one token too."""
    found = {}
    for name, values in block(model, trace, layer).items():
        index = (0, 0) if values.dim() == 3 else (0,)
        cell = explain(model, trace, name, layer, 0, index)
        line = code(name, layer, 0, index)
        found[name] = BlockTensor(
            reads(model.config, name),
            inputs(model.config, name, layer),
            cell.formula,
            len(cell.inputs),
            "" if name in BETWEEN else f"blocks.{layer}.{name}",
            AXES[name],
            line[: line.rindex("[")],
        )
    return found


def reads(config: ModelConfig, name: str) -> tuple[str, ...]:
    """The tensors of the block that `name` is computed from."""
    gated = name == "mlp_post" and config.gated
    return READS.get(name, ()) + ("mlp_up",) * gated


def inputs(config: ModelConfig, name: str, layer: int) -> str:
    """In words, what a tensor is computed from."""
    if name == "resid_pre":
        start = "the embedding" + (" and the position" if config.position == "learned" else "")
        return f"what block {layer - 1} left" if layer else start
    notes = {"attn_scores": ["k of each token up to this one"], "z": ["v of each token up to this one"]}.get(name, [])
    if name in "qk":
        notes += ["normed per head"] * config.qk_norm + ["turned by the position"] * (config.position == "rotary")
    if name in "kv" and config.n_kv_heads < config.n_heads:
        notes += [f"one for {config.n_heads // config.n_kv_heads} heads"]
    return "; ".join([" and ".join(reads(config, name)), *notes])
