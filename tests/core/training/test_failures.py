"""The gallery: what each case differs in, and that small versions of the cases really fail."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.model import ModelConfig, Transformer, load_checkpoint
from core.training import train
from core.training.batches import pad_batches
from core.training.failures import FAILURES
from core.training.losses import token_losses
from core.training.memorisation import longest_overlap
from core.training.runs import read_rows

ONE_CHANGE = {
    "rate_too_high": {"adamw_lr", "clip"}, "no_warm_up": {"warmup_steps"}, "no_mask": {"causal"},
    "no_positions": {"model"}, "overfitting": {"patience"}, "dead": {"init_scale"}, "too_few_tokens": {"model"},
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_the_twins_differ_in_what_the_case_is_about(name):
    broken, sound = FAILURES[name].broken.to_dict(), FAILURES[name].sound.to_dict()
    assert {field for field in broken if broken[field] != sound[field]} == ONE_CHANGE[name]


def last(config):
    list(train(config))
    return [row for row in read_rows(Path(config.out) / "metrics.jsonl") if "val_loss" in row]


def test_without_a_mask_the_loss_leaks_what_no_honest_model_can_know(tiny, text_file):
    rng = torch.Generator().manual_seed(0)
    text_file.write_text("".join(map(chr, torch.randint(97, 101, (4000,), generator=rng).tolist())))
    config = replace(tiny, steps=80, eval_every=80, batch_tokens=256, log_every=80, causal=False)
    assert last(config)[-1]["val_loss"] < math.log(4) - 0.1  # four letters at random: nobody can do better than log 4


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
    assert rows[0]["val_loss"] == pytest.approx(rows[-1]["val_loss"]) and rows[0]["val_loss"] == pytest.approx(
        5.5645, abs=1e-3
    )
    model = load_checkpoint(Path(tiny.out)).model
    assert float(model.embed.weight.abs().sum()) == 0


def test_a_tiny_text_is_learned_by_heart(tiny, text_file):
    text_file.write_text(FAILURES["overfitting"].text[:400])
    config = replace(tiny, steps=100, eval_every=20, batch_tokens=256, log_every=50)
    rows = last(config)
    overlaps = [longest_overlap(row["sample"], text_file.read_text()).length for row in rows]
    assert overlaps[0] < 5 and max(overlaps[2:]) > 8
    assert rows[-1]["val_loss"] > min(row["val_loss"] for row in rows) + 0.05
