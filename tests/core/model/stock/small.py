"""A small random model in Hugging Face's layout, written by our `save_pretrained`: nothing imports `transformers`."""

from pathlib import Path

import torch

from core.model import Checkpoint, ModelConfig, Transformer, save_pretrained
from core.text import Tokenizer, train_bpe

TEXT = "One day Mia gave the red ball to Tom. It's 4172, naïve – and  so on.\n"
SIZES = dict(context_length=64, n_layers=2, n_heads=4, d_model=32)
SHAPES = {
    "gpt2": dict(norm="layernorm", position="learned", activation="gelu_tanh", bias=True, qk_norm=False),
    "llama": dict(activation="swiglu", n_kv_heads=2, d_mlp=40, tie_embeddings=False, qk_norm=False),
}


def write(folder: Path, family: str = "llama", seed: int = 0) -> Path:
    """The folder of a model whose every number is random."""
    tokenizer = Tokenizer.from_bpe(train_bpe([TEXT], 300), "ours")
    config = ModelConfig(**SIZES | SHAPES[family] | {"vocab_size": tokenizer.vocab_size})
    model = Transformer(config, seed=None).requires_grad_(False).eval()
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        gain = name.endswith("weight") and ("ln" in name or "_norm" in name)
        weight.normal_(float(gain), 0.2, generator=generator)
    save_pretrained(Checkpoint(tokenizer, config, (0,), 0, {}, folder, folder.name, model), folder)
    return folder
