"""Models whose weights are set by hand: heads that do exactly one thing."""

import torch

from core.model import ModelConfig, Transformer

VOCAB, CONTEXT = 30, 40
TOKENS, BEFORE, PLACES = slice(0, 30), slice(30, 60), slice(60, 100)  # what the residual stream holds where


def built(layers: int, heads: int = 2) -> Transformer:
    """Every weight zero but the embeddings: a token is a unit vector, a place another. All heads look evenly."""
    config = ModelConfig(
        vocab_size=VOCAB, context_length=CONTEXT, n_layers=layers, n_heads=heads, n_kv_heads=heads, d_model=100,
        d_mlp=4, d_head=50, position="learned", activation="relu2", tie_embeddings=False, bias=False, qk_norm=False,
    )  # fmt: skip
    model = Transformer(config, seed=None).requires_grad_(False).eval()
    for parameter in model.parameters():
        parameter.fill_(1.0 if parameter.dim() == 1 else 0.0)
    model.embed.weight[:, TOKENS] = torch.eye(VOCAB)
    model.pos_embed.weight[:, PLACES] = torch.eye(CONTEXT)
    return model


def look_back(model: Transformer, layer: int, strength: float = 3.0) -> None:
    """Head 0 of the layer looks one place back, and writes the token that it finds into BEFORE."""
    attention = model.blocks[layer].attn
    for place in range(1, CONTEXT):
        attention.wq.weight[place, PLACES.start + place] = strength
        attention.wk.weight[place, PLACES.start + place - 1] = strength
    for token in range(VOCAB):
        attention.wv.weight[token, token] = 1.0
        attention.wo.weight[BEFORE.start + token, token] = 0.2  # what is read comes normed, seven times as large


def induct(model: Transformer, layer: int, strength: float = 3.0) -> None:
    """Head 0 of the layer asks for a place whose token before was the present token."""
    attention = model.blocks[layer].attn
    for token in range(VOCAB):
        attention.wq.weight[token, token] = strength
        attention.wk.weight[token, BEFORE.start + token] = strength
