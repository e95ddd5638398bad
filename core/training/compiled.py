"""The losses of a batch as a program of its own, which PyTorch writes, compiles (it needs a C++ compiler) and keeps.

A small model spends most of its time between its matrix products, on passes over memory and in Python. Fused, it trains
about twice as fast. The first program for a shape of model takes a minute; it stays on disk for the next run.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.model import Transformer
from core.training.batches import IGNORE, MicroBatch

EXAMPLES = ((20, 80), (6, 48))  # large tensors and small ones get programs of their own: neither comes as a surprise


def compiled_losses(model: Transformer) -> Callable[[nn.Module, MicroBatch], Tensor]:
    """`losses`, compiled for `model` and copies of it, for any batch size and length, forward and backward. Raises what
    PyTorch raises where there is no C++ compiler."""
    # A program in C++ lets go of Python's lock while it computes, so that workers run side by side.
    program: Any = torch.compile(losses, dynamic=True, options={"cpp_wrapper": True})
    for rows, width in EXAMPLES:
        ids, targets = torch.zeros(2, rows, min(width, model.config.context_length), dtype=torch.int64)
        program(model, ids, targets).sum().backward()
    model.zero_grad(set_to_none=True)
    return lambda model, micro: program(model, micro.inputs, micro.targets)


def losses(model: Callable[[Tensor], Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
    """-log p(target) in nats at every position, 0 at padding: (B, T) float32."""
    logits = model(inputs).flatten(0, 1).float()  # (B * T, V)
    return F.cross_entropy(logits, targets.flatten(), ignore_index=IGNORE, reduction="none").view_as(targets)
