"""Small random models of every family, for the tests of this folder."""

from dataclasses import replace
from pathlib import Path

import torch

from core.model import Checkpoint, ModelConfig, Transformer
from core.text import Tokenizer, train_bpe

TEXT = "Mia gave the red ball to Tom. It's 4172, naïve – and  so on.\n"
TOKENIZER = Tokenizer.from_bpe(train_bpe([TEXT], 300), "ours")
SIZES = dict(vocab_size=37, context_length=24, n_layers=2, n_heads=4, d_model=24)
GPT2 = dict(norm="layernorm", position="learned", activation="gelu_tanh", bias=True, qk_norm=False)
LLAMA = dict(activation="swiglu", n_kv_heads=2, d_mlp=40, tie_embeddings=False, qk_norm=False, norm_eps=1e-6)

QWEN3 = dict(activation="swiglu", n_kv_heads=2, d_mlp=40, norm_eps=1e-6)

FAMILIES = {
    "ours": {},
    "gpt2": GPT2,
    "llama": LLAMA,
    "qwen3": QWEN3,
    "no positions": dict(position="none", activation="gelu", n_kv_heads=1),
    "wide heads": dict(d_head=10, n_heads=3, rope_theta=500.0, norm="layernorm", d_mlp=17),
    "biased swiglu": dict(bias=True, activation="swiglu", position="learned"),
    "one layer, one head": dict(n_layers=1, n_heads=1, tie_embeddings=False),
}


def make(family: str, seed: int = 0) -> Transformer:
    """A frozen model whose every parameter is random: nothing is zero or one by initialisation, so all of it counts."""
    model = Transformer(ModelConfig(**(SIZES | FAMILIES[family])), seed=None).requires_grad_(False).eval()
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2:
            parameter.normal_(0, 0.3, generator=generator)
        else:
            parameter.normal_(0.0 if name.endswith("bias") else 1.0, 0.3, generator=generator)
    return model


def random_ids(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randint(0, SIZES["vocab_size"], shape, generator=torch.Generator().manual_seed(seed))


def checkpoint(tokenizer: Tokenizer = TOKENIZER, **shape) -> Checkpoint:
    """A model whose every number is random, so that none can be left out."""
    sizes = SIZES | {"vocab_size": max(tokenizer.vocab_size, 300)} | shape
    model = Transformer(ModelConfig(**sizes), seed=None).requires_grad_(False).eval()
    generator = torch.Generator().manual_seed(0)
    for name, weight in model.named_parameters():
        centre = float(name.endswith("weight") and ("ln" in name or "_norm" in name))
        weight.normal_(centre, 0.3, generator=generator)
    return Checkpoint(tokenizer, model.config, (0,), 0, {}, Path("demo"), "demo", model)


def stock_parameters(config):
    """ReLU² has one matrix where the stock class of a gated model has two."""
    gated = config.activation == "relu2" and config.norm == "rmsnorm"
    return replace(config, activation="swiglu" if gated else config.activation).parameter_count()["total"]
