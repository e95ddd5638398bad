"""The training loop. `train(config)` yields a Progress for every row that it writes; a run ends with a status row."""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace

from core.model import save_checkpoint, save_snapshot
from core.training import team
from core.training.baselines import write_baselines
from core.training.beginning import Beginning, begin, go_on
from core.training.compiled import pays
from core.training.config import TrainConfig
from core.training.costs import measure
from core.training.costs.flops import training_flops
from core.training.data.batches import MicroBatch
from core.training.disk import control
from core.training.disk.folder import LockedFolder
from core.training.disk.report import describe, evaluation_fields, failure, judge, results
from core.training.disk.rows import FILE, Progress, Row, read_rows
from core.training.disk.state import save_state
from core.training.evaluate import Evaluation, evaluate, sample_text
from core.training.learner import Learner, Update
from core.training.preference.objectives import pair_statistics
from core.training.preference.source import make_feedback
from core.training.schedule import log_spaced_steps, lr_factor

PAUSE = 0.05  # seconds between two looks at control.json while a run is paused
LONGEST_PAUSE = 600.0  # seconds after which a paused run ends: others wait for its place, and it can be resumed
RESTED = f"It was paused for {LONGEST_PAUSE / 60:.0f} minutes and gave its place to others. Resume goes on from here."


def train(config: TrainConfig, *, resume: bool = False, stop: Callable[[], bool] = lambda: False) -> Iterator[Progress]:
    """Train a model as `config` says, in the folder `config.out`.

    resume: go on from the saved state of that folder; the loss curve is the one of an unbroken run. Where there is no
    state yet, the run begins again.
    stop: asked before every update; True ends the run as "stopped", with its state, weights and an evaluation. The file
    control.json in the folder is followed too (see core.training.disk.control).
    Raises RunError when the folder cannot be used, ValueError when the data cannot. A loss that is not finite ends the
    run as "failed", with a message; every snapshot written before stays.
    """
    folder = LockedFolder(config.out)
    config = replace(config, precision=str(measure.working_dtype(config.precision)).removeprefix("torch."))
    try:
        try:
            beginning = (go_on if resume else begin)(config, folder.path)
            trainer = Trainer(beginning)
        except BaseException:
            if team.size() > 1:
                team.give_up()
            raise
        try:
            yield from trainer.run(stop)
        finally:
            trainer.workers.close()
            beginning.rows.close()
    finally:
        folder.close()


class Trainer:
    """Everything that one run holds between two updates."""

    def __init__(self, beginning: Beginning) -> None:
        self.config, self.folder, self.rows = beginning.config, beginning.folder, beginning.rows
        self.model, self.tokenizer, self.data = beginning.model, beginning.tokenizer, beginning.data
        self.position = beginning.position
        self.workers = team.make_workers(self.model, self.config)
        self.learner = Learner(self.model, self.config, self.workers)
        if beginning.tensors and not self.learner.restore(
            beginning.tensors, self.position.step - self.position.fresh_at
        ):
            self.position.fresh_at = self.position.step
        self.feedback = None
        if self.config.stage == "preference":
            self.feedback = make_feedback(self.config, self.folder, self.tokenizer, self.data)
        self.statistics: dict[str, float] = {}  # of the last batch that was drawn from the model itself
        self.upcoming = self._prepare(self.position.step)
        self.held_out = self.data.held_out(self.config.eval_documents)
        self.first = self.config.first_step
        self.began = (self.config.parent or {}).get("seconds", 0.0)  # what the life had cost when this stage began
        self.snapshot_steps = {self.first + step for step in log_spaced_steps(self.config.steps, self.config.snapshots)}
        self.watcher = control.Watcher(self.folder)
        self.clock = time.perf_counter() - self.position.seconds
        self.speed = measure.Speedometer(math.nan, self.position.tokens, self.position.flops, self.position.seconds)
        self.conditions = {"target_loss": self.config.target_loss, "patience": self.config.patience}
        for row in read_rows(self.folder / FILE):  # set before it was resumed
            if (event := row.get("event")) in self.conditions:
                self.conditions[event] = row.get("value")
        self.grad_norm = math.nan  # of the last update
        self.rested = False  # paused for too long

    def run(self, stop: Callable[[], bool]) -> Iterator[Progress]:
        """The loop: evaluate at the start, update until the budget is spent, evaluate at length at the end."""
        if self.position.step == self.first:
            yield self._tell(self._evaluation_row(self._evaluate()))
            self._save_state(keep=True)
        if self.position.step == 0 and self.config.stage == "pretrain":
            yield self._tell(write_baselines(self.folder, self.data, self.tokenizer.vocab_size, self.held_out))
        self.speed.peak = self.workers.peak()
        self._start_clock()
        reason = None
        while self._progress() < 1 and not reason:
            yield from self._steer(stop)
            if self._must_stop(stop):
                self._save_state()
                yield self._end("stopped", RESTED if self.rested else None)
                return
            log = self._logs(self.position.step + 1)
            update, lr = self._update(log)
            if not update.finite:
                yield self._tell(self._failure_row())
                return
            step, last = self.position.step, self._progress() >= 1
            if log and self.feedback is None and pays(self.position.seconds - self.began, self._progress()):
                self.workers.compile()
            if log or last:
                yield self._tell(self._update_row(update, lr))
            snapshot = step in self.snapshot_steps and not last
            if snapshot:
                save_snapshot(self.folder, step, self.model)
            if step % self.config.eval_every == 0 and not last:
                evaluation = self._evaluate()
                yield self._tell(self._evaluation_row(evaluation))
                if not math.isfinite(evaluation.loss_per_token):
                    yield self._tell(self._failure_row())
                    return
                reason = judge(self.config, self.watcher.look(), self.position, evaluation.loss_per_token)
                self._save_state(keep=snapshot)
            elif snapshot and self.config.keep_states:
                self._save_state(keep=True)
        yield self._end("finished", reason)

    def _steer(self, stop: Callable[[], bool]) -> Iterator[Progress]:
        """Follow the wishes of control.json: returns when the run may go on, or should stop."""
        yield from self._follow_wishes()
        if not self.watcher.paused(self.position.step):
            return
        if self.watcher.pause_at() != self.position.step:  # the row of a single step says enough
            yield self._tell({"event": "paused"})
        self._save_state()
        begun = time.monotonic()
        while self.watcher.paused(self.position.step) and not self._must_stop(stop):
            self.rested = time.monotonic() - begun > LONGEST_PAUSE
            time.sleep(PAUSE)
            yield from self._follow_wishes()
        self._start_clock()

    def _follow_wishes(self) -> Iterator[Progress]:
        """Tell of a rate or an end that somebody has set while the run goes on."""
        was = self.config.peak_lr if self.position.lr is None else self.position.lr
        lr = self.watcher.look().get("lr", was)
        if lr != was:
            self.position.lr = lr
            yield self._tell({"event": "lr", "lr": lr, "was": was})
        for name, known in self.conditions.items():
            value = self.watcher.look().get(name, known)
            if value != known:
                self.conditions[name] = value
                yield self._tell({"event": name} if value is None else {"event": name, "value": value})

    def _must_stop(self, stop: Callable[[], bool]) -> bool:
        return self.rested or stop() or self.watcher.look().get("stop", False)

    def _start_clock(self) -> None:
        self.clock = time.perf_counter() - self.position.seconds

    def _prepare(self, step: int) -> Future[list[MicroBatch]] | None:
        """The batch of an update, begun beside the one before; None where it depends on that one's weights."""
        if self.feedback is not None:
            return None
        return self.workers.later(lambda: self.data.batch(step - self.config.first_step))

    def _batch(self) -> list[MicroBatch]:
        if self.upcoming is not None:
            return self.upcoming.result()
        assert self.feedback is not None
        batch, self.statistics = self.feedback.batch(self.position.step - self.first, self.model, self.workers)
        return batch

    def _progress(self) -> float:
        """The part of the budget that is spent."""
        return self.config.progress(self.position.step, self.position.seconds)

    def _logs(self, step: int) -> bool:
        """Whether the update that completes `step` gets a row: regularly, often at the start, and before a pause."""
        done = step - self.first
        return step % self.config.log_every == 0 or done & (done - 1) == 0 or self.watcher.pause_at() == step

    def _update(self, measured: bool) -> tuple[Update, float]:
        """One update, and the learning rate of the main optimizer in it. Weights stay as they were if not finite."""
        config, position = self.config, self.position
        batch = self._batch()
        done, share = position.step - self.first, self._progress()
        factor = lr_factor(config.schedule, done, share, config.warmup_steps, config.decay_fraction)
        rates = config.rates(factor, position.lr)

        def prepare() -> None:  # while the weights are being updated
            self.upcoming = self._prepare(position.step + 1)

        self.workers.lead(position.step, rates)
        update = self.learner.update(batch, rates, measured=measured, meanwhile=prepare)
        self.statistics |= pair_statistics(batch)
        self.grad_norm = update.grad_norm
        if update.finite:
            lengths = measure.batch_lengths(batch)
            position.step += 1
            position.tokens += int(lengths.sum())
            position.flops += training_flops(self.model.config, lengths)
            position.seconds = time.perf_counter() - self.clock
            position.loss_sum += update.loss
            position.loss_count += 1
        return update, rates[config.optimizer]

    def _update_row(self, update: Update, lr: float) -> Row:
        """Of the last update, except that the loss is the mean, and the speed the average, since the last row."""
        position = self.position
        tokens, share = self.speed.look(position.tokens, position.flops, position.seconds)
        row: Row = {"tokens_per_second": tokens, "utilisation": share}
        row["loss_per_token"] = position.loss_sum / position.loss_count
        row["grad_norm"], row["lr"] = update.grad_norm, lr
        position.loss_sum, position.loss_count = 0.0, 0
        if self.statistics:
            row["statistics"] = self.statistics
        return row if update.ratios is None else {**row, "update_ratio": update.ratios}

    def _evaluate(self) -> Evaluation:
        return evaluate(self.model, self.workers, self.held_out)

    def _evaluation_row(self, evaluation: Evaluation) -> Row:
        sample = sample_text(self.model, self.tokenizer, self.data.opening, self.config.seed)
        row: Row = {**evaluation_fields(evaluation), "sample": sample}
        if self.feedback is not None:
            row["statistics"] = self.feedback.measure(self.config.eval_documents // 3 or 1, self.model, self.workers)
        return row

    def _end(self, status: str, message: str | None) -> Progress:
        """Write the model, evaluate it, write its card and the last row. A finished run is measured at length."""
        card = describe(self.config, self.model.config)
        step, documents = self.position.step, self.config.eval_documents
        if status == "finished":
            documents = self.config.final_eval_documents
            self.held_out = self.data.held_out(documents)
        else:  # whoever stopped it may not wait for the evaluation
            save_checkpoint(self.folder, self.model, self.tokenizer, card, step)
        evaluation = self._evaluate()
        card |= results(self.config, self.position, evaluation, documents, self.data.too_long)
        save_checkpoint(self.folder, self.model, self.tokenizer, card, step)
        self._save_state()
        row = self._evaluation_row(evaluation)
        if not math.isfinite(evaluation.loss_per_token):
            return self._tell({**row, **self._failure_row()})
        return self._tell({**row, "status": status, **({"message": message} if message else {})})

    def _failure_row(self) -> Row:
        return {"status": "failed", "message": failure(self.grad_norm, self.config, self.position)}

    def _tell(self, row: Row) -> Progress:
        position = self.position
        cost: Row = {"step": position.step, "tokens": position.tokens, "flops": position.flops}
        cost["seconds"] = round(position.seconds, 3)
        written = self.rows.write({**cost, **row})
        return Progress(position.step, self.config.last_step, written, written.get("status"))

    def _save_state(self, *, keep: bool = False) -> None:
        save_state(self.folder, self.learner.tensors(), self.position, keep=keep and self.config.keep_states)
