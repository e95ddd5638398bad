from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.lab.one_step import batch_of, moments_of, one_update, weight_story
from core.model import load_checkpoint
from core.training import train
from core.training.data.batches import IGNORE
from core.training.disk import control
from core.training.disk.rows import read_rows
from core.training.disk.state import Position, position_after


@pytest.fixture
def run(tiny):
    config = replace(tiny, keep_states=True, snapshots=6, schedule="constant", optimizer="adamw", clip=0.5,
                     weight_decay=0.1, precision="float32")  # fmt: skip
    list(train(config))
    return config


@pytest.mark.slow
def test_the_slow_update_is_the_one_of_the_run(run):
    """With all rows of the batch, and the moments that were kept, it gives the loss and the norm of the run's row."""
    step = load_checkpoint(Path(run.out)).steps[-2]
    rows = {row["step"]: row for row in read_rows(Path(run.out) / "metrics.jsonl") if "loss_per_token" in row}
    model = load_checkpoint(Path(run.out), step).model
    batch = batch_of(Path(run.out), step, rows=100)
    update = one_update(model, run, batch, position_after(Path(run.out), step), moments_of(Path(run.out), step))
    assert update.updates == step
    assert update.loss == pytest.approx(rows[step + 1]["loss_per_token"], rel=2e-3)  # the snapshot is in half precision
    assert update.grad_norm == pytest.approx(rows[step + 1]["grad_norm"], rel=2e-2)
    assert update.loss_after < update.loss and update.rates["adamw"] == rows[step + 1]["lr"]


@pytest.mark.slow
def test_every_number_against_torch(run):
    model = load_checkpoint(Path(run.out), 0).model
    before = [p.clone() for p in model.parameters()]
    batch = batch_of(Path(run.out), 3, rows=2, longest=9)
    update = one_update(model, run, batch, Position(40))
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))  # the model stays
    twin = load_checkpoint(Path(run.out), 0).model.requires_grad_(True)
    log_probs = twin(batch.inputs).log_softmax(-1)
    picked = log_probs.gather(-1, batch.targets.clamp_min(0)[..., None])[..., 0]
    mask = batch.targets != IGNORE
    np.testing.assert_allclose(update.losses, (-picked * mask).detach(), atol=1e-5)
    np.testing.assert_allclose(update.probabilities, (picked.exp() * mask).detach(), atol=1e-6)
    loss = -(picked * mask).sum() / mask.sum()
    loss.backward()
    decayed = [p for p in twin.parameters() if p.dim() >= 2]
    others = [p for p in twin.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
                                  lr=run.adamw_lr, betas=(run.beta1, run.beta2), eps=1e-8)  # fmt: skip
    for name, p in twin.named_parameters():
        np.testing.assert_allclose(update.gradients[name], p.grad, atol=1e-6)
    norm = float(torch.nn.utils.clip_grad_norm_(twin.parameters(), run.clip))
    assert update.grad_norm == pytest.approx(norm, rel=1e-5)
    optimizer.step()
    for name, p in twin.named_parameters():
        np.testing.assert_allclose(update.after[name], p.detach(), atol=1e-6)
    np.testing.assert_allclose(update.trace.logits, model(batch.inputs[:1])[0], atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adamw", "muon", "sgd"])
def test_the_story_of_a_weight_adds_up(run, optimizer):
    config = replace(run, optimizer=optimizer)
    model = load_checkpoint(Path(run.out), 3).model
    update = one_update(model, config, batch_of(Path(run.out), 4), Position(40))
    for name, index in (("blocks.0.attn.wq.weight", (1, 2)), ("ln_final.weight", (3,)), ("embed.weight", (101, 0))):
        story = weight_story(update, name, index)
        lines = dict(story.lines)
        assert story.value + story.change == pytest.approx(story.new_value)
        assert lines["clipped gradient"] == pytest.approx(story.gradient * min(1, 0.5 / update.grad_norm), rel=1e-4)
        rate, decay = lines["learning rate"], lines.get("decay: -rate × decay × value", 0.0)
        if story.optimizer == "adamw":
            direction = lines["direction: exp_avg / (√exp_avg_sq + 0.00000001)"]
            assert story.change == pytest.approx(decay - rate * direction, abs=2e-6)
        elif story.optimizer == "sgd":
            assert story.change == pytest.approx(decay - rate * lines["momentum_buffer after"], abs=2e-6)
        else:
            assert story.optimizer == "muon" and name.startswith("blocks")
            assert story.change == pytest.approx(decay - rate * lines["orthogonalised step"], rel=1e-4)
    with pytest.raises(KeyError):
        weight_story(update, "nothing", (0,))
    parts = lambda story: sum(x for what, x in story.lines if what.startswith(("step:", "decay:")))  # noqa: E731
    rng = np.random.default_rng(0)
    for name, weights in update.before.items():  # the lines of every weight end in its new value
        for _ in range(4):
            story = weight_story(update, name, tuple(int(i) for i in rng.integers(weights.shape)))
            assert story.value + parts(story) == pytest.approx(story.new_value, abs=2e-6), name


@pytest.mark.slow
def test_a_run_without_kept_moments_says_so(run, tmp_path):
    assert moments_of(Path(run.out), 5) == {} and position_after(Path(run.out), 5).fresh_at == 5


@pytest.mark.slow
@pytest.mark.parametrize("kept", [True, False])
def test_the_rate_is_the_one_of_the_run_where_seconds_and_hands_decided_it(tiny, kept):
    """Time runs out long before the steps, and somebody changes the rate on the way."""
    config = replace(tiny, keep_states=kept, snapshots=8, seconds=2.0, steps=10**6, schedule="cosine", log_every=1)
    for progress in train(config):
        if progress.step == 3:
            control.change(Path(config.out), lr=0.005)
    folder = Path(config.out)
    rates = {row["step"]: row["lr"] for row in read_rows(folder / "metrics.jsonl") if "loss_per_token" in row}
    steps = [step for step in load_checkpoint(folder).steps if step > 4 and step + 1 in rates]
    assert steps
    for step in steps:
        model = load_checkpoint(folder, step).model
        update = one_update(model, config, batch_of(folder, step), position_after(folder, step))
        near = {"rel": 1e-9} if kept else {"rel": 1e-2, "abs": 5e-5}  # of a peak of 0.005: rows know milliseconds
        assert update.rates["muon"] == pytest.approx(rates[step + 1], **near)
        assert rates[step + 1] < 0.005
