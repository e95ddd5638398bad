"""Models in the layout of Hugging Face, for the stock classes of `transformers`: GPT-2, Llama, Qwen2, Qwen3.

save_pretrained(load_checkpoint("tinyland"), Path("tinyland-hf"))
AutoModelForCausalLM.from_pretrained("tinyland-hf")     # equal logits, with no code of ours
AutoTokenizer.from_pretrained("tinyland-hf")            # equal ids
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from core.files import write_atomically
from core.model.activations import ACTIVATIONS
from core.model.checkpoint import Checkpoint
from core.model.config import ModelConfig
from core.model.description import CARDS, CheckpointError, write_json
from core.text import Tokenizer
from core.text.errors import TokenizerError
from core.text.stock import StockTokenizer, tokenizer_json
from core.text.tokenizer import SPECIAL_TOKENS

END = "<|end|>"  # of a turn of a chat
# Classes like Llama's have SwiGLU, silu(gate) · up, and no ReLU². With a steep gate that is ReLU²: silu(1024 z) · z /
# 1024 is max(0, z)² to within 5e-7, and powers of two round nothing.
STEEP = 1024.0

# What training reads between the special tokens of a chat. Only what the assistant says, its <|end|> included, is
# inside `generation`: the mask of `apply_chat_template(…, return_assistant_tokens_mask=True)`.
CHAT_TEMPLATE = (
    "{{ '<|endoftext|>' }}{% for message in messages %}{{ '<|' + message.role + '|>' }}"
    "{% if message.role == 'assistant' %}{% generation %}{{ message.content + '<|end|>' }}{% endgeneration %}"
    "{% else %}{{ message.content + '<|end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def save_pretrained(checkpoint: Checkpoint, folder: Path) -> None:
    """Write config.json, model.safetensors, tokenizer.json, tokenizer_config.json and generation_config.json; and where
    the model has read a corpus with a data card, that card, in README.md too.

    CheckpointError, before anything is written, when no stock class has this shape (the message names the settings in
    the way) or when the tokenizer cannot be written for others.
    """
    family, tokenizer = family_of(checkpoint.config), checkpoint.tokenizer
    try:
        spelled = tokenizer_json(tokenizer)
    except TokenizerError as error:
        raise CheckpointError(f"{checkpoint.name} cannot be written for transformers: {error}") from None
    ends = {"bos_token_id": tokenizer.eot, "eos_token_id": tokenizer.stops[0]}
    stops: list[int] | int = list(tokenizer.stops) if len(tokenizer.stops) > 1 else tokenizer.stops[0]
    if ends_answers(checkpoint):
        stops = [tokenizer.eot, tokenizer.special_tokens[END]]
    tensors = {name: x.detach().float().contiguous() for name, x in family.weights(checkpoint).items()}
    folder.mkdir(parents=True, exist_ok=True)
    # A padding id in config.json would fix that row of the embeddings; in generation_config.json it does no harm.
    write_json(folder / "config.json", family.config(checkpoint.config) | ends)
    write_json(folder / "generation_config.json", ends | {"eos_token_id": stops, "pad_token_id": tokenizer.stops[0]})
    write_json(folder / "tokenizer_config.json", describe_tokenizer(tokenizer, checkpoint.config.context_length))
    write_atomically(folder / "tokenizer.json", json.dumps(spelled, ensure_ascii=False).encode())
    write_atomically(folder / "model.safetensors", safetensors.torch.save(tensors, {"format": "pt"}))
    for name in CARDS:
        if (card := checkpoint.folder / name).exists() and card.resolve() != (folder / name).resolve():
            write_atomically(folder / name, card.read_bytes())
    if (card := checkpoint.folder / CARDS[0]).exists():
        about = f"The model {checkpoint.name}, for transformers, trained on the corpus that is described here.\n\n"
        write_atomically(folder / "README.md", about.encode() + card.read_bytes())


def ends_answers(checkpoint: Checkpoint) -> bool:
    """Whether it was taught to answer, and to end an answer with <|end|>."""
    return len(checkpoint.stages) > 1 and END in checkpoint.tokenizer.special_tokens


def describe_tokenizer(tokenizer: Tokenizer, context_length: int) -> dict[str, Any]:
    """tokenizer_config.json. The generic class: those of the model types would look for a vocabulary of their own."""
    described: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context_length,
        "clean_up_tokenization_spaces": False,
    }
    if isinstance(tokenizer, StockTokenizer):
        return described | tokenizer.config
    described |= dict.fromkeys(("bos_token", "eos_token", "pad_token"), SPECIAL_TOKENS[0])
    if all(token in tokenizer.special_tokens for token in SPECIAL_TOKENS):
        described["chat_template"] = CHAT_TEMPLATE
    return described


@dataclass(frozen=True)
class Family:
    """A stock class: its name, what it asks of a ModelConfig, and how it spells config.json and the weights."""

    name: str
    demands: dict[str, tuple[Any, ...]]  # field -> the values that it may have
    config: Callable[[ModelConfig], dict[str, Any]]
    weights: Callable[[Checkpoint], dict[str, Tensor]]

    def obstacles(self, config: ModelConfig) -> list[str]:
        """The settings that this class does not have, as "activation must be swiglu, not relu2"."""
        found = []
        for name, allowed in self.demands.items():
            if (value := getattr(config, name)) not in allowed:
                found.append(f"{name} must be {' or '.join(map(str, allowed))}, not {value}")
        if "qkv_bias" not in self.demands and config.qkv_bias != config.bias:
            found.append(f"qkv_bias must be bias = {config.bias}, not {config.qkv_bias}")
        if self.name == "GPT-2" and config.n_kv_heads != config.n_heads:
            found.append(f"n_kv_heads must be n_heads = {config.n_heads}, not {config.n_kv_heads}")
        if self.name == "GPT-2" and config.d_head * config.n_heads != config.d_model:
            found.append(f"d_head must be d_model / n_heads = {config.d_model / config.n_heads:g}, not {config.d_head}")
        return found


def family_of(config: ModelConfig) -> Family:
    """The stock class that computes exactly as a model of this shape. CheckpointError names what is in the way."""
    nearest = min(FAMILIES, key=lambda family: len(family.obstacles(config)))
    if obstacles := nearest.obstacles(config):
        inside = f"the nearest is that of {nearest.name}: {'; '.join(obstacles)}"
        raise CheckpointError(f"no stock class of transformers has this shape; {inside}")
    return nearest


def gpt2_config(config: ModelConfig) -> dict[str, Any]:
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": config.vocab_size,
        "n_positions": config.context_length,
        "n_embd": config.d_model,
        "n_layer": config.n_layers,
        "n_head": config.n_heads,
        "n_inner": config.d_mlp,
        "activation_function": ACTIVATIONS[config.activation].hugging_face,
        "layer_norm_epsilon": config.norm_eps,
        "tie_word_embeddings": config.tie_embeddings,
        **dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0),
        "dtype": "float32",
    }


def gpt2_weights(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """GPT-2 keeps its matrices as (inputs, outputs), and those of q, k and v side by side."""
    own: dict[str, Tensor] = dict(checkpoint.model.named_parameters())
    found: dict[str, Tensor] = {}
    for ours, theirs in {"embed": "wte", "pos_embed": "wpe"}.items():
        found[f"transformer.{theirs}.weight"] = own[f"{ours}.weight"]
    for kind in ("weight", "bias"):
        found[f"transformer.ln_f.{kind}"] = own[f"ln_final.{kind}"]
        for i in range(checkpoint.config.n_layers):
            block, theirs = f"blocks.{i}", f"transformer.h.{i}"
            qkv = torch.cat([own[f"{block}.attn.{name}.{kind}"] for name in ("wq", "wk", "wv")])  # (3 D, D) or (3 D,)
            matrices: dict[str, Tensor] = {
                "attn.c_attn": qkv,
                "attn.c_proj": own[f"{block}.attn.wo.{kind}"],
                "mlp.c_fc": own[f"{block}.mlp.w_in.{kind}"],
                "mlp.c_proj": own[f"{block}.mlp.w_out.{kind}"],
            }
            found |= {f"{theirs}.{name}.{kind}": x.T if x.dim() == 2 else x for name, x in matrices.items()}
            found |= {f"{theirs}.ln_{n}.{kind}": own[f"{block}.ln{n}.{kind}"] for n in (1, 2)}
    return found | own_unembedding(checkpoint)


def llama_config(config: ModelConfig) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.context_length,
        "hidden_size": config.d_model,
        "intermediate_size": config.d_mlp,
        "num_hidden_layers": config.n_layers,
        "num_attention_heads": config.n_heads,
        "num_key_value_heads": config.n_kv_heads,
        "head_dim": config.d_head,
        "hidden_act": ACTIVATIONS["swiglu"].hugging_face,
        "rms_norm_eps": config.norm_eps,
        "rope_parameters": rope_parameters(config),
        "rope_theta": config.rope_theta,  # where programs older than transformers 5 look for it
        "attention_bias": config.bias,
        "mlp_bias": config.bias,
        "tie_word_embeddings": config.tie_embeddings,
        "dtype": "float32",
    }


def rope_parameters(config: ModelConfig) -> dict[str, Any]:
    """The rotary positions, under the names that `core.model.stock.config` reads."""
    scaling = config.rope_scaling
    described = {"rope_type": "default", "rope_theta": config.rope_theta}
    if scaling is None:
        return described
    described |= {"rope_type": scaling.kind, "factor": scaling.factor}
    if scaling.kind != "linear":
        described["original_max_position_embeddings"] = scaling.original_context
    names = {"llama3": ("low_freq_factor", "high_freq_factor"), "linear": (),
             "yarn": ("beta_fast", "beta_slow", "attention_factor", "truncate")}[scaling.kind]  # fmt: skip
    return described | {name: getattr(scaling, name) for name in names}


def qwen3_config(config: ModelConfig) -> dict[str, Any]:
    described = llama_config(config) | {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3"}
    return {name: value for name, value in described.items() if name != "mlp_bias"}


def qwen2_config(config: ModelConfig) -> dict[str, Any]:
    described = llama_config(config) | {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2"}
    return {name: value for name, value in described.items() if not name.endswith("_bias")}


def llama_weights(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The names of Llama, which are those of Qwen2 and Qwen3 too. The matrix of ReLU² becomes gate and up (STEEP)."""
    parts = {
        "ln1": "input_layernorm", "ln2": "post_attention_layernorm", "attn.wq": "self_attn.q_proj",
        "attn.wk": "self_attn.k_proj", "attn.wv": "self_attn.v_proj", "attn.wo": "self_attn.o_proj",
        "attn.q_norm": "self_attn.q_norm", "attn.k_norm": "self_attn.k_norm", "mlp.w_gate": "mlp.gate_proj",
        "mlp.w_in": "mlp.up_proj", "mlp.w_out": "mlp.down_proj",
    }  # fmt: skip
    names = {"embed": "model.embed_tokens", "ln_final": "model.norm"}
    for i in range(checkpoint.config.n_layers):
        names |= {f"blocks.{i}.{ours}": f"model.layers.{i}.{theirs}" for ours, theirs in parts.items()}
    found: dict[str, Tensor] = {}
    for name, weight in checkpoint.model.named_parameters():
        module, _, kind = name.rpartition(".")
        if module in names:
            found[f"{names[module]}.{kind}"] = weight
        if module.endswith(".w_in") and not ACTIVATIONS[checkpoint.config.activation].gated:
            found[f"{names[module]}.{kind}"] = weight / STEEP
            found[f"{names[module].replace('up_proj', 'gate_proj')}.{kind}"] = weight * STEEP
    return found | own_unembedding(checkpoint)


def own_unembedding(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The unembedding where it is a matrix of its own; a tied one is written once, as the embedding."""
    return {} if checkpoint.config.tie_embeddings else {"lm_head.weight": checkpoint.model.unembed.weight}


_LLAMA = {"norm": ("rmsnorm",), "position": ("rotary",), "activation": ("swiglu", "relu2")}
FAMILIES = (
    Family("Qwen3", _LLAMA | {"qk_norm": (True,), "bias": (False,)}, qwen3_config, llama_weights),
    Family(
        "Qwen2",
        _LLAMA | {"qk_norm": (False,), "bias": (False,), "qkv_bias": (True,)},
        qwen2_config,
        llama_weights,
    ),
    Family("Llama", _LLAMA | {"qk_norm": (False,)}, llama_config, llama_weights),
    Family(
        "GPT-2",
        {"norm": ("layernorm",), "position": ("learned",), "bias": (True,), "qk_norm": (False,),
         "activation": tuple(name for name, row in ACTIVATIONS.items() if not row.gated)},
        gpt2_config,
        gpt2_weights,
    ),
)  # fmt: skip
