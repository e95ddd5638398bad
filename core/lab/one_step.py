"""Exactly one update in slow motion: every number between a real batch and the new weights.

    before = load_checkpoint("tinyland", step=915)
    batch = batch_of(before.folder, 915, rows=4)
    config = repeatable_at(before.folder, 915)
    update = one_update(before.model, config, batch, position_after(before.folder, 915), moments_of(before.folder, 915))
    update.loss, update.loss_after, update.trace.pattern, update.gradients["embed.weight"]
    weight_story(update, "blocks.0.mlp.w_in.weight", (3, 5))

All in float32 on one copy of the model; a run itself computes gradients in bfloat16 where its configuration says so.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.brief import Brief
from core.model import Trace, Transformer, describe, run_trace
from core.training.config import TrainConfig
from core.training.costs.measure import working_dtype
from core.training.data.batches import IGNORE, Data, MicroBatch
from core.training.data.sources import make_data
from core.training.disk.folder import RunError
from core.training.disk.rows import FILE, read_rows
from core.training.disk.state import Position, kept_state, read_state
from core.training.learner import make_optimizer, split_state
from core.training.losses import token_losses
from core.training.optim import gradients, orthogonalise
from core.training.schedule import lr_factor
from core.training.stages import settings_at

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False, repr=False)
class OneUpdate(Brief):
    """N sequences of at most T tokens; L, H, D, V as in the model. Losses in nats per token, arrays float32.

    inputs, targets: (N, T) int64; padding, and what does not count in the loss, has target -100. trace: of the first
    sequence, before the update.
    probabilities: (N, T) that the model gave each target before the update, 0 where there is none; losses: their -log;
    losses_after: (N, T) the same after it. loss, loss_after: means over the targets.
    gradients: by parameter, of `loss`, before clipping; grad_norm: of all of them; clip: what they are multiplied with.
    before, after: the weights. state_before, state_after: the optimizer's state: "momentum_buffer.NAME" of Muon and
    SGD, "exp_avg.NAME" and "exp_avg_sq.NAME" of AdamW.
    rates: learning rates of this update by optimizer. updates: how many updates the moments had seen before.
    """

    inputs: np.ndarray
    targets: np.ndarray
    trace: Trace
    probabilities: np.ndarray
    losses: np.ndarray
    losses_after: np.ndarray
    loss: float
    loss_after: float
    gradients: Arrays
    grad_norm: float
    clip: float
    before: Arrays
    after: Arrays
    state_before: Arrays
    state_after: Arrays
    rates: dict[str, float]
    updates: int
    config: TrainConfig


def batch_of(folder: Path, step: int, rows: int = 4, longest: int = 64) -> MicroBatch:
    """The first `rows` sequences of the batch after `step` of the life in `folder`, each cut to `longest` tokens.

    Raises CheckpointError, or ValueError when the settings or the data of that stage are not there any more, or its
    batches are what the model wrote itself.
    """
    config = repeatable_at(folder, step)
    if config is None:
        raise ValueError("the settings of this stage were not kept, or its batches were written by the model itself")
    return _first_rows(_data(folder, config).batch(step - config.first_step), rows, longest)


def repeatable_at(folder: Path, step: int) -> TrainConfig | None:
    """The settings of the stage that goes on from this step, if an update of it can be repeated: None where they were
    not kept, and for preference tuning, whose batches the model writes. ValueError: the run has no settings at all."""
    config = settings_at(folder, step)
    return None if config is None or config.stage == "preference" else config


def reads_the_same(folder: Path, step: int) -> bool:
    """Whether the stage that goes on from `step` would read today what it read: its first batch has as many tokens as
    its rows say. What makes the text may have changed since."""
    config = repeatable_at(folder, step)
    if config is None:
        return False
    tokens = {row["step"]: row["tokens"] for row in read_rows(folder / FILE) if "tokens" in row}
    first = config.first_step
    if first + 1 not in tokens:
        return True  # nothing says otherwise
    read = sum(sum(micro.lengths) for micro in _data(folder, config).batch(0))
    return tokens[first + 1] - tokens.get(first, 0) == read


def _data(folder: Path, config: TrainConfig) -> Data:
    found = describe(folder)
    return make_data(found.tokenizer, config, found.config.context_length)


def _first_rows(batch: Sequence[MicroBatch], rows: int, longest: int) -> MicroBatch:
    """One rectangle of the first rows of a batch, each cut, of which something counts in the loss: first that of which
    most does. What a mask leaves out of the loss stays left out."""
    every = (
        (row, micro.inputs[place, :length][:longest], micro.targets[place, :length][:longest])
        for micro in batch
        for place, (row, length) in enumerate(zip(micro.rows, micro.lengths, strict=True))
    )
    counting = sorted((one for one in every if (one[2] != IGNORE).any()), key=lambda one: one[0])[:rows]
    if not counting:
        raise ValueError(f"nothing counts in the loss of the first {longest} tokens of any sequence")
    chosen = sorted(counting, key=lambda one: int((one[2] != IGNORE).sum()), reverse=True)
    inputs = nn.utils.rnn.pad_sequence([ids for _, ids, _ in chosen], batch_first=True)
    targets = nn.utils.rnn.pad_sequence([ids for _, _, ids in chosen], batch_first=True, padding_value=IGNORE)
    return MicroBatch(inputs, targets, tuple(range(len(chosen))), tuple(len(one[1]) for one in chosen))


def moments_of(folder: Path, step: int) -> dict[str, Tensor]:
    """The optimizer's state after `step` updates, where the run kept it. Otherwise {}: the update is then the first one
    of a new optimizer, which `updates == 0` shows."""
    try:
        return split_state(read_state(kept_state(folder, step))[0])["optimizer"]
    except RunError:
        return {}


def one_update(
    model: Transformer,
    config: TrainConfig,
    batch: MicroBatch,
    position: Position,
    moments: dict[str, Tensor] | None = None,
) -> OneUpdate:
    """The update after `position` of a copy of `model` on `batch`; `model` stays as it is.

    position: what `position_after` returned; step, seconds and a rate that was set live decide the learning rate.
    moments: what `moments_of` returned. Raises ValueError for moments of another model or optimizer.
    """
    updates = position.step - position.fresh_at if moments else 0
    after = copy.deepcopy(model).requires_grad_(True)
    optimizer = make_optimizer(dict(after.named_parameters()), config)
    if moments:
        optimizer.load_state(moments, updates)
    state_before = {name: _array(t) for name, t in optimizer.state.items()}
    losses = token_losses(after, batch, causal=config.causal)  # (N, T)
    count = int((batch.targets != IGNORE).sum())
    loss = losses.sum() / count
    loss.backward()
    found = {n: _array(g) for (n, _), g in zip(after.named_parameters(), gradients(after.parameters()), strict=True)}
    norm = float(nn.utils.get_total_norm(gradients(after.parameters())))
    clip = min(1.0, config.clip / (norm + 1e-6))  # as torch.nn.utils.clip_grads_with_norm_
    nn.utils.clip_grads_with_norm_(after.parameters(), config.clip, torch.tensor(norm))
    progress = config.progress(position.step, position.seconds)
    done = position.step - config.first_step
    factor = lr_factor(config.schedule, done, progress, config.warmup_steps, config.decay_fraction)
    rates = config.rates(factor, position.lr)
    optimizer.step(**rates)
    with torch.no_grad():
        losses_after = token_losses(after, batch, causal=config.causal)
    first = batch.inputs[0, : batch.lengths[0]]
    known = (batch.targets != IGNORE).numpy()
    return OneUpdate(
        inputs=batch.inputs.numpy(), targets=batch.targets.numpy(), trace=run_trace(model, first),
        probabilities=np.exp(-_array(losses)) * known, losses=_array(losses), losses_after=_array(losses_after),
        loss=float(loss.detach()), loss_after=float(losses_after.sum() / count),
        gradients=found, grad_norm=norm, clip=clip, before=_weights(model), after=_weights(after),
        state_before=state_before, state_after={name: _array(t) for name, t in optimizer.state.items()},
        rates=rates, updates=updates, config=config,
    )  # fmt: skip


@dataclass(frozen=True)
class WeightStory:
    """One number of the model through one update, as its optimizer computes it: `lines` are (what, value), in order.

    The last lines are the parts of the change: value + change = new_value, where change is their sum.
    """

    optimizer: str
    value: float
    gradient: float
    lines: tuple[tuple[str, float], ...]
    change: float
    new_value: float


def weight_story(update: OneUpdate, name: str, index: Sequence[int]) -> WeightStory:
    """What happened to weight `index` of parameter `name`. KeyError or IndexError when there is no such weight."""
    at, config = tuple(index), update.config
    value, new = float(update.before[name][at]), float(update.after[name][at])
    gradient = float(update.gradients[name][at])
    kind = config.optimizer
    if kind == "muon" and f"momentum_buffer.{name}" not in update.state_after:
        kind = "adamw"
    rate = update.rates[kind]
    made = {"adamw": _adamw_direction, "muon": _muon_direction, "sgd": _sgd_direction}[kind](update, name, at)
    lines = [("gradient", gradient), ("clipped gradient", gradient * update.clip), *made, ("learning rate", rate)]
    lines.append((f"step: -rate × {made[-1][0].partition(':')[0]}", -rate * made[-1][1]))
    if config.weight_decay and update.before[name].ndim >= 2:
        lines.append(("decay: -rate × decay × value", -rate * config.weight_decay * value))
    return WeightStory(kind, value, gradient, tuple(lines), new - value, new)


Lines = list[tuple[str, float]]  # of which the last is the direction, in which the weight moves by rate × it


def _moment(update: OneUpdate, moment: str, name: str, at: tuple[int, ...]) -> Lines:
    states = (("before", update.state_before), ("after", update.state_after))
    return [(f"{moment} {when}", float(state[f"{moment}.{name}"][at])) for when, state in states]


def _sgd_direction(update: OneUpdate, name: str, at: tuple[int, ...]) -> Lines:
    return _moment(update, "momentum_buffer", name, at)


def _adamw_direction(update: OneUpdate, name: str, at: tuple[int, ...]) -> Lines:
    count, config = update.updates + 1, update.config
    first, second = (_moment(update, moment, name, at) for moment in ("exp_avg", "exp_avg_sq"))
    mean, square = first[-1][1] / (1 - config.beta1**count), second[-1][1] / (1 - config.beta2**count)
    lines = [*first, *second, ("exp_avg, corrected for the start", mean)]
    lines.append(("exp_avg_sq, corrected for the start", square))
    return [*lines, ("direction: exp_avg / (√exp_avg_sq + 0.00000001)", mean / (square**0.5 + 1e-8))]


def _muon_direction(update: OneUpdate, name: str, at: tuple[int, ...]) -> Lines:
    """It depends on the whole matrix: the gradient, looked ahead, is replaced by the nearest orthogonal matrix."""
    momentum = update.config.momentum
    ahead = (1 - momentum) * update.clip * update.gradients[name]
    ahead = ahead + momentum * update.state_after[f"momentum_buffer.{name}"]  # (rows, columns)
    dtype = working_dtype(update.config.precision)
    orthogonal = orthogonalise(torch.from_numpy(ahead)[None], dtype)[0]
    rows, columns = ahead.shape
    scale = max(1.0, rows / columns) ** 0.5
    lines = [*_moment(update, "momentum_buffer", name, at), ("gradient looked ahead", float(ahead[at]))]
    lines += [("orthogonalised step", float(orthogonal[at])), ("scale: √(rows ÷ columns), at least 1", scale)]
    return [*lines, ("scaled step", scale * float(orthogonal[at]))]


def _weights(model: Transformer) -> Arrays:
    return {name: _array(p) for name, p in model.named_parameters()}


def _array(x: Tensor) -> np.ndarray:
    return x.detach().float().clone().numpy()
