"""How much arithmetic training takes, counted from the shape of the model alone. No torch here."""

import numpy as np

from core.model.config import ModelConfig


def matmul_parameters(config: ModelConfig) -> int:
    """The weights that every token is multiplied with: attention, MLP, unembedding; not the look-up of embeddings."""
    return sum(config.weights_per_token())


def token_flops(config: ModelConfig) -> float:
    """Floating-point operations of training on one token: 6 for each weight (2 forward, 4 backward: Kaplan et al. 2020,
    arXiv:2001.08361). Attention between tokens is left out."""
    return 6.0 * matmul_parameters(config)


def training_flops(config: ModelConfig, lengths: np.ndarray) -> float:
    """Floating-point operations of forward and backward over sequences of these lengths (tokens).

    `token_flops` for each token and 12·L·H·Dh·T² for the scores and the mixing of values of a sequence of T tokens
    (Chowdhery et al. 2022, arXiv:2204.02311, appendix B; the masked half is computed too). Padding, norms, activations
    and the optimizer are not counted.
    """
    lengths = np.asarray(lengths, dtype=np.float64)
    attention = 12 * config.n_layers * config.n_heads * config.d_head
    return float(token_flops(config) * lengths.sum() + attention * (lengths**2).sum())
