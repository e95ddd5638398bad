"""The training loop. `train(config)` yields a Progress for every row that it writes; a run ends with a status row."""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from core.model import ModelConfig, Transformer, load_checkpoint, save_checkpoint, save_description, save_snapshot
from core.training.batches import IGNORE, Data, MicroBatch, TinylandData, make_data, make_tokenizer
from core.training.compute import Workers
from core.training.config import HELD_OUT_SEED, TrainConfig
from core.training.evaluate import Evaluation, evaluate, sample_text
from core.training.optim import Optimizer, gradients
from core.training.runs import Position, Run
from core.training.schedule import log_spaced_steps, lr_factor

WATTS_PER_CORE = 10.0  # assumed, not measured: the energy in the card is this × cores × seconds
DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}


@dataclass(frozen=True)
class Progress:
    """One row of metrics.jsonl. `status` is None until the last one: "finished", "stopped" or "failed"."""

    step: int
    steps: int
    row: dict[str, Any]
    status: str | None = None


def train(config: TrainConfig, *, resume: bool = False, stop: Callable[[], bool] = lambda: False) -> Iterator[Progress]:
    """Train a model as `config` says, in the folder `config.out`.

    resume: go on from the saved state of that folder; the loss curve is the one of an unbroken run.
    stop: asked before every update; True saves the state and ends the run as "stopped".
    Raises RunError when the folder cannot be used, ValueError when the data cannot. A loss that is not finite ends the
    run as "failed", with a message; every snapshot written before stays.
    """
    run = Run(config.out)
    try:
        trainer = Trainer(config, run, resume)
        try:
            yield from trainer.run(stop)
        finally:
            trainer.workers.close()
    finally:
        run.close()


class Trainer:
    """Everything that one run holds between two updates."""

    def __init__(self, config: TrainConfig, run: Run, resume: bool) -> None:
        self.config, self.folder = config, run
        self.position = Position()
        self.model, self.data = self._resume() if resume else self._begin()
        self.optimizer = make_optimizer(self.model, config)
        if resume:
            self._restore()
        self.workers = Workers(self.model, config.threads, DTYPES[config.precision])
        self.upcoming = self._prepare(self.position.step)
        self.held_out = self.data.held_out(config.eval_documents)
        self.snapshot_steps = set(log_spaced_steps(config.steps, config.snapshots))
        self.clock = time.perf_counter() - self.position.seconds
        self.logged = (self.position.tokens, self.position.seconds)

    def _begin(self) -> tuple[Transformer, Data]:
        config = self.config
        self.tokenizer = make_tokenizer(config)
        model_config = ModelConfig.from_dict({**config.model, "vocab_size": self.tokenizer.vocab_size})
        data = make_data(self.tokenizer, config, model_config.context_length)
        model = Transformer(model_config, seed=config.seed)
        self.folder.begin(config)
        save_description(self.folder.folder, model_config, self.tokenizer, describe(config, model_config))
        save_snapshot(self.folder.folder, 0, model)
        return model, data

    def _resume(self) -> tuple[Transformer, Data]:
        checkpoint = load_checkpoint(self.folder.folder)
        self.tokenizer = checkpoint.tokenizer
        model = Transformer(checkpoint.config, seed=None)
        return model, make_data(self.tokenizer, self.config, checkpoint.config.context_length)

    def _restore(self) -> None:
        tensors, self.position = self.folder.load_state()
        parts = split_state(tensors)
        with torch.no_grad():
            for name, p in self.model.named_parameters():  # not load_state_dict: tied weights are saved once
                p.copy_(parts["model"][name])
        self.optimizer.load_state(parts["optimizer"], self.position.step)
        self.folder.go_on(self.position.step)

    def run(self, stop: Callable[[], bool]) -> Iterator[Progress]:
        """The loop: evaluate at the start, update until the budget is spent, evaluate at length at the end."""
        if self.position.step == 0:
            yield self._report(self._evaluation_row())
        while self._progress() < 1:
            if stop():
                self._save_state()
                yield self._report({}, "stopped")
                return
            row = self._update()
            if not math.isfinite(row["loss"]):
                yield self._report({"message": failure(row, self.config)}, "failed")
                return
            step, last = self.position.step, self._progress() >= 1
            if step % self.config.log_every == 0 or step & (step - 1) == 0 or last:
                yield self._report(self._rates() | row | self._mean_loss())
            if step in self.snapshot_steps and not last:
                save_snapshot(self.folder.folder, step, self.model)
            if step % self.config.eval_every == 0 and not last:
                yield self._report(self._evaluation_row())
                self._save_state()
        yield self._finish()

    def _prepare(self, step: int) -> Future[list[MicroBatch]]:
        return self.workers.later(lambda: self.data.batch(step))

    def _progress(self) -> float:
        """The part of the budget that is spent: of steps, or of seconds where these run out first."""
        config, position = self.config, self.position
        of_time = position.seconds / config.seconds if config.seconds else 0.0
        return min(1.0, max(position.step / config.steps, of_time))

    def _update(self) -> dict[str, float]:
        """One update; returns its loss, gradient norm and learning rates. Weights stay as they were if not finite."""
        config, position = self.config, self.position
        batch = self.upcoming.result()
        loss = self.workers.gradients(batch)
        self.upcoming = self._prepare(position.step + 1)  # while the weights are being updated
        norm = float(nn.utils.get_total_norm(gradients(self.model.parameters())))
        row = {"loss": loss, "grad_norm": norm}
        if not math.isfinite(loss + norm):
            return row | {"loss": math.nan}
        factor = lr_factor(config.schedule, position.step, self._progress(), config.warmup_steps, config.decay_fraction)
        nn.utils.clip_grads_with_norm_(self.model.parameters(), config.clip, torch.tensor(norm))
        self.optimizer.step(config.muon_lr * factor, config.adamw_lr * factor)
        position.step += 1
        position.tokens += sum(int((m.targets != IGNORE).sum()) for m in batch)
        position.seconds = time.perf_counter() - self.clock
        position.loss_sum += loss
        position.loss_count += 1
        peak = config.muon_lr if config.optimizer == "muon" else config.adamw_lr
        return row | {"lr": peak * factor}

    def _mean_loss(self) -> dict[str, float]:
        """The mean training loss since the last row."""
        mean = self.position.loss_sum / self.position.loss_count
        self.position.loss_sum, self.position.loss_count = 0.0, 0
        return {"loss": mean}

    def _rates(self) -> dict[str, float]:
        tokens, seconds = self.logged
        self.logged = (self.position.tokens, self.position.seconds)
        return {"tokens_per_second": (self.position.tokens - tokens) / max(1e-9, self.position.seconds - seconds)}

    def _evaluation_row(self) -> dict[str, Any]:
        self.evaluation = evaluate(self.model, self.workers, self.held_out)
        row = evaluation_fields(self.evaluation)
        return row | {"sample": sample_text(self.model, self.tokenizer, self.config.seed)}

    def _finish(self) -> Progress:
        """Evaluate on many documents, then write the model and its card."""
        self.held_out = self.data.held_out(self.config.final_eval_documents)
        row = self._evaluation_row()
        folder = self.folder.folder
        card = describe(self.config, self.model.config) | self._results()
        save_checkpoint(folder, self.model, self.tokenizer, card, self.position.step)
        self._save_state()
        return self._report(row, "finished")

    def _results(self) -> dict[str, Any]:
        position, config = self.position, self.config
        watts = WATTS_PER_CORE * config.threads
        return {
            "step": position.step,
            "tokens": position.tokens,
            "seconds": round(position.seconds, 1),
            "evaluation": asdict(self.evaluation) | {"documents": self.config.final_eval_documents},
            "energy": {
                "watt_hours": round(watts * position.seconds / 3600, 2),
                "assumption": f"{WATTS_PER_CORE:g} W per busy core × {config.threads} cores × seconds; not measured",
            },
            "too_long_documents": self.data.too_long if isinstance(self.data, TinylandData) else 0,
        }

    def _report(self, row: dict[str, Any], status: str | None = None) -> Progress:
        position = self.position
        row = {"step": position.step, "tokens": position.tokens, "seconds": round(position.seconds, 3)} | row
        if status:
            row["status"] = status
        self.folder.write(row)
        return Progress(position.step, self.config.steps, row, status)

    def _save_state(self) -> None:
        tensors = {f"model.{name}": p.detach() for name, p in self.model.named_parameters()}
        tensors |= {f"optimizer.{name}": t for name, t in self.optimizer.state.items()}
        self.folder.save_state(tensors, self.position)


def make_optimizer(model: Transformer, config: TrainConfig) -> Optimizer:
    """The optimizer that `config` describes, over all parameters of `model`."""
    return Optimizer(
        model.named_parameters(),
        muon=config.optimizer == "muon",
        momentum=config.momentum,
        betas=(config.beta1, config.beta2),
        weight_decay=config.weight_decay,
    )


def split_state(tensors: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """{"model.a": x, "optimizer.b": y} -> {"model": {"a": x}, "optimizer": {"b": y}}."""
    parts: dict[str, dict[str, torch.Tensor]] = {"model": {}, "optimizer": {}}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        parts[part][rest] = tensor
    return parts


def evaluation_fields(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation under the names that metrics.jsonl uses; only loss for plain text."""
    fields = {"val_loss": evaluation.loss}
    if evaluation.floor is None:
        return fields
    return fields | {
        "val_document_loss": evaluation.document_loss,
        "floor": evaluation.floor,
        "excess_error": evaluation.excess_error,
        "by_kind": evaluation.by_kind,
    }


def describe(config: TrainConfig, model_config: ModelConfig) -> dict[str, Any]:
    """The card of a run, as far as it is known before the first update."""
    data = dict(config.data)
    if data["kind"] == "tinyland":
        data |= {"seed": data.get("seed", 0), "held_out_seed": HELD_OUT_SEED}
    return {
        "data": data,
        "seed": config.seed,
        "parameters": model_config.parameter_count(),
        "recipe": {k: v for k, v in config.to_dict().items() if k not in ("out", "data", "model", "seed")},
    }


def failure(row: dict[str, float], config: TrainConfig) -> str:
    """What to tell a person whose run diverged."""
    return (
        f"The loss is no longer a number (gradient norm {row['grad_norm']:g}): training diverged. "
        f"Usual cause: a learning rate that is too high (muon_lr {config.muon_lr:g}, adamw_lr {config.adamw_lr:g}) or "
        f"too short a warm-up ({config.warmup_steps} steps). The snapshots before this step are intact."
    )
