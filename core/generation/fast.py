"""Decoding one text as fast as one core can: the model's weights in plain arrays, one compiled call per token.

`generate` is for readers, who want every number of every step and may look inside. This is for waiting less.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.model import Cache, Transformer


class Decoder:
    """A model that reads one token at a time. It copies the weights, so later changes of the model do not reach it."""

    def __init__(self, model: Transformer) -> None:
        from core.generation import kernels  # Numba takes a second to import

        config = model.config
        kinds = {"gelu": kernels.GELU, "gelu_tanh": kernels.GELU_TANH, "swiglu": kernels.SWIGLU, "relu2": kernels.RELU2}
        self.model, self.vocab_size, self.context_length = model, config.vocab_size, config.context_length
        self._run = kernels.token_logits
        self._shape = (config.n_heads, config.n_kv_heads, config.d_head, kinds[config.activation],
                       int(config.norm == "layernorm"), int(config.qk_norm))  # fmt: skip
        self._eps = np.float32(config.norm_eps)
        final = model.ln_final
        pos = model.pos_embed.weight if config.position == "learned" else None
        self._outer = (
            _array(model.embed.weight),
            _array(pos, 2),
            *_gain_bias([final], 1),
            _array(model.unembed.weight),
        )
        blocks: Any = model.blocks
        attn, mlp = [block.attn for block in blocks], [block.mlp for block in blocks]
        gates = [m.w_gate for m in mlp] if config.activation == "swiglu" else [None] * len(mlp)
        fused = [torch.cat([a.wq.weight, a.wk.weight, a.wv.weight]) for a in attn]  # (H + 2 Hkv) * Dh rows
        biases = [torch.cat([a.wq.bias, a.wk.bias, a.wv.bias]) if config.bias else None for a in attn]
        self._layers = (
            *_gain_bias([block.ln1 for block in blocks]),
            _stack(fused, 2), _stack(biases), _gains([a.q_norm for a in attn]), _gains([a.k_norm for a in attn]),
            *_linear([a.wo for a in attn]),
            *_gain_bias([block.ln2 for block in blocks]),
            *_linear([m.w_in for m in mlp]), *_linear(gates), *_linear([m.w_out for m in mlp]),
        )  # fmt: skip
        rotary = config.position == "rotary"
        self._cos, self._sin = (
            _array(t if rotary else None, 2) for t in ((model.cos, model.sin) if rotary else (None,) * 2)
        )

    def greedy(self, ids: Sequence[int], max_new_tokens: int, stop: Collection[int] = ()) -> Iterator[int]:
        """The tokens of `generate` at temperature 0, a stop token last. ValueError: ids do not fit the context."""
        if not 1 <= len(ids) <= self.context_length:
            raise ValueError(f"the prompt must have 1 to {self.context_length} tokens, not {len(ids)}")
        cache = Cache(self.model.config, 1, min(len(ids) + max_new_tokens, self.context_length))
        with torch.inference_mode():
            token = int(self.model(torch.tensor([list(ids)]), cache=cache)[0, -1].argmax())  # all of ids in one pass
        keys, values = cache.k[:, 0].numpy(), cache.v[:, 0].numpy()  # (L, Hkv, S, Dh), shared with the cache
        logits = np.empty(self.vocab_size, np.float32)
        for position in range(len(ids), len(ids) + max_new_tokens):
            yield token
            if token in stop or position == self.context_length or position + 1 == len(ids) + max_new_tokens:
                return
            self._run(token, position, self._shape, self._eps, self._outer, self._layers, self._cos, self._sin,
                      keys, values, logits)  # fmt: skip
            token = int(logits.argmax())


# Parts as arrays. What a model lacks becomes an array of length 0 where the kernel looks for it.


def _array(tensor: Tensor | None, dims: int = 1) -> np.ndarray:
    if tensor is None:
        return np.zeros((0,) * dims, np.float32)
    return np.ascontiguousarray(tensor.detach().float().cpu().numpy())


def _stack(tensors: Sequence[Tensor | None], dims: int = 1) -> np.ndarray:
    """(L, …) of one tensor per layer; (L, 0) or (L, 0, 0) of none."""
    if tensors[0] is None:
        return np.zeros((len(tensors), *(0,) * dims), np.float32)
    return np.stack([_array(tensor) for tensor in tensors])


def _linear(parts: Sequence[nn.Linear | None]) -> tuple[np.ndarray, np.ndarray]:
    weights = [None if part is None else part.weight for part in parts]
    return _stack(weights, 2), _stack([None if part is None else part.bias for part in parts])


def _gains(norms: Sequence[nn.Module]) -> np.ndarray:
    return _stack([getattr(norm, "weight", None) for norm in norms])


def _gain_bias(norms: Sequence[nn.Module], single: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Gains and biases of norms, (L, D) and (L, D or 0); of a single norm without the first axis."""
    gain, bias = _gains(norms), _stack([getattr(norm, "bias", None) for norm in norms])
    return (gain[0], bias[0]) if single else (gain, bias)
