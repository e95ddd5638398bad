"""The losses of a batch as a program of its own, which PyTorch writes, compiles (it needs a C++ compiler) and keeps.

A small model spends most of its time between its matrix products, on passes over memory and in Python. Fused, it trains
about twice as fast. The first program for a shape of model takes minutes, so only long runs get one, while they go on;
it stays on disk for the next run.
"""

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from core.model import ModelConfig, Transformer
from core.model.folders import ROOT
from core.training.data.batches import MicroBatch
from core.training.losses import losses

WATCHED, LEFT = 20.0, 600.0  # a run that trained for so many seconds, with so many left, is worth a program
EXAMPLES = ((20, 80), (6, 48))  # large tensors and small ones get programs of their own: neither comes as a surprise


def pays(seconds: float, progress: float) -> bool:
    """Whether a run that has used the part `progress` of its budget in so many seconds should be compiled."""
    return seconds >= WATCHED and seconds * (1 - progress) >= LEFT * progress


def compiled_losses(config: ModelConfig, dtype: torch.dtype) -> Callable[[nn.Module, MicroBatch], Tensor]:
    """`token_losses` with a mask, compiled for models of this shape: any batch size and length, forward and backward.

    Raises what PyTorch raises where there is no C++ compiler.
    """
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(ROOT / ".cache" / "compiled"))
    # A program in C++ lets go of Python's lock while it computes, so that workers run side by side.
    options: dict[str, Any] = {"cpp_wrapper": True, "compile_threads": 1}
    program: Any = torch.compile(losses, dynamic=True, fullgraph=True, options=options)
    model = Transformer(config, seed=0).to(dtype)
    for rows, width in EXAMPLES:
        ids, targets = torch.zeros(2, rows, min(width, config.context_length), dtype=torch.int64)
        program(model, ids, targets).sum().backward()
        model.zero_grad(set_to_none=True)
    return lambda model, micro: program(model, micro.inputs, micro.targets)
