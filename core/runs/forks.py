"""A fork shares the past of another run up to a snapshot, then goes on with a change. No torch here.

Data are a function of the seed and the step, so both see the same documents in the same order; where the run kept the
optimizer's state with its snapshots (`keep_states`), a fork without a change repeats the original curve exactly.
"""

from dataclasses import replace
from typing import Any

from core.training.config import TrainConfig
from core.training.disk.folder import RunError
from core.training.disk.rows import Row

CHANGEABLE = frozenset({
    "optimizer", "muon_lr", "adamw_lr", "sgd_lr", "momentum", "beta1", "beta2", "weight_decay", "schedule",
    "warmup_steps", "decay_fraction", "clip", "steps", "seconds", "target_loss", "patience", "causal", "precision",
    "log_every", "eval_every", "snapshots", "threads",
})  # fmt: skip


def settings_of_fork(config: TrainConfig, changes: dict[str, Any], at: int) -> TrainConfig:
    """The settings of a fork from step `at`. Raises RunError for what would give it other data or another model, and
    for a step of an earlier stage, whose settings are those of another run."""
    if at < config.first_step:
        raise RunError(f"step {at} lies before this stage, which began at step {config.first_step}: fork its parent")
    if fixed := sorted(changes.keys() - CHANGEABLE):
        raise RunError(f"a fork keeps the data and the model of its parent: {', '.join(fixed)} cannot change")
    return replace(config, **changes)


def mark(step: int, changes: dict[str, Any]) -> Row:
    """The row that says on the curve of a fork where it left, and with what."""
    said = ", ".join(f"{name} {value}" for name, value in changes.items()) or "nothing changed"
    return {"step": step, "event": "fork", "message": said}
