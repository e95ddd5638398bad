"""What training makes small: the losses of a batch, with the causal mask or, as a mistake to learn from, without it."""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from core.model import Site
from core.training.data.batches import MicroBatch
from core.tuning.log_probs import token_log_probs


def token_losses(model: nn.Module, micro: MicroBatch, *, causal: bool = True) -> Tensor:
    """-log p(target) in nats at every position, 0 at padding: (B, T) float32."""
    return losses(model if causal else partial(model, tap=Leak()), micro.inputs, micro.targets)


def losses(model: Callable[[Tensor], Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
    """The same of plain tensors, inputs and targets (B, T)."""
    return -token_log_probs(model(inputs), targets)


class Leak:
    """A tap that undoes the causal mask: every token looks at all of its sequence. For one forward pass."""

    def __init__(self) -> None:
        self.q = self.k = torch.empty(0)

    def __call__(self, site: Site, x: Tensor) -> Tensor:
        if site.name == "q":
            self.q = x  # (B, H, T, Dh)
        elif site.name == "k":
            self.k = x  # (B, Hkv, T, Dh)
        elif site.name == "attn_scores":
            k = self.k.repeat_interleave(self.q.shape[1] // self.k.shape[1], dim=1)
            return self.q @ k.transpose(-2, -1) / math.sqrt(self.q.shape[-1])  # (B, H, T, T)
        return x
