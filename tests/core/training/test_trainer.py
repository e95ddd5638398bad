import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.model import ModelConfig, Transformer, load_checkpoint
from core.text import Tokenizer, tinyland
from core.training import TrainConfig, preset, train
from core.training.compute import Workers
from core.training.config import HELD_OUT_SEED
from core.training.data.batches import HeldOut, pad_batches
from core.training.data.sources import make_data
from core.training.disk.folder import LockedFolder, RunError
from core.training.disk.rows import read_rows
from core.training.disk.state import STATE, read_state
from core.training.evaluate import evaluate
from core.training.losses import token_losses

TIMES = ("seconds", "tokens_per_second", "utilisation")


def rows_of(config):
    rows = read_rows(Path(config.out) / "metrics.jsonl")
    return [{k: v for k, v in row.items() if k not in TIMES} for row in rows]


@pytest.mark.slow
def test_a_run_leaves_a_checkpoint_with_its_life_and_its_card(tiny):
    progress = list(train(tiny))
    assert progress[-1].status == "finished" and progress[-1].step == 12
    assert [p.row for p in progress] == read_rows(Path(tiny.out) / "metrics.jsonl")
    checkpoint = load_checkpoint(Path(tiny.out))
    assert checkpoint.steps[0] == 0 and checkpoint.step == checkpoint.steps[-1] == 12
    assert checkpoint.card["tokens"] == 12 * 128 and checkpoint.card["energy"]["watt_hours"] >= 0
    kept = TrainConfig.load(Path(tiny.out) / "train.json")
    assert tiny.precision == "auto" and kept.precision in ("bfloat16", "float32")  # a resumed run must not choose anew
    assert replace(kept, precision="auto") == tiny
    first = load_checkpoint(Path(tiny.out), step=0).model
    fresh = Transformer(checkpoint.config, seed=tiny.seed)
    torch.testing.assert_close(first.embed.weight, fresh.embed.weight, atol=1e-4, rtol=1e-3)
    assert progress[0].row["val_loss_per_token"] == pytest.approx(np.log(checkpoint.config.vocab_size), abs=0.15)
    assert progress[-1].row["val_loss_per_token"] < progress[0].row["val_loss_per_token"] - 1


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["muon", "adamw", "sgd"])
def test_a_resumed_run_has_the_identical_curve(tiny, optimizer):
    tiny = replace(tiny, optimizer=optimizer, log_every=3)
    whole = replace(tiny, out=tiny.out + "-whole")
    list(train(whole))
    asked = itertools.count()
    list(train(tiny, stop=lambda: next(asked) == 7))  # between two logged rows
    assert rows_of(tiny)[-1]["status"] == "stopped" and rows_of(tiny)[-1]["step"] == 7
    list(train(tiny, resume=True))
    assert rows_of(tiny) == rows_of(whole)
    a, b = load_checkpoint(Path(tiny.out)), load_checkpoint(Path(whole.out))
    assert all(torch.equal(x, y) for x, y in zip(a.model.parameters(), b.model.parameters(), strict=True))
    assert a.steps == b.steps


@pytest.mark.slow
def test_a_killed_run_goes_on_from_its_last_state(tiny):
    whole = replace(tiny, out=tiny.out + "-whole")
    list(train(whole))
    killed = train(tiny)
    for progress in killed:
        if progress.step == 6 and "loss_per_token" in progress.row:  # the last saved state is that of step 4
            break
    killed.close()
    list(train(tiny, resume=True))
    assert rows_of(tiny) == rows_of(whole)


@pytest.mark.slow
@pytest.mark.parametrize("written", [(), ("metrics.jsonl",), ("metrics.jsonl", "config.json", "tokenizer.json")])
def test_a_run_killed_before_its_first_state_begins_again(tiny, written):
    whole = replace(tiny, out=tiny.out + "-whole")
    list(train(whole))
    killed = train(tiny)
    next(killed)  # its first row, before its first state
    killed.close()
    folder = Path(tiny.out)
    for name in ("metrics.jsonl", "config.json", "tokenizer.json", "card.json"):
        if name not in written:
            (folder / name).unlink()
    assert not (folder / STATE).exists()
    list(train(TrainConfig.load(folder / "train.json"), resume=True))
    assert rows_of(tiny) == rows_of(whole)


@pytest.mark.slow
def test_a_stopped_run_ends_with_its_weights_and_an_evaluation_of_them(tiny):
    asked = itertools.count()
    last = list(train(tiny, stop=lambda: next(asked) == 7))[-1]
    checkpoint = load_checkpoint(Path(tiny.out))
    assert last.status == "stopped" and last.step == checkpoint.step == checkpoint.card["step"] == 7
    state, position = read_state(Path(tiny.out) / STATE)
    assert position.step == 7
    torch.testing.assert_close(checkpoint.model.embed.weight, state["model.embed.weight"], atol=0, rtol=0)
    held_out = make_data(checkpoint.tokenizer, tiny, checkpoint.config.context_length).held_out(tiny.eval_documents)
    workers = Workers(checkpoint.model, 1, torch.float32)
    assert last.row["val_loss_per_token"] == pytest.approx(
        evaluate(checkpoint.model, workers, held_out).loss_per_token, rel=1e-6
    )
    workers.close()
    assert isinstance(last.row["sample"], str)
    list(train(tiny, resume=True))
    assert load_checkpoint(Path(tiny.out)).step == 12


@pytest.mark.slow
def test_a_rate_that_makes_infinities_ends_the_run_with_an_explanation(tiny):
    for lr in (1e20, 1e30):
        config = replace(tiny, optimizer="adamw", adamw_lr=lr, clip=1e30, warmup_steps=0, out=f"{tiny.out}-{lr:g}")
        last = list(train(config))[-1]
        assert last.status == "failed" and "no longer a number" in last.row["message"]
        text = (Path(config.out) / "metrics.jsonl").read_text()
        assert "NaN" not in text and "Infinity" not in text


@pytest.mark.slow
def test_overfits_a_small_text(tiny, text_file):
    text_file.write_text("abcdefgh" * 60)
    config = replace(tiny, steps=60, batch_tokens=256, eval_every=100)
    assert (
        list(train(config))[-1].row["val_loss_per_token"] < 0.35
    )  # the first letter of a window cannot be known; the rest can


def test_a_loss_that_is_not_finite_ends_the_run_with_the_reason(tiny):
    config = replace(tiny, adamw_lr=1e30, muon_lr=1e30, clip=1e30, warmup_steps=0)
    last = list(train(config))[-1]
    assert last.status == "failed" and "learning rate" in last.row["message"] and last.step < 12
    assert rows_of(config)[-1]["status"] == "failed"
    assert "NaN" not in (Path(config.out) / "metrics.jsonl").read_text()
    assert load_checkpoint(Path(config.out), step=0).steps[0] == 0


@pytest.mark.slow
def test_time_as_the_budget(tiny):
    config = replace(tiny, steps=10**6, seconds=0.5, log_every=1000, eval_every=10**6)
    rows = [p.row for p in train(config)]
    assert rows[-1]["status"] == "finished" and 0.5 <= rows[-1]["seconds"] < 20
    assert rows[-2]["lr"] < config.muon_lr * 0.9  # the schedule went down with the time


@pytest.mark.slow
def test_folders_are_not_shared_nor_overwritten(tiny):
    list(train(tiny))
    with pytest.raises(RunError, match="already holds a run"):
        list(train(tiny))
    other = replace(tiny, out=tiny.out + "-locked")
    holder = LockedFolder(other.out)
    with pytest.raises(RunError, match="another process"):
        list(train(other))
    holder.close()
    with pytest.raises(RunError, match="no saved state"):
        read_state(Path(other.out) / STATE)


def test_gradients_do_not_depend_on_the_split(tiny):
    model = Transformer(ModelConfig.from_dict({**tiny.model, "vocab_size": 261}), seed=1)
    generator = np.random.default_rng(0)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel())))
    sequences = [generator.integers(261, size=n).tolist() for n in (33, 20, 20, 9, 4, 2)]
    losses = [token_losses(model, m).sum() for m in pad_batches(sequences, 10_000)]
    tokens = sum(len(s) - 1 for s in sequences)
    expected = torch.autograd.grad(sum(losses) / tokens, list(model.parameters()))
    mean = float(sum(losses).detach()) / tokens
    for budget, count, dtype, tolerance in ((16, 3, torch.float32, 1e-6), (60, 1, torch.bfloat16, 2e-3)):
        workers = Workers(model, count, dtype)
        loss = workers.gradients(pad_batches(sequences, budget))
        assert loss == pytest.approx(mean, rel=1e-5 if dtype == torch.float32 else 1e-2)
        for p, g in zip(model.parameters(), expected, strict=True):
            torch.testing.assert_close(p.grad, g, atol=tolerance, rtol=0.0)
        workers.close()


@pytest.mark.slow
def test_documents_are_scored_as_one_by_one_from_their_first_token(tmp_path):
    config = preset("live", out=str(tmp_path / "run"), steps=3, seconds=None, documents_per_step=8, eval_documents=12,
                    final_eval_documents=12, tokenizer_documents=50, vocab_size=300)  # fmt: skip
    config = replace(config, model={**config.model, "n_layers": 1, "context_length": 400, "d_model": 32})
    last = list(train(config))[-1].row
    checkpoint = load_checkpoint(Path(config.out))
    tokenizer: Tokenizer = checkpoint.tokenizer
    nats, floors = [], []
    for document in tinyland.documents(HELD_OUT_SEED, 0, 12):
        ids = [tokenizer.eot, *tokenizer.encode(document.text, special=True), tokenizer.eot]
        if len(ids) - 1 <= 400:
            log_probs = checkpoint.model(torch.tensor([ids[:-1]]))[0].log_softmax(-1)
            nats.append(-float(log_probs[range(len(ids) - 1), ids[1:]].sum()))
            floors.append(-document.log_prob)
    assert last["val_loss_per_document"] == pytest.approx(np.mean(nats), rel=1e-5)
    assert last["floor_per_document"] == pytest.approx(np.mean(floors))
    excess = np.array(nats) - np.array(floors)
    assert last["excess_error_per_document"] == pytest.approx(excess.std(ddof=1) / len(nats) ** 0.5, rel=1e-4)
    assert sum(one["documents"] for one in last["by_kind"].values()) == len(nats)
    assert checkpoint.card["evaluation"]["loss_per_document"] == last["val_loss_per_document"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"steps": 1.5}, "whole number"),
        ({"muon_lr": float("nan")}, "finite"),
        ({"seconds": 0}, "seconds"),
        ({"optimizer": "lion"}, "muon, adamw, sgd"),
        ({"target_loss": -1}, "target_loss"),
        ({"causal": 1}, "causal"),
        ({"data": {"kind": "mixture", "parts": []}}, "data.parts"),
        ({"data": {"kind": "mixture", "parts": [{"kind": "tinyland"}]}}, "share"),
        ({"model": {"vocab_size": 3}}, "tokenizer"),
        ({"data": {"kind": "web"}}, "data.kind"),
        ({"data": {"kind": "tinyland", "seed": HELD_OUT_SEED}}, "held out"),
        ({"data": {"kind": "text"}}, "data.path"),
        ({"colour": "red"}, "unknown training settings: colour"),
    ],
)
def test_bad_settings_are_refused_with_the_reason(change, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig.from_dict(change)


def test_config_survives_json():
    for config in (TrainConfig(), preset("live", seed=5), preset("tinyland")):
        assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_evaluating_changes_nothing(tiny):
    model = Transformer(ModelConfig.from_dict({**tiny.model, "vocab_size": 261}), seed=1)
    before = [p.detach().clone() for p in model.parameters()]
    workers = Workers(model, 1, torch.bfloat16)
    held_out = HeldOut(pad_batches([[1, 2, 3], [4, 5]], 100), None, None)
    first = evaluate(model, workers, held_out)
    assert first == evaluate(model, workers, held_out) and first.floor_per_document is None
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    workers.close()
