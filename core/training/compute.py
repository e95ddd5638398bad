"""Losses and gradients on a few cores.

Each worker is a thread that runs one micro-batch at a time on one core, with a working copy of the model of its own.
Operations here last about 0.1 ms: split over two OpenMP threads they gain little, and when another process wants a core
they collapse (measured on 2 busy cores, 1.6 M parameters, bfloat16: 500 tokens/s, against 10,000 with two workers).
"""

import copy
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Thread
from typing import ParamSpec, Protocol, TypeVar

import torch
from torch import Tensor, nn

from core.model import Transformer
from core.training.compiled import compiled_losses
from core.training.costs import measure
from core.training.data.batches import MicroBatch
from core.training.losses import token_losses
from core.training.optim import gradients
from core.training.preference.objectives import part_of_loss, totals

T = TypeVar("T")
P = ParamSpec("P")


class Gradients(Protocol):
    """What computes the gradients of a run."""

    def gradients(self, batch: Sequence[MicroBatch]) -> float:
        """Set `.grad` of the model to the gradient of the loss of `batch`, and return that loss: the mean per token
        (nats), for pairs and graded answers the mean of theirs."""


class Scorers(Protocol):
    """What an evaluation is shared out to."""

    causal: bool

    def map(self, function: Callable[[MicroBatch], T], batch: Sequence[MicroBatch]) -> list[T]:
        """`function` of every micro-batch, in order."""


class Workers:
    """`count` working copies of `model` in `dtype`. The model holds the weights that count, in float32.

    causal=False trains without the mask, so that every token sees the one it should predict.

    Working weights and gradients in bfloat16 double the speed; sums over micro-batches and updates stay in float32.
    """

    def __init__(self, model: Transformer, count: int, dtype: torch.dtype, *, causal: bool = True) -> None:
        torch.set_num_threads(1)  # inside a worker; the workers are what runs side by side
        self.model, self.causal, self.dtype = model, causal, dtype
        self.copies = [copy.deepcopy(model).to(dtype) for _ in range(count)]
        self.sums = [[torch.zeros_like(p) for p in model.parameters()] for _ in range(count)]
        self.pool = ThreadPoolExecutor(count, thread_name_prefix="train")
        self.losses: Callable[[nn.Module, MicroBatch], Tensor] = partial(token_losses, causal=causal)
        self.compiling: Thread | None = None

    def gradients(self, batch: Sequence[MicroBatch]) -> float:
        """Set `.grad` of the model to the gradient of the mean loss per token of `batch`; return that loss (nats)."""
        whole = totals(batch)
        shares = share_out(batch, len(self.copies))
        work = self._again(self._work)
        jobs = [self.pool.submit(work, worker, share, whole) for worker, share in enumerate(shares)]
        loss = sum(job.result() for job in jobs)
        for i, p in enumerate(self.model.parameters()):
            p.grad = self.sums[0][i]
        for other in self.sums[1 : len(shares)]:
            torch._foreach_add_(self.sums[0], other)
        return loss

    def _work(self, worker: int, share: list[MicroBatch], whole: Counter[type]) -> float:
        model, sums = self.copies[worker], self.sums[worker]
        params: list[Tensor] = list(model.parameters())
        with torch.no_grad():
            torch._foreach_copy_(params, list(self.model.parameters()))
        torch._foreach_zero_(sums)
        loss = 0.0
        for micro in share:
            part = part_of_loss(model, micro, whole, self.losses)
            part.backward()
            loss += part.item()
            torch._foreach_add_(sums, gradients(params))
            model.zero_grad(set_to_none=True)
        return loss

    def compile(self) -> None:
        """Compute by a compiled program as soon as there is one; it is made beside the training, once."""
        if self.compiling is None and self.causal:
            self.compiling = Thread(target=self._compile, daemon=True)
            self.compiling.start()

    def _compile(self) -> None:
        interval = sys.getswitchinterval()
        sys.setswitchinterval(interval / 50)  # the compiler is Python, and would keep the workers from their turn
        try:
            self.losses = compiled_losses(self.model.config, self.copies[0].embed.weight.dtype)
        except Exception as error:  # no compiler, or one that PyTorch cannot use: training goes on as it was
            print(f"not compiled: {error}", file=sys.stderr)
        finally:
            sys.setswitchinterval(interval)

    def peak(self) -> float:
        """Operations a second that the threads could do."""
        return measure.peak_flops(self.dtype, len(self.copies))

    def lead(self, step: int, rates: dict[str, float]) -> None:
        """Nothing: all workers are threads of this process (see core.training.team for those that are not)."""

    def map(self, function: Callable[[MicroBatch], T], batch: Sequence[MicroBatch]) -> list[T]:
        """`function` of every micro-batch, side by side, in order."""
        return list(self.pool.map(self._again(function), batch))

    def later(self, function: Callable[[], T]) -> Future[T]:
        """Start `function` on a worker that is free, while the caller does something else."""
        return self.pool.submit(self._again(function))

    def _again(self, function: Callable[P, T]) -> Callable[P, T]:
        """`function`, called again where the compiler was in its way: while torch.fx traces a program it replaces
        `Module.__call__` for moments, in all threads, and a forward pass that falls into one ends with a NameError."""

        def work(*args: P.args, **more: P.kwargs) -> T:
            while True:
                compiling = self.compiling is not None and self.compiling.is_alive()
                try:
                    return function(*args, **more)
                except NameError:
                    if not compiling:
                        raise
                time.sleep(0.01)

        return work

    def close(self) -> None:
        """End the threads."""
        self.pool.shutdown()


def share_out(batch: Sequence[MicroBatch], count: int) -> list[list[MicroBatch]]:
    """Give each micro-batch, largest first, to the worker with the least to do; no worker stays without one."""
    shares: list[list[MicroBatch]] = [[] for _ in range(min(count, len(batch)))]
    load = [0] * len(shares)
    for micro in sorted(batch, key=lambda m: m.inputs.numel(), reverse=True):
        least = load.index(min(load))
        shares[least].append(micro)
        load[least] += micro.inputs.numel()
    return shares
