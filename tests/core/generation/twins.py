"""The same weights in transformers: what our models must write token for token."""

from collections.abc import Sequence

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Qwen3Config, Qwen3ForCausalLM
from transformers.models.arcee.modeling_arcee import ArceeMLP

from core.model import Transformer


@torch.inference_mode()
def greedy(twin: torch.nn.Module, ids: Sequence[int], count: int) -> list[int]:
    """What transformers' own `generate` writes after ids."""
    prompt = torch.tensor([list(ids)])
    options = {"max_new_tokens": count, "min_new_tokens": count, "do_sample": False, "pad_token_id": 0}
    return twin.generate(prompt, attention_mask=torch.ones_like(prompt), **options)[0, len(ids) :].tolist()


def qwen3_twin(model: Transformer) -> Qwen3ForCausalLM:
    """Our family as transformers has it: Qwen3 (RMSNorm, rotary, QK-norm) with Arcee's MLP (ReLU²)."""
    c = model.config
    config = Qwen3Config(
        vocab_size=c.vocab_size, hidden_size=c.d_model, intermediate_size=c.d_mlp, num_hidden_layers=c.n_layers,
        num_attention_heads=c.n_heads, num_key_value_heads=c.n_kv_heads, head_dim=c.d_head, hidden_act="relu2",
        max_position_embeddings=c.context_length, rms_norm_eps=c.norm_eps, tie_word_embeddings=c.tie_embeddings,
        rope_parameters={"rope_type": "default", "rope_theta": c.rope_theta}, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    config.mlp_bias = False
    twin = Qwen3ForCausalLM(config)
    for layer in twin.model.layers:
        layer.mlp = ArceeMLP(config)
    names = {"embed.weight": "model.embed_tokens.weight", "ln_final.weight": "model.norm.weight",
             "unembed.weight": "lm_head.weight"}  # fmt: skip
    parts = {"ln1": "input_layernorm", "attn.wq": "self_attn.q_proj", "attn.wk": "self_attn.k_proj",
             "attn.wv": "self_attn.v_proj", "attn.wo": "self_attn.o_proj", "attn.q_norm": "self_attn.q_norm",
             "attn.k_norm": "self_attn.k_norm", "ln2": "post_attention_layernorm", "mlp.w_in": "mlp.up_proj",
             "mlp.w_out": "mlp.down_proj"}  # fmt: skip
    for i in range(c.n_layers):
        names |= {f"blocks.{i}.{ours}.weight": f"model.layers.{i}.{theirs}.weight" for ours, theirs in parts.items()}
    weights = {names[name]: tensor for name, tensor in model.state_dict().items() if name in names}
    missing, unexpected = twin.load_state_dict(weights, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    return twin.eval()


def gpt2_twin(model: Transformer) -> GPT2LMHeadModel:
    """A model of GPT-2's family as transformers has it."""
    c, own = model.config, model.state_dict()
    config = GPT2Config(
        vocab_size=c.vocab_size, n_positions=c.context_length, n_embd=c.d_model, n_layer=c.n_layers, n_head=c.n_heads,
        layer_norm_epsilon=c.norm_eps, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    twin = GPT2LMHeadModel(config)
    put = {"transformer.wte.weight": own["embed.weight"], "transformer.wpe.weight": own["pos_embed.weight"],
           "transformer.ln_f.weight": own["ln_final.weight"],
           "transformer.ln_f.bias": own["ln_final.bias"]}  # fmt: skip
    for i in range(c.n_layers):
        for kind in ("weight", "bias"):
            block, h = f"blocks.{i}.", f"transformer.h.{i}."
            fused = torch.cat([own[f"{block}attn.{w}.{kind}"] for w in ("wq", "wk", "wv")])
            for name, tensor in ((f"{h}attn.c_attn", fused), (f"{h}attn.c_proj", own[f"{block}attn.wo.{kind}"]),
                                 (f"{h}mlp.c_fc", own[f"{block}mlp.w_in.{kind}"]),
                                 (f"{h}mlp.c_proj", own[f"{block}mlp.w_out.{kind}"])):  # fmt: skip
                put[f"{name}.{kind}"] = tensor.T.contiguous() if kind == "weight" else tensor
            put |= {f"{h}{ln.replace('ln', 'ln_')}.{kind}": own[f"{block}{ln}.{kind}"] for ln in ("ln1", "ln2")}
    missing, unexpected = twin.load_state_dict(put, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    return twin.eval()
