"""What a run will cost, before it starts: a short measurement on this machine, then arithmetic.

expected = expect(preset("live"))
expected.seconds, expected.memory, expected.flops, expected.watt_hours, expected.refusals
"""

import copy
import json
import shutil
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from core.lab.track_record import TrackRecord, track_record
from core.model import ModelConfig, Transformer, runs_root
from core.text import Tokenizer, tinyland
from core.training.config import TrainConfig
from core.training.costs import measure
from core.training.costs.flops import training_flops
from core.training.data.batches import MicroBatch
from core.training.data.sources import make_tokenizer, split_mixture
from core.training.learner import make_optimizer
from core.training.losses import token_losses
from core.training.optim import gradients

TRIAL_FLOPS = 4e9  # of a measured forward and backward pass: 0.1 s or so on a core
PASSES = 3
MEASURED_EVERY = 120.0  # seconds for which the machine is taken to stay as it is
REMEMBERED = 64  # calibrations
NOTHING_KNOWN = TrackRecord()
SAMPLE = 150  # Tinyland documents that are drawn to know their length
ROOM = 0.8  # of the free memory, and of the free disk, that a run may take


@dataclass(frozen=True)
class Calibration:
    """Measured here, of one worker: training FLOPs per second of forward and backward, seconds of an update, and the
    bytes that autograd keeps of a token for the backward pass. slowest: the speed of the slowest of PASSES passes, as a
    part of that of the fastest, which counts."""

    flops_per_second: float
    update_seconds: float
    activation_bytes: float
    slowest: float = 1.0


@dataclass(frozen=True)
class Estimate:
    """What to expect. Times in seconds (of the training itself), sizes in bytes.

    steps: those that fit the budget. refusals: why the run cannot be started, in sentences; empty when it can.
    steps_range, seconds_range: as slow, and as fast, as this machine was when it was measured and in the last runs, of
    which `compared` could be held against what was expected of them. measured_speed: steps per second without that.
    """

    steps: int
    seconds: float
    tokens: int
    tokens_per_second: float
    parameters: int
    flops: float
    memory: int
    disk: int
    watt_hours: float
    refusals: tuple[str, ...]
    steps_range: tuple[int, int] = (0, 0)
    seconds_range: tuple[float, float] = (0.0, 0.0)
    measured_speed: float = 0.0
    compared: int = 0


def expect(config: TrainConfig, vocab_size: int | None = None) -> Estimate:
    """The estimate for a run. Takes about a second for a new kind of model or data, nothing the next time.

    vocab_size: of the tokenizer, where it is known; otherwise what the configuration asks for. Raises ValueError for
    a model that is none.
    """
    model = ModelConfig.from_dict({**config.model, "vocab_size": vocab_size or config.vocab_size})
    key = replace(config, out="", steps=1, seconds=None, seed=0)
    lengths, document_seconds = step_lengths(json.dumps(key.to_dict()), model.context_length)
    if too_much := _refusals(memory(config, model, 0.0), 0):  # not even measured
        return Estimate(
            0, 0.0, 0, 0.0, model.parameter_count()["total"], 0.0, memory(config, model, 0.0), 0, 0.0, too_much
        )
    measured = calibrate(model, config.precision, config.optimizer, int(max(lengths)))
    return estimate(config, model, measured, lengths, document_seconds, track_record())


def estimate(
    config: TrainConfig,
    model: ModelConfig,
    measured: Calibration,
    lengths: tuple[int, ...],
    data_seconds: float = 0.0,
    record: TrackRecord = NOTHING_KNOWN,
) -> Estimate:
    """The arithmetic: `lengths` are the tokens of the sequences of one step, `data_seconds` what drawing them takes.

    One step = its FLOPs shared by the threads, the update and the data (drawn beside it when there is a second thread),
    and its part of the evaluations, whose forward passes cost a third of training on as many tokens. All that as much
    slower or faster than measured as the last runs were.
    """
    flops, tokens = training_flops(model, np.array(lengths)), sum(lengths)
    evaluated = config.eval_documents * flops / len(lengths) / 3 / config.eval_every
    step = (flops + evaluated) / measured.flops_per_second / config.threads + measured.update_seconds
    step += data_seconds if config.threads == 1 else 0.0
    speed = 1 / step

    def within(ratio: float) -> tuple[int, float]:  # the budget, at so many times the measured speed: steps, seconds
        count = min(config.steps, int(config.seconds * speed * ratio) + 1 if config.seconds else config.steps)
        return count, count / (speed * ratio)

    steps, seconds = within(record.middle)
    slow, fast = within(record.low * measured.slowest), within(record.high)
    step /= record.middle
    size, count = memory(config, model, measured.activation_bytes), model.parameter_count()["total"]
    disk = round(
        count * (2 * config.snapshots + 4 + _state_bytes(config) * (1 + config.snapshots * config.keep_states))
    )
    watts = measure.watt_hours(seconds, config.threads)
    refusals = _refusals(size, disk)
    between = min(slow[1], fast[1]), max(slow[1], fast[1])
    return Estimate(
        steps, seconds, steps * tokens, tokens / step, count, steps * flops, size, disk, watts, refusals,
        (slow[0], fast[0]), between, speed, record.runs,
    )  # fmt: skip


def memory(config: TrainConfig, model: ModelConfig, activation_bytes: float) -> int:
    """Bytes of a run: float32 weights and the optimizer's state, and for each worker a working copy with its gradients,
    float32 sums, and what autograd keeps of a micro-batch; 300 MB for Python and PyTorch themselves."""
    count = model.parameter_count()["total"]
    working = measure.working_dtype(config.precision).itemsize
    each = count * (2 * working + 4) + config.micro_batch_tokens * activation_bytes
    return round(count * _state_bytes(config) + config.threads * each + 3e8)


def _state_bytes(config: TrainConfig) -> int:
    return 12 if config.optimizer == "adamw" else 8  # float32 weight, and two moments or one


_known: dict[tuple[ModelConfig, str, str, int], tuple[float, Calibration]] = {}  # and when it was measured


def calibrate(model: ModelConfig, precision: str, optimizer: str, width: int) -> Calibration:
    """Measured for this model, sequences of `width` tokens and an update; again when MEASURED_EVERY has passed."""
    key, now = (model, precision, optimizer, width), time.monotonic()
    when, found = _known.pop(key, (-1e9, None))
    if found is None or now - when >= MEASURED_EVERY:
        when, found = now, _measure(model, precision, optimizer, width)
    _known[key] = when, found
    while len(_known) > REMEMBERED:
        _known.pop(next(iter(_known)))
    return found


def _measure(model: ModelConfig, precision: str, optimizer: str, width: int) -> Calibration:
    """Time forward and backward passes of this model and an update, on one core."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the workers of a run
    try:
        master = Transformer(model, seed=0)
        working = copy.deepcopy(master).to(measure.working_dtype(precision))
        rows = max(1, int(TRIAL_FLOPS / training_flops(model, np.array([width]))))
        ids = torch.zeros(rows, width, dtype=torch.long)
        micro = MicroBatch(ids, ids, tuple(range(rows)), (width,) * rows)
        _pass(working, MicroBatch(ids[:1], ids[:1], (0,), (width,)))  # the first pass makes its plans
        seconds = []
        for _ in range(PASSES):  # a moment in which something else had the core is not what the machine can do
            start = time.perf_counter()
            kept = _pass(working, micro)
            seconds.append(time.perf_counter() - start)
        flops, best = training_flops(model, np.full(rows, width)), min(seconds)
        update = min(_update_seconds(master, optimizer) for _ in range(PASSES))
        return Calibration(flops / best, update, kept / ids.numel(), best / max(seconds))
    finally:
        torch.set_num_threads(threads)


def _pass(model: Transformer, micro: MicroBatch) -> int:
    """Forward and backward; returns the bytes that autograd kept in between, weights not counted."""
    weights = {p.data_ptr() for p in model.parameters()}
    kept: dict[int, int] = {}

    def keep(x: torch.Tensor) -> torch.Tensor:
        storage = x.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        loss = token_losses(model, micro).sum()
    loss.backward()
    return sum(kept.values())


def _update_seconds(model: Transformer, optimizer: str) -> float:
    updater = make_optimizer(dict(model.named_parameters()), TrainConfig(optimizer=optimizer))
    for p, g in zip(model.parameters(), gradients(model.parameters()), strict=True):
        p.grad = g
    updater.step(muon=1e-3, adamw=1e-3, sgd=1e-3)
    start = time.perf_counter()
    updater.step(muon=1e-3, adamw=1e-3, sgd=1e-3)
    return time.perf_counter() - start


@lru_cache(maxsize=32)
def step_lengths(config_json: str, context_length: int) -> tuple[tuple[int, ...], float]:
    """The tokens of the sequences of one step, and the seconds it takes to draw and encode them."""
    config = TrainConfig.from_dict(json.loads(config_json))
    data = config.data
    if data["kind"] == "mixture":
        return _mixed_lengths(config, context_length)
    if data["kind"] == "text":
        rows = max(1, config.batch_tokens // context_length)
        return (context_length,) * rows, 0.0
    few = replace(config, tokenizer_documents=SAMPLE)
    tokenizer: Tokenizer = make_tokenizer(few)
    start = time.perf_counter()
    texts = [d.text for d in tinyland.documents(data.get("seed", 0), 0, SAMPLE, data.get("weights"))]
    lengths = [len(ids) + 1 for ids in tokenizer.encode_batch(texts, special=True)]
    seconds = (time.perf_counter() - start) / SAMPLE * config.documents_per_step
    fitting = [n for n in lengths if n <= context_length] or [context_length]
    count = max(1, round(config.documents_per_step * len(fitting) / len(lengths)))
    return tuple(fitting[i % len(fitting)] for i in range(count)), seconds


def _mixed_lengths(config: TrainConfig, context_length: int) -> tuple[tuple[int, ...], float]:
    """`step_lengths` of a mixture: of each part as many sequences as make its share of the tokens."""
    found: list[int] = []
    seconds = 0.0
    for part, _ in split_mixture(config):
        lengths, drawing = step_lengths(json.dumps(part.to_dict()), context_length)
        count = max(1, round(part.batch_tokens * len(lengths) / sum(lengths)))
        found += [lengths[i % len(lengths)] for i in range(count)]
        seconds += drawing * count / len(lengths)
    return tuple(found), seconds


def _refusals(memory_bytes: float, disk_bytes: float) -> tuple[str, ...]:
    found = []
    if memory_bytes > ROOM * free_memory():
        found.append(f"It needs {memory_bytes / 1e9:.1f} GB of memory; {free_memory() / 1e9:.1f} GB are free here.")
    if disk_bytes > ROOM * free_disk():
        found.append(f"It would write {disk_bytes / 1e9:.1f} GB; {free_disk() / 1e9:.1f} GB are free on the disk.")
    return tuple(found)


def free_memory() -> int:
    """Bytes that this machine, or the container we are in, can still give; 4 GB where nobody says."""
    free = 4_000_000_000
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        fields = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        free = int(fields["MemAvailable"].split()[0]) * 1024
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.exists() and limit.read_text().strip().isdigit():
        free = min(free, int(limit.read_text()) - int(used.read_text()))
    return max(0, free)


def free_disk() -> int:
    """Bytes free where the runs are kept."""
    root = runs_root()
    return shutil.disk_usage(root if root.exists() else root.parent).free
