"""One model trained by several processes, each with its share of every batch, through PyTorch's DDP.

    torchrun --nproc-per-node 2 -m core.training --preset live --out runs/team

The first process leads: it alone writes the run's folder, evaluates and decides; before each update it tells the others
which step comes and with which learning rates. All of them make the same update from the averaged gradients, so the
curve is that of one process at the same batch. Processes on several machines need the same runs folder.

Where PyTorch has CUDA, each process takes the GPU of its number on its machine, and gradients are averaged by NCCL;
otherwise by Gloo. The weights that count, their updates and evaluations stay on the CPU.
"""

import copy
import math
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from core.model import Transformer
from core.model.folders import read_config, read_tokenizer
from core.training.compute import Workers, share_out
from core.training.config import TrainConfig
from core.training.costs import measure
from core.training.costs.measure import working_dtype
from core.training.data.batches import IGNORE, MicroBatch
from core.training.data.sources import make_data
from core.training.disk.state import STATE, read_state
from core.training.learner import Learner
from core.training.losses import token_losses

T = TypeVar("T")
END, UPDATE = 0.0, 1.0
OPTIMIZERS = ("muon", "adamw", "sgd")
# Seconds for Gloo's threads to let go of the last message. They need the interpreter for it, and the end of the group
# waits for them without giving it away: ended at once, it now and then hung for ever.
REST = 0.25


def size() -> int:
    """How many processes torchrun has started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """The number of this process among them: 0 leads."""
    return int(os.environ.get("RANK", "0"))


def device() -> torch.device:
    """Where this process computes its gradients."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())


def make_workers(model: Transformer, config: TrainConfig) -> "Workers | Distributed":
    """What computes the gradients of a run: threads of this process, or the processes of torchrun."""
    dtype = working_dtype(config.precision)
    if size() == 1:
        return Workers(model, config.threads, dtype, causal=config.causal)
    return Distributed(model, dtype, causal=config.causal)


def tell(values: Sequence[float] = (0.0,) * 6) -> list[float]:
    """The six numbers that the leader says, in every process; the others' own are not used."""
    if not dist.is_initialized():
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    message = torch.tensor(values, dtype=torch.float64)
    dist.broadcast(message, 0)
    return message.tolist()


class Distributed:
    """The same work as `compute.Workers`, shared by processes, each with a working copy of the model on its device.

    The weights stay in float32; matrix products are in `dtype` by autocast, gradients are averaged in float32. Making
    it takes over the weights of the leader.
    """

    def __init__(self, model: nn.Module, dtype: torch.dtype, *, causal: bool = True) -> None:
        torch.set_num_threads(1)
        if rank() == 0:
            tell([UPDATE] + [0.0] * 5)  # the folder is ready
        self.model, self.causal, self.dtype, self.device = model, causal, dtype, device()
        self.copy = copy.deepcopy(model).to(self.device)
        self.team = DistributedDataParallel(self.copy)  # the copies are now the leader's
        with torch.no_grad():
            torch._foreach_copy_(list(model.parameters()), list(self.copy.parameters()))
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="train")

    def compile(self) -> None:
        """Nothing: DDP and the compiler do not know one another here."""

    def lead(self, step: int, rates: dict[str, float]) -> None:
        """Tell the others which update comes."""
        tell([UPDATE, float(step), *(rates[name] for name in OPTIMIZERS), 0.0])

    def gradients(self, batch: Sequence[MicroBatch]) -> float:
        """See compute.Gradients; every process calls it with the same batch."""
        tokens = sum(int((m.targets != IGNORE).sum()) for m in batch)
        shares = share_out(batch, size())
        mine = shares[rank()] if rank() < len(shares) else [nothing(batch[0])]
        with torch.no_grad():
            torch._foreach_copy_(list(self.copy.parameters()), list(self.model.parameters()))
        self.copy.zero_grad(set_to_none=True)
        loss = torch.zeros((), device=self.device)
        for i, micro in enumerate(mine):
            with self.team.no_sync() if i + 1 < len(mine) else nullcontext():
                with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
                    part = token_losses(self.team, to_device(micro, self.device), causal=self.causal).sum() / tokens
                (part * size()).backward()  # DDP takes the mean over the processes
            loss += part.detach()
        for p, working in zip(self.model.parameters(), self.copy.parameters(), strict=True):
            p.grad = None if working.grad is None else working.grad.to(p.device)
        dist.all_reduce(loss)
        return float(loss)

    def peak(self) -> float:
        """Operations a second that the cores could do; not known of GPUs."""
        return measure.peak_flops(self.dtype, size()) if self.device.type == "cpu" else math.nan

    def map(self, function: Callable[[MicroBatch], T], batch: Sequence[MicroBatch]) -> list[T]:
        """`function` of every micro-batch, in order; the leader's own work."""
        return [function(micro) for micro in batch]

    def later(self, function: Callable[[], T]) -> Future[T]:
        """Start `function` on a thread, while the caller does something else."""
        return self.pool.submit(function)

    def close(self) -> None:
        """The leader ends the others."""
        if rank() == 0:
            tell()
        self.pool.shutdown()
        time.sleep(REST)
        dist.destroy_process_group()


def to_device(micro: MicroBatch, to: torch.device) -> MicroBatch:
    """The micro-batch on another device; itself where it is there already."""
    return replace(micro, inputs=micro.inputs.to(to), targets=micro.targets.to(to))


def nothing(like: MicroBatch) -> MicroBatch:
    """A micro-batch without a target, for a process that has no share: it must take part all the same."""
    ids = like.inputs[:1]
    return MicroBatch(ids, torch.full_like(ids, IGNORE), (), ())


def give_up() -> None:
    """The leader could not begin: the others end."""
    tell()


def follow(config: TrainConfig, resume: bool) -> None:
    """What every process but the first does: the same updates, nothing else, until the leader ends."""
    if tell()[0] == END:
        return
    folder = Path(config.out)
    found = TrainConfig.load(folder / "train.json")  # what the leader is fastest in, and where its stage begins
    config = replace(config, precision=found.precision, parent=found.parent)
    model_config = read_config(folder)
    data = make_data(read_tokenizer(folder, model_config), config, model_config.context_length)
    saved = read_state(folder / STATE) if resume and (folder / STATE).exists() else None
    model = Transformer(model_config, seed=0)
    workers = Distributed(model, working_dtype(config.precision), causal=config.causal)
    learner = Learner(model, config, workers)
    if saved is not None:
        tensors, position = saved
        learner.restore(tensors, position.step - position.fresh_at)
    batches: dict[int, Future[list[MicroBatch]]] = {}
    while (said := tell())[0] == UPDATE:
        step = int(said[1])
        batch = batches.pop(step).result() if step in batches else data.batch(step - config.first_step)
        batches = {step + 1: workers.later(partial(data.batch, step + 1 - config.first_step))}
        learner.update(batch, dict(zip(OPTIMIZERS, said[2:5], strict=True)))
    workers.close()
