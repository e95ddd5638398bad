"""The keys and values of tokens already read, so that the next token costs one position instead of all."""

import torch
from torch import Tensor

from core.model.config import ModelConfig


class Cache:
    """Keys and values of every layer. The caller makes it and owns it; `Transformer.forward` appends to it.

    Holds two tensors of (L, B, Hkv, max_length, Dh), of which the first `length` positions are filled. For inference
    only: it keeps numbers, not gradients. `max_length` None means the model's context length.
    """

    def __init__(
        self,
        config: ModelConfig,
        batch_size: int = 1,
        max_length: int | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        self.length = 0
        self.batch_size = batch_size
        self.max_length = config.context_length if max_length is None else max_length
        if batch_size < 1 or not 1 <= self.max_length <= config.context_length:
            raise ValueError(
                f"a cache needs a batch of at least 1 and a length from 1 to {config.context_length}, "
                f"not {batch_size} and {self.max_length}"
            )
        shape = (config.n_layers, batch_size, config.n_kv_heads, self.max_length, config.d_head)
        with torch.inference_mode(False):  # a cache made under inference mode must still be writable after it
            self.k = torch.zeros(shape, dtype=dtype, device=device)
            self.v = torch.zeros(shape, dtype=dtype, device=device)

    def fits(self, config: ModelConfig) -> bool:
        """Whether a model of this shape can go on from it."""
        layers, _, kv_heads, length, width = self.k.shape
        needed = (config.n_layers, config.n_kv_heads, config.d_head)
        return (layers, kv_heads, width) == needed and length <= config.context_length

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Write one layer's new k and v, (B, Hkv, T, Dh), behind the filled part, and return that layer's whole past
        and present, (B, Hkv, length + T, Dh). `length` itself moves once per forward pass, by `advance`."""
        end = self.length + k.shape[2]
        self.k[layer, :, :, self.length : end] = k.detach()
        self.v[layer, :, :, self.length : end] = v.detach()
        return self.k[layer, :, :, :end], self.v[layer, :, :, :end]

    def advance(self, tokens: int) -> None:
        """Count `tokens` more positions as filled: every layer has appended them."""
        if not 0 <= tokens <= self.max_length - self.length:
            raise ValueError(f"{tokens} more positions do not fit: {self.length} of {self.max_length} are filled")
        self.length += tokens

    def truncate(self, length: int) -> None:
        """Forget every position from `length` on; the next forward pass goes on from there."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cannot truncate a cache of {self.length} positions to {length}")
        self.length = length

    @property
    def nbytes(self) -> int:
        """Memory that the cache holds, filled or not."""
        return self.k.nbytes + self.v.nbytes
