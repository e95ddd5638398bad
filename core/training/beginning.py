"""How a run begins, or goes on: the model, tokenizer and data that it has before its next update."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from core.model import ModelConfig, Transformer, load_checkpoint, save_description, save_snapshot
from core.model import describe as describe_model
from core.model.checkpoint import read_model
from core.model.description import is_stock
from core.model.folders import read_config, read_tokenizer, snapshot_path
from core.text import Tokenizer
from core.training.adopted import adopt, read_parent
from core.training.config import TrainConfig
from core.training.costs.need import check_memory
from core.training.data.batches import Data
from core.training.data.own_samples import write_own_samples
from core.training.data.sources import make_data, make_tokenizer
from core.training.disk.folder import RunError, write_settings
from core.training.disk.past import copy_past, copy_texts
from core.training.disk.report import describe
from core.training.disk.rows import FILE, RowWriter
from core.training.disk.state import STATE, Position, read_state, save_state
from core.training.preference.rated import prepare_comparisons
from core.training.stages import resolve, source_of


@dataclass
class Beginning:
    """Everything that a run has before its next update. `tensors`: of the saved state, {} for a run that begins."""

    config: TrainConfig
    folder: Path
    model: Transformer
    tokenizer: Tokenizer
    data: Data
    rows: RowWriter
    position: Position = field(default_factory=Position)
    tensors: dict[str, Tensor] = field(default_factory=dict)


def begin(config: TrainConfig, folder: Path, *, again: bool = False) -> Beginning:
    """A run from its first weights. Refuses a folder that already holds one, unless it is to begin `again`."""
    if (folder / FILE).exists() and (folder / "train.json").exists() and not again:
        raise RunError(f"{folder.name} already holds a run: resume it (--resume) or choose another folder")
    if config.stage == "preference" and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise RunError("preference tuning runs in one process: start it without torchrun")
    if config.parent is not None:
        return begin_stage(config, folder)
    tokenizer = make_tokenizer(config)
    model_config = ModelConfig.from_dict({**config.model, "vocab_size": tokenizer.vocab_size})
    data = make_data(tokenizer, config, model_config.context_length)
    model = Transformer(model_config, seed=config.seed)
    if config.init_scale != 1:
        scale_matrices(model, config.init_scale)
    write_settings(folder, config)
    rows = RowWriter(folder, keep_until=0)
    save_description(folder, model_config, tokenizer, describe(config, model_config))
    save_snapshot(folder, 0, model)
    return Beginning(config, folder, model, tokenizer, data, rows)


def begin_stage(config: TrainConfig, folder: Path) -> Beginning:
    """A stage from the weights of its parent: the snapshots, the curve and the costs of the life so far are taken over,
    the optimizer begins without a past. What goes wrong with the parent or the data is a ValueError, before anything is
    written."""
    config = resolve(config)
    known, step = describe_model(source_of(config), config.first_step), config.first_step
    stock = is_stock(known.folder)
    check_memory(known.config)
    parent = read_parent(known) if stock else load_checkpoint(known.folder, step)
    copy_texts(parent.folder, folder)
    own = config.replay > 0 and config.replay_of == "own"
    make_data(parent.tokenizer, replace(config, replay=0.0) if own else config, parent.config.context_length)
    if own:
        write_own_samples(folder, parent.model, parent.tokenizer, config)
    if config.preference.get("reward", "truth") != "truth":
        prepare_comparisons(folder, parent.model, parent.tokenizer, config)
    if stock:
        adopt(parent, folder, chats=config.stage == "sft")
    else:
        copy_past(parent.folder, folder, step)
        snapshot_path(folder, step).unlink()  # a link to the parent's last weights, which are twice as large
        save_snapshot(folder, step, parent.model)
    costs = {name: (config.parent or {})[name] for name in ("tokens", "seconds", "flops")}
    model = read_model(snapshot_path(folder, step), parent.config)  # the stage begins from what its folder keeps
    write_settings(folder, config)
    tensors = {f"model.{name}": weight.detach() for name, weight in model.named_parameters()}
    save_state(folder, tensors, Position(step=step, fresh_at=step, **costs))
    return go_on(config, folder)


def go_on(config: TrainConfig, folder: Path) -> Beginning:
    """A run from its saved state; one that was ended before it had saved any begins again."""
    if not (folder / STATE).exists():
        return begin(config, folder, again=True)
    model_config = read_config(folder)
    tokenizer = read_tokenizer(folder, model_config)
    data = make_data(tokenizer, config, model_config.context_length)
    tensors, position = read_state(folder / STATE)
    model = Transformer(model_config, seed=None)
    rows = RowWriter(folder, keep_until=position.step)
    save_description(folder, model_config, tokenizer, describe(config, model_config))  # its results are not the last
    return Beginning(config, folder, model, tokenizer, data, rows, position, tensors)


def scale_matrices(model: Transformer, factor: float) -> None:
    """Multiply every first weight matrix: 0 makes a model through which no gradient flows."""
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() == 2:
                p.mul_(factor)
