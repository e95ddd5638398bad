"""The training loop. `train(config)` yields a Progress for every row that it writes; a run ends with a status row."""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import torch

from core.model import ModelConfig, Transformer, load_checkpoint, save_checkpoint, save_description, save_snapshot
from core.training import control, measure, team
from core.training.baselines import write_baselines
from core.training.batches import Data, MicroBatch
from core.training.compiled import pays
from core.training.config import TrainConfig
from core.training.data import make_data, make_tokenizer
from core.training.evaluate import evaluate, sample_text
from core.training.folder import Position, Run
from core.training.learner import Learner, Update
from core.training.report import describe, early_end, evaluation_fields, failure, results
from core.training.schedule import log_spaced_steps, lr_factor

PAUSE = 0.05  # seconds between two looks at control.json while a run is paused
LONGEST_PAUSE = 600.0  # seconds after which a paused run ends: others wait for its place, and it can be resumed
RESTED = f"It was paused for {LONGEST_PAUSE / 60:.0f} minutes and gave its place to others. Resume goes on from here."


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
    stop: asked before every update; True saves the state and ends the run as "stopped". The file control.json in the
    folder is followed too (see core.training.control).
    Raises RunError when the folder cannot be used, ValueError when the data cannot. A loss that is not finite ends the
    run as "failed", with a message; every snapshot written before stays.
    """
    run = Run(config.out)
    config = replace(config, precision=str(measure.working_dtype(config.precision)).removeprefix("torch."))
    try:
        try:
            trainer = Trainer(config, run, resume)
        except BaseException:
            if team.size() > 1:
                team.give_up()
            raise
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
        self.workers = team.make_workers(self.model, config)
        self.learner = Learner(self.model, config, self.workers)
        if resume:
            self._restore()
        self.upcoming = self._prepare(self.position.step)
        self.held_out = self.data.held_out(config.eval_documents)
        self.snapshot_steps = set(log_spaced_steps(config.steps, config.snapshots))
        self.watcher = control.Watcher(run.folder)
        self.clock = time.perf_counter() - self.position.seconds
        self.logged = (self.position.tokens, self.position.flops, self.position.seconds)
        self.peak = math.nan
        self.rested = False  # paused for too long

    def _begin(self) -> tuple[Transformer, Data]:
        config = self.config
        self.tokenizer = make_tokenizer(config)
        model_config = ModelConfig.from_dict({**config.model, "vocab_size": self.tokenizer.vocab_size})
        data = make_data(self.tokenizer, config, model_config.context_length)
        model = Transformer(model_config, seed=config.seed)
        if config.init_scale != 1:
            scale_matrices(model, config.init_scale)
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
        position = self.position
        if not self.learner.restore(tensors, position.step - position.fresh_at):
            position.fresh_at = position.step
        self.folder.go_on(position.step)

    def run(self, stop: Callable[[], bool]) -> Iterator[Progress]:
        """The loop: evaluate at the start, update until the budget is spent, evaluate at length at the end."""
        if self.position.step == 0:
            yield self._report(self._evaluation_row())
            self._save_state(keep=True)
            yield self._report(write_baselines(self.folder.folder, self.data, self.tokenizer.vocab_size, self.held_out))
        self.peak = self.workers.peak()
        self._start_clock()
        reason = None
        while self._progress() < 1 and not reason:
            yield from self._steer(stop)
            if self._stopped(stop):
                self._save_state()
                yield self._report({"message": RESTED} if self.rested else {}, "stopped")
                return
            log = self._logs(self.position.step + 1)
            update, lr = self._update(log)
            if not update.finite:
                yield self._report({"message": failure(update, self.config, self.position)}, "failed")
                return
            step, last = self.position.step, self._progress() >= 1
            if log and pays(self.position.seconds, self._progress()):
                self.workers.compile()
            if log or last:
                yield self._report(self._rates() | self._row(update, lr))
            snapshot = step in self.snapshot_steps and not last
            if snapshot:
                save_snapshot(self.folder.folder, step, self.model)
            if step % self.config.eval_every == 0 and not last:
                row = self._evaluation_row()
                yield self._report(row)
                reason = self._judge(row["val_loss"])
                self._save_state(keep=snapshot)
            elif snapshot and self.config.keep_states:
                self._save_state(keep=True)
        yield self._finish(reason)

    def _steer(self, stop: Callable[[], bool]) -> Iterator[Progress]:
        """Follow the wishes of control.json: returns when the run may go on, or should stop."""
        yield from self._follow_rate()
        if not self._paused():
            return
        if self.watcher.look().get("pause_at") != self.position.step:  # the row of a single step says enough
            yield self._report({"event": "paused"})
        self._save_state()
        begun = time.monotonic()
        while self._paused() and not self._stopped(stop):
            self.rested = time.monotonic() - begun > LONGEST_PAUSE
            time.sleep(PAUSE)
            yield from self._follow_rate()
        self._start_clock()

    def _follow_rate(self) -> Iterator[Progress]:
        was = self.config.peak_lr if self.position.lr is None else self.position.lr
        lr = self.watcher.look().get("lr", was)
        if lr != was:
            self.position.lr = lr
            yield self._report({"event": "lr", "lr": lr, "was": was})

    def _paused(self) -> bool:
        pause_at = self.watcher.look().get("pause_at")
        return pause_at is not None and self.position.step >= pause_at

    def _stopped(self, stop: Callable[[], bool]) -> bool:
        return self.rested or stop() or self.watcher.look().get("stop", False)

    def _start_clock(self) -> None:
        self.clock = time.perf_counter() - self.position.seconds

    def _prepare(self, step: int) -> Future[list[MicroBatch]]:
        return self.workers.later(lambda: self.data.batch(step))

    def _progress(self) -> float:
        """The part of the budget that is spent."""
        return self.config.progress(self.position.step, self.position.seconds)

    def _logs(self, step: int) -> bool:
        """Whether the update that completes `step` gets a row: regularly, often at the start, and before a pause."""
        regular = step % self.config.log_every == 0 or step & (step - 1) == 0
        return regular or self.watcher.look().get("pause_at") == step

    def _update(self, measured: bool) -> tuple[Update, float]:
        """One update, and the learning rate of the main optimizer in it. Weights stay as they were if not finite."""
        config, position = self.config, self.position
        batch = self.upcoming.result()
        factor = lr_factor(config.schedule, position.step, self._progress(), config.warmup_steps, config.decay_fraction)
        rates = config.rates(factor, position.lr)

        def prepare() -> None:  # while the weights are being updated
            self.upcoming = self._prepare(position.step + 1)

        self.workers.lead(position.step, rates)
        update = self.learner.update(batch, rates, measured=measured, meanwhile=prepare)
        if update.finite:
            lengths = measure.batch_lengths(batch)
            position.step += 1
            position.tokens += int(lengths.sum())
            position.flops += measure.training_flops(self.model.config, lengths)
            position.seconds = time.perf_counter() - self.clock
            position.loss_sum += update.loss
            position.loss_count += 1
        return update, rates[config.optimizer]

    def _row(self, update: Update, lr: float) -> dict[str, Any]:
        """Of the last update, except that `loss` is the mean since the last row."""
        position = self.position
        loss = position.loss_sum / position.loss_count
        position.loss_sum, position.loss_count = 0.0, 0
        row = {"loss": loss, "grad_norm": update.grad_norm, "lr": lr}
        return row if update.ratios is None else row | {"update_ratio": update.ratios}

    def _rates(self) -> dict[str, float]:
        position = self.position
        tokens, flops, seconds = self.logged
        self.logged = (position.tokens, position.flops, position.seconds)
        seconds = max(1e-9, position.seconds - seconds)
        speed = (position.flops - flops) / seconds
        return {"tokens_per_second": (position.tokens - tokens) / seconds, "utilisation": speed / self.peak}

    def _evaluation_row(self) -> dict[str, Any]:
        self.evaluation = evaluate(self.model, self.workers, self.held_out)
        row = evaluation_fields(self.evaluation)
        return row | {"sample": sample_text(self.model, self.tokenizer, self.data.opening, self.config.seed)}

    def _judge(self, val_loss: float) -> str | None:
        """Whether a stop condition ends the run after this evaluation, and why."""
        position = self.position
        if position.best is None or val_loss < position.best:
            position.best, position.stale = val_loss, 0
        else:
            position.stale += 1
        return early_end(self.config, self.watcher.look(), position, val_loss)

    def _finish(self, reason: str | None) -> Progress:
        """Evaluate on many documents, then write the model and its card."""
        self.held_out = self.data.held_out(self.config.final_eval_documents)
        row = self._evaluation_row()
        folder = self.folder.folder
        card = describe(self.config, self.model.config)
        card |= results(self.config, self.position, self.evaluation, self.data.too_long)
        save_checkpoint(folder, self.model, self.tokenizer, card, self.position.step)
        self._save_state()
        return self._report(row | ({"message": reason} if reason else {}), "finished")

    def _report(self, row: dict[str, Any], status: str | None = None) -> Progress:
        position = self.position
        cost = {"tokens": position.tokens, "seconds": round(position.seconds, 3), "flops": position.flops}
        row = {"step": position.step} | cost | row
        if status:
            row["status"] = status
        self.folder.write(row)
        return Progress(position.step, self.config.steps, row, status)

    def _save_state(self, *, keep: bool = False) -> None:
        self.folder.save_state(self.learner.tensors(), self.position, keep=keep and self.config.keep_states)


def scale_matrices(model: Transformer, factor: float) -> None:
    """Multiply every first weight matrix: 0 makes a model through which no gradient flows."""
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() == 2:
                p.mul_(factor)
