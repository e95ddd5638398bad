"""The gallery: what each case differs in, and that small versions of all cases fail beside their sound twins."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.lab.failures import FAILURES
from core.lab.memorisation import learned_by_heart, longest_overlap
from core.model import ModelConfig, Transformer, load_checkpoint
from core.training import TrainConfig, train
from core.training.costs.flops import training_flops
from core.training.data.batches import IGNORE, pad_batches
from core.training.data.sources import make_data
from core.training.disk.rows import read_rows
from core.training.losses import token_losses

pytestmark = pytest.mark.thorough

ONE_CHANGE = {
    "rate_too_high": {"adamw_lr", "clip"}, "no_warm_up": {"warmup_steps"}, "no_mask": {"causal"},
    "no_positions": {"model"}, "overfitting": {"patience"}, "dead": {"init_scale"}, "too_few_tokens": {"model"},
}  # fmt: skip
SMALL = {
    "seconds": None, "threads": 1, "tokenizer_documents": 200, "documents_per_step": 8, "snapshots": 2,
    "log_every": 1000, "eval_every": 1000, "eval_documents": 16, "final_eval_documents": 48,
}  # fmt: skip


@pytest.fixture(autouse=True)
def few_counted(monkeypatch):
    """What simple counting achieves is not asked here: it counts a tenth of what it usually does."""
    monkeypatch.setattr("core.training.baselines.TOKENS", 10_000)


@pytest.mark.parametrize("name", FAILURES)
def test_the_twins_differ_in_what_the_case_is_about(name):
    broken, sound = FAILURES[name].broken.to_dict(), FAILURES[name].sound.to_dict()
    assert {field for field in broken if broken[field] != sound[field]} == ONE_CHANGE[name]


def last(config):
    list(train(config))
    return [row for row in read_rows(Path(config.out) / "metrics.jsonl") if "val_loss_per_token" in row]


def twins(name, tmp_path, model=None, **changes):
    """The rows of the broken and of the sound run of a case, both made small, in tmp_path / "broken" and "sound"."""
    found = []
    for side in ("broken", "sound"):
        config = getattr(FAILURES[name], side)
        config = replace(config, out=str(tmp_path / side), model=config.model | (model or {}), **SMALL | changes)
        list(train(config))
        found.append(read_rows(tmp_path / side / "metrics.jsonl"))
    return found


def values(rows, name):
    return [row[name] for row in rows if name in row]


def test_a_rate_too_high_leaps_above_blind_guessing_and_stays_there(tmp_path):
    broken, sound = twins("rate_too_high", tmp_path, steps=30, log_every=1)
    blind = sound[0]["val_loss_per_token"]
    leaps = max(values(broken, "loss_per_token")) > 2 * blind and broken[-1]["val_loss_per_token"] > 2 * blind
    assert leaps or broken[-1]["status"] == "failed"
    assert max(values(sound, "loss_per_token")) < 1.1 * blind and sound[-1]["val_loss_per_token"] < blind - 1


def test_without_warm_up_the_first_steps_do_damage_that_stays(tmp_path):
    broken, sound = twins("no_warm_up", tmp_path, steps=60, log_every=1)
    moved = [max(ratios.values()) for ratios in values(broken, "update_ratio")]
    assert moved[0] > 1 and max(max(ratios.values()) for ratios in values(sound, "update_ratio")) < 0.5
    start, *early = values(broken, "loss_per_token")[:10]
    assert max(early) > start + 0.3 and max(values(sound, "loss_per_token")[1:]) < start
    assert broken[-1]["val_loss_per_token"] > sound[-1]["val_loss_per_token"] + 0.1


def test_without_positions_the_loss_falls_but_stays_above_that_of_the_twin(tmp_path):
    broken, sound = twins("no_positions", tmp_path, {"n_heads": 2, "d_model": 32}, steps=200)
    assert (
        sound[-1]["val_loss_per_token"] + 0.04 < broken[-1]["val_loss_per_token"] < broken[0]["val_loss_per_token"] - 2
    )


def test_with_too_few_tokens_the_smaller_twin_is_far_below(tmp_path):
    """Both half as wide as in the gallery, with the same number of operations in place of the same time."""
    rows, steps, cost = {}, 15, {}
    for side in ("broken", "sound"):
        config = getattr(FAILURES["too_few_tokens"], side)
        model = config.model | {"d_model": config.model["d_model"] // 2}
        cost[side] = training_flops(ModelConfig.from_dict(model | {"vocab_size": config.vocab_size}), [100])
        steps = round(steps * cost["broken"] / cost[side])
        list(train(replace(config, out=str(tmp_path / side), model=model, **SMALL | {"steps": steps})))
        rows[side] = read_rows(tmp_path / side / "metrics.jsonl")[-1]
    assert rows["broken"]["flops"] == pytest.approx(rows["sound"]["flops"], rel=0.15)
    assert rows["sound"]["tokens"] > 5 * rows["broken"]["tokens"]
    assert rows["broken"]["val_loss_per_token"] > rows["sound"]["val_loss_per_token"] + 1


def test_without_a_mask_the_loss_leaks_what_no_honest_model_can_know(tiny, text_file):
    rng = torch.Generator().manual_seed(0)
    text_file.write_text("".join(map(chr, torch.randint(97, 101, (4000,), generator=rng).tolist())))
    config = replace(tiny, steps=80, eval_every=80, batch_tokens=256, log_every=80, causal=False)
    assert (
        last(config)[-1]["val_loss_per_token"] < math.log(4) - 0.1
    )  # four letters at random: nobody can do better than log 4


def test_what_the_leak_taught_is_worth_nothing_where_it_writes(tmp_path):
    """Its loss is lower than that of the twin, and higher where both read as they write: without what comes next."""
    broken, sound = twins("no_mask", tmp_path, {"n_heads": 2, "d_model": 48}, steps=100)
    assert broken[-1]["val_loss_per_token"] < sound[-1]["val_loss_per_token"] - 0.1
    assert masked_loss(tmp_path / "sound") == pytest.approx(sound[-1]["val_loss_per_token"], abs=1e-4)
    assert masked_loss(tmp_path / "broken") > sound[-1]["val_loss_per_token"] + 0.3


def masked_loss(folder):
    """Nats per held-out token, of which no model sees the next."""
    checkpoint, config = load_checkpoint(folder), TrainConfig.load(folder / "train.json")
    data = make_data(checkpoint.tokenizer, config, checkpoint.config.context_length)
    micro_batches = data.held_out(config.final_eval_documents).micro_batches
    with torch.no_grad():
        nats = sum(float(token_losses(checkpoint.model, micro).sum()) for micro in micro_batches)
    return nats / sum(int((micro.targets != IGNORE).sum()) for micro in micro_batches)


def test_the_leak_is_full_attention(tiny):
    """Token t's logits change with token t + 1 when the mask is off, and only then; with one token nothing changes."""
    model = Transformer(ModelConfig.from_dict({**tiny.model, "vocab_size": 261}), seed=1)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel())))
    a, b = (pad_batches([[1, 2, 3, x, 5]], 100)[0] for x in (4, 9))
    with torch.no_grad():
        masked = [token_losses(model, m)[0, :2] for m in (a, b)]
        leaky = [token_losses(model, m, causal=False)[0, :2] for m in (a, b)]
        alone = pad_batches([[1, 2]], 100)[0]
        torch.testing.assert_close(token_losses(model, alone), token_losses(model, alone, causal=False))
    assert torch.allclose(*masked) and not torch.allclose(*leaky)


def test_dead_weights_learn_nothing(tiny):
    rows = last(replace(tiny, init_scale=0.0))
    assert rows[0]["val_loss_per_token"] == pytest.approx(rows[-1]["val_loss_per_token"]) and rows[0][
        "val_loss_per_token"
    ] == pytest.approx(5.5645, abs=1e-3)
    model = load_checkpoint(Path(tiny.out)).model
    assert float(model.embed.weight.abs().sum()) == 0
    assert last(replace(tiny, out=tiny.out + "-sound"))[-1]["val_loss_per_token"] < rows[-1]["val_loss_per_token"] - 1


def test_a_tiny_text_is_learned_by_heart(tiny, text_file):
    text_file.write_text(FAILURES["overfitting"].text[:400])
    config = replace(tiny, steps=100, eval_every=20, batch_tokens=256, log_every=50)
    rows = last(config)
    overlaps = [longest_overlap(row["sample"], text_file.read_text()).length for row in rows]
    assert overlaps[0] < 5 and max(overlaps[2:]) > 8
    assert rows[-1]["val_loss_per_token"] > min(row["val_loss_per_token"] for row in rows) + 0.05


def test_a_tiny_text_read_too_often_is_lost_but_for_an_early_end(tmp_path):
    """The training loss goes to nothing while the held-out loss rises; the twin ends before."""
    for side in ("broken", "sound"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "corpus.txt").write_text(FAILURES["overfitting"].text)
    broken, sound = twins("overfitting", tmp_path, {"n_heads": 2, "d_model": 48}, steps=80, eval_every=5, log_every=5)
    held_out = values(broken, "val_loss_per_token")
    assert values(broken, "loss_per_token")[-1] < 0.3 and held_out[-1] > min(held_out) + 1
    assert sound[-1]["step"] < broken[-1]["step"] and sound[-1]["val_loss_per_token"] < held_out[-1] - 0.5
    least = min(values(sound, "val_loss_per_token"))
    assert sound[-1]["val_loss_per_token"] < 1.05 * least, "the sound twin is sound: it has not begun to learn by heart"
    assert learned_by_heart(broken) and learned_by_heart(sound) is None
