"""config.json of a stock class as a ModelConfig: GPT-2, Llama, Mistral, Qwen2, Qwen3. No torch here.

What we cannot compute exactly is refused, with the name of the field: a model that is nearly right is wrong.
"""

import math
from collections.abc import Mapping
from typing import Any

from core.model.activations import ACTIVATIONS, ActivationName
from core.model.config import ModelConfig
from core.model.description import CheckpointError
from core.model.rope_scaling import RopeScaling
from core.model.stock.fields import Fields

MODEL_TYPES = ("gpt2", "llama", "mistral", "qwen2", "qwen3")
# Fields of other models that share a model_type with ours now and then; with other values they change the arithmetic.
PLAIN: dict[str, tuple[Any, ...]] = {
    "quantization_config": (None,),
    "partial_rotary_factor": (None, 1, 1.0),
    "rope_interleaved": (None, False),
    "num_local_experts": (None, 0, 1),
    "num_experts": (None, 0, 1),
    "attn_logit_softcapping": (None,),
    "final_logit_softcapping": (None,),
    "logit_scale": (None, 1, 1.0),
    "embedding_multiplier": (None, 1, 1.0),
    "residual_multiplier": (None, 1, 1.0),
    "attention_multiplier": (None,),
    "is_encoder_decoder": (None, False),
    "add_cross_attention": (None, False),
}
GPT2_PLAIN: dict[str, tuple[Any, ...]] = {
    "scale_attn_weights": (None, True),
    "scale_attn_by_inverse_layer_idx": (None, False),
}


def read_config(described: Mapping[str, Any]) -> ModelConfig:
    """The ModelConfig of a config.json. CheckpointError names the field that we do not have, or that cannot be."""
    kind = described.get("model_type")
    if kind not in MODEL_TYPES:
        raise CheckpointError(
            f"config.json has model_type {kind!r}; Glassbox computes those of {', '.join(MODEL_TYPES)} exactly, "
            "and no others"
        )
    fields = Fields(described)
    heads = described.get("architectures")
    if heads and not any(str(name).endswith(("ForCausalLM", "LMHeadModel", "Model")) for name in heads):
        raise CheckpointError(f"config.json has architectures {heads!r}: only language models can be read")
    fields.demand(PLAIN | (GPT2_PLAIN if kind == "gpt2" else {}))
    try:
        return gpt2(fields) if kind == "gpt2" else llama(fields, kind)
    except CheckpointError:
        raise
    except ValueError as error:
        raise CheckpointError(f"config.json does not describe a model: {error}") from None


def gpt2(fields: Fields) -> ModelConfig:
    return ModelConfig(
        vocab_size=fields.whole("vocab_size"),
        context_length=fields.whole("n_positions", "n_ctx"),
        n_layers=fields.whole("n_layer"),
        n_heads=fields.whole("n_head"),
        d_model=fields.whole("n_embd"),
        d_mlp=fields.whole("n_inner", otherwise=4 * fields.whole("n_embd")),
        norm="layernorm",
        norm_eps=fields.number("layer_norm_epsilon", 1e-5),
        position="learned",
        activation=activation(fields, "activation_function", "gelu_new", gated=False),
        tie_embeddings=fields.flag("tie_word_embeddings", True),
        bias=True,
        qk_norm=False,
    )


def llama(fields: Fields, kind: str) -> ModelConfig:
    """Llama's layout, which Mistral, Qwen2 and Qwen3 share. Where attention has biases and the MLPs have none, or the
    other way round, the model has both and the missing ones are zero (see core.model.stock.weights)."""
    context = fields.whole("max_position_embeddings")
    full_attention(fields, kind, context)
    n_heads = fields.whole("num_attention_heads")
    attention = fields.flag("attention_bias", False) if kind in ("llama", "qwen3") else False
    mlp = fields.flag("mlp_bias", False) if kind == "llama" else False
    theta, scaling = rope(fields, context)
    return ModelConfig(
        vocab_size=fields.whole("vocab_size"),
        context_length=context,
        n_layers=fields.whole("num_hidden_layers"),
        n_heads=n_heads,
        n_kv_heads=fields.whole("num_key_value_heads", otherwise=8 if kind == "mistral" else n_heads),
        d_model=fields.whole("hidden_size"),
        d_mlp=fields.whole("intermediate_size"),
        d_head=fields.whole("head_dim", otherwise=128 if kind == "qwen3" else fields.whole("hidden_size") // n_heads),
        norm="rmsnorm",
        norm_eps=fields.number("rms_norm_eps", 1e-6),
        position="rotary",
        rope_theta=theta,
        rope_scaling=scaling,
        activation=activation(fields, "hidden_act", "silu", gated=True),
        tie_embeddings=fields.flag("tie_word_embeddings", False),
        bias=attention or mlp,
        qkv_bias=attention or mlp or kind == "qwen2",
        qk_norm=kind == "qwen3",
    )


def activation(fields: Fields, name: str, usual: str, gated: bool) -> ActivationName:
    """The activation that a field names; `transformers` has two names for some."""
    asked = fields.get(name, usual)
    same = {"gelu_pytorch_tanh": "gelu_new", "gelu_fast": "gelu_new", "swish": "silu"}
    spelled = same.get(asked, asked) if isinstance(asked, str) else asked
    known = {row.hugging_face: ours for ours, row in ACTIVATIONS.items() if row.gated is gated}
    if spelled not in known:
        raise CheckpointError(f"config.json has {name} {asked!r}; Glassbox has {' and '.join(known)} there")
    return known[spelled]


def full_attention(fields: Fields, kind: str, context: int) -> None:
    """CheckpointError where a token could not look at every earlier one."""
    window = fields.get("sliding_window", 4096 if kind == "mistral" and "sliding_window" not in fields else None)
    used = kind == "mistral" or fields.flag("use_sliding_window", False)
    if used and window is not None and window < context:
        raise CheckpointError(
            f"config.json has sliding_window {window!r}, shorter than its context of {context:,}: Glassbox has no "
            "sliding windows"
        )
    others = {str(name) for name in fields.get("layer_types", []) or []} - {"full_attention"}
    if others and (used or others != {"sliding_attention"}):
        raise CheckpointError(f"config.json has layer_types {', '.join(sorted(others))}: only full_attention is known")


def rope(fields: Fields, context: int) -> tuple[float, RopeScaling | None]:
    """θ and the scaling, from `rope_parameters` (transformers 5) or from `rope_theta` and `rope_scaling` (before)."""
    given = Fields(fields.table("rope_parameters") or fields.table("rope_scaling"), "rope_parameters.")
    theta = given.number("rope_theta", fields.number("rope_theta", 10_000.0))
    given.demand({"partial_rotary_factor": (None, 1, 1.0)})
    kind = given.get("rope_type", given.get("type", "default"))
    if kind in ("default", "dynamic"):  # the dynamic one changes nothing within the context, and we do not go beyond
        return theta, None
    if kind not in ("linear", "llama3", "yarn"):
        raise CheckpointError(
            f"config.json has rope_type {kind!r}; Glassbox has default, linear, dynamic, llama3 and yarn"
        )
    if kind == "linear":
        return theta, RopeScaling(kind=kind, factor=given.number("factor"))
    original = fields.whole("original_max_position_embeddings", otherwise=0) or given.whole(
        "original_max_position_embeddings", otherwise=context
    )
    if kind == "llama3":
        return theta, RopeScaling(
            kind=kind,
            factor=given.number("factor"),
            original_context=original,
            low_freq_factor=given.number("low_freq_factor"),
            high_freq_factor=given.number("high_freq_factor"),
        )
    factor = given.number("factor", context / original)
    return theta, RopeScaling(
        kind="yarn",
        factor=factor,
        original_context=original,
        beta_fast=given.number("beta_fast", 32.0) or 32.0,
        beta_slow=given.number("beta_slow", 1.0) or 1.0,
        attention_factor=given.number("attention_factor", 0.0) or yarn_attention(given, factor),
        truncate=given.flag("truncate", True),
    )


def yarn_attention(given: Fields, factor: float) -> float:
    """What YaRN multiplies cos and sin by where the file does not say it."""

    def scale(mscale: float) -> float:
        return 1.0 if factor <= 1 else 0.1 * mscale * math.log(factor) + 1.0

    over, under = given.number("mscale", 0.0), given.number("mscale_all_dim", 0.0)
    return scale(over) / scale(under) if over and under else scale(1.0)
