"""Where each of our parameters lies in the files of a stock class.

GPT-2 keeps its matrices as (inputs, outputs) and those of q, k and v side by side; Llama's are as ours. Both may lack
the prefix of the model inside ("transformer.", "model."), as files of the bare model do.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.model.checkpoint import parameter_shapes
from core.model.config import ModelConfig
from core.model.description import CheckpointError
from core.model.stock.shards import DTYPES, Stored

# Not weights: masks and frequencies that older versions of transformers wrote along.
BUFFERS = re.compile(r"(.*\.)?(attn\.(bias|masked_bias)|rotary_emb\.inv_freq)")
LM_HEAD = "lm_head.weight"
LLAMA_PARTS = {
    "ln1": "input_layernorm", "ln2": "post_attention_layernorm", "attn.wq": "self_attn.q_proj",
    "attn.wk": "self_attn.k_proj", "attn.wv": "self_attn.v_proj", "attn.wo": "self_attn.o_proj",
    "attn.q_norm": "self_attn.q_norm", "attn.k_norm": "self_attn.k_norm", "mlp.w_gate": "mlp.gate_proj",
    "mlp.w_in": "mlp.up_proj", "mlp.w_out": "mlp.down_proj",
}  # fmt: skip
GPT2_PARTS = {
    "ln1": "ln_1", "ln2": "ln_2", "attn.wq": "attn.c_attn", "attn.wk": "attn.c_attn", "attn.wv": "attn.c_attn",
    "attn.wo": "attn.c_proj", "mlp.w_in": "mlp.c_fc", "mlp.w_out": "mlp.c_proj",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A parameter's tensor in the files, None for one that is not there and is zero. `turned`: (inputs, outputs).
    `third`: which of the three that lie side by side along the last axis."""

    name: str | None
    turned: bool = False
    third: int | None = None

    def stored_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape in the file of a parameter of this shape."""
        turned = shape[::-1] if self.turned else shape
        return turned if self.third is None else (*turned[:-1], 3 * turned[-1])

    def take(self, tensor: Tensor) -> Tensor:
        """The parameter, a view of the tensor in the file."""
        if self.third is not None:
            width = tensor.shape[-1] // 3
            tensor = tensor[..., self.third * width : (self.third + 1) * width]
        return tensor.T if self.turned else tensor


def sources(config: ModelConfig, names: Collection[str], found: Mapping[str, Stored]) -> dict[str, Source]:
    """The source of each of our parameters. `names`: ours."""
    gpt2 = config.position == "learned"
    prefix, layers, parts = ("transformer.", "h", GPT2_PARTS) if gpt2 else ("model.", "layers", LLAMA_PARTS)
    if not any(name.startswith(prefix) for name in found):
        prefix = ""
    outer = {"embed": "wte", "pos_embed": "wpe", "ln_final": "ln_f"} if gpt2 else {
        "embed": "embed_tokens", "ln_final": "norm"
    }  # fmt: skip
    made = {}
    for name in names:
        module, _, kind = name.rpartition(".")
        if module == "unembed":
            made[name] = Source(LM_HEAD)
        elif module in outer:
            made[name] = Source(f"{prefix}{outer[module]}.{kind}")
        else:
            _, layer, part = module.split(".", 2)
            stored = f"{prefix}{layers}.{layer}.{parts[part]}.{kind}"
            matrix = gpt2 and not part.startswith("ln")
            third = ("attn.wq", "attn.wk", "attn.wv").index(part) if gpt2 and part in _QKV else None
            made[name] = Source(stored, matrix and kind == "weight", third)
            if not gpt2 and kind == "bias" and stored not in found:
                made[name] = Source(None)
    return made


_QKV = ("attn.wq", "attn.wk", "attn.wv")


def check(config: ModelConfig, found: Mapping[str, Stored]) -> dict[str, Source]:
    """The sources, once it is clear from the headers that the files hold this model and nothing else.

    CheckpointError names the tensor that is missing, of another shape or dtype, or that the model has no place for.
    """
    shapes = parameter_shapes(config)
    made = sources(config, shapes, found)
    check_biases(config, made)
    for name, source in made.items():
        if source.name is None:
            continue
        wanted = source.stored_shape(shapes[name])
        if source.name not in found:
            raise CheckpointError(f"the weights lack {source.name}, which config.json asks for")
        stored = found[source.name]
        if stored.shape != wanted:
            raise CheckpointError(
                f"{source.name} has shape {list(stored.shape)}, and by config.json it needs {list(wanted)}"
            )
        if stored.dtype not in DTYPES:
            raise CheckpointError(
                f"{source.name} is stored as {stored.dtype}; Glassbox reads floating-point numbers of 16, 32 or 64 bits"
            )
    known = {source.name for source in made.values()} | {LM_HEAD}
    for name in sorted(found.keys() - known):
        if not BUFFERS.fullmatch(name):
            raise CheckpointError(f"the weights hold {name}, for which a model of this config.json has no place")
    return made


def check_biases(config: ModelConfig, made: Mapping[str, Source]) -> None:
    """CheckpointError unless a kind of bias is there in all blocks or in none."""
    for part in LLAMA_PARTS:
        rows = [made.get(f"blocks.{layer}.{part}.bias", Source("")).name is None for layer in range(config.n_layers)]
        if any(rows) and not all(rows):
            raise CheckpointError(f"the weights hold {LLAMA_PARTS[part]}.bias in some blocks and lack it in others")


def is_tied(config: ModelConfig, found: Mapping[str, Stored], embed: str) -> bool:
    """Whether the unembedding is the embedding. Some files say so and hold two that differ: then they are two."""
    if not config.tie_embeddings or LM_HEAD not in found or embed not in found:
        return config.tie_embeddings
    if found[LM_HEAD].shape != found[embed].shape:
        return True  # `check` finds the words
    return torch.equal(found[LM_HEAD].read(), found[embed].read())
