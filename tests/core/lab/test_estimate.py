import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from core.lab import estimate as estimating
from core.lab.estimate import Calibration, estimate, expect, memory, step_lengths
from core.lab.track_record import remember, track_record
from core.model import ModelConfig, Transformer
from core.runs.records import Record, write_record
from core.training import preset
from core.training.costs import measure
from core.training.costs.flops import training_flops
from core.training.data.batches import pad_batches
from core.training.data.sources import make_data, make_tokenizer
from core.training.losses import token_losses

MODEL = ModelConfig(vocab_size=500, context_length=64, n_layers=3, n_heads=4, d_model=64)
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("change", [{}, {"activation": "swiglu"}, {"tie_embeddings": False}, {"d_head": 8}])
def test_flops_are_those_that_torch_counts(change):
    config = ModelConfig.from_dict(MODEL.to_dict() | change)
    model = Transformer(config, seed=0)
    batch = pad_batches([list(range(50))] * 3, 10_000)
    with FlopCounterMode(display=False) as counter:
        token_losses(model, batch[0]).sum().backward()
    expected = training_flops(config, measure.batch_lengths(batch))
    assert counter.get_total_flops() == pytest.approx(expected, rel=0.01)


def test_update_ratios_by_part():
    before = {"embed.weight": torch.ones(4), "blocks.1.attn.wq.weight": torch.full((4,), 2.0),
              "ln_final.weight": torch.zeros(4)}  # fmt: skip
    after = {"embed.weight": torch.full((4,), 1.5), "blocks.1.attn.wq.weight": torch.full((4,), 2.0),
             "ln_final.weight": torch.ones(4)}  # fmt: skip
    assert measure.update_ratios(before, after) == {"embed": 0.5, "1": 0.0, "final": 0.0}


def test_the_peak_is_a_rate():
    assert 1e8 < measure.peak_flops(torch.float32, 1, seconds=0.02, size=128) < 1e14


def test_the_arithmetic_in_round_numbers():
    config = replace(preset("live"), threads=1, steps=100, seconds=None, eval_documents=3, eval_every=1)
    flops = training_flops(MODEL, np.array([64] * 10))
    found = estimate(config, MODEL, Calibration(flops, 0.5, 0.0), (64,) * 10, data_seconds=0.4)
    assert found.seconds == pytest.approx(100 * (1 + 0.1 + 0.5 + 0.4))  # step, evaluation, update, data
    assert found.steps == 100 and found.tokens == 64_000 and found.tokens_per_second == pytest.approx(320)
    assert found.flops == pytest.approx(100 * flops) and found.refusals == ()
    short = estimate(replace(config, seconds=20.0), MODEL, Calibration(flops, 0.5, 0.0), (64,) * 10, 0.4)
    assert short.steps == 11 and short.seconds == pytest.approx(22)


def test_the_estimate_follows_what_runs_did(tmp_path, monkeypatch):
    """36 steps were promised in a minute, measured in a busy moment, and the run made 413."""
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path))
    config = replace(preset("live"), threads=1, steps=10_000, seconds=60.0, eval_every=10**6)
    flops = training_flops(MODEL, np.array([64] * 10))
    measured = Calibration(flops * 0.6, 0.0, 0.0, 0.5)  # 0.6 steps a second, half of that at its slowest
    before = estimate(config, MODEL, measured, (64,) * 10, 0.0, track_record())
    assert before.steps == 36 and before.steps_range == (18, 36) and before.compared == 0

    def ran(number, made, expected, seconds=60.0):
        folder = tmp_path / f"run-20260101-{number:012x}"
        folder.mkdir()
        (folder / "train.json").write_text("{}")
        write_record(folder, Record(created=float(number)))
        (folder / "metrics.jsonl").write_text(json.dumps({"step": made, "seconds": seconds}) + "\n")
        remember(folder, expected)

    ran(1, 413, before.measured_speed)
    ran(2, 2, 0.001)  # too short to tell
    after = estimate(config, MODEL, measured, (64,) * 10, 0.0, track_record())
    assert after.steps == pytest.approx(413, rel=0.01) and after.compared == 1
    assert after.measured_speed == before.measured_speed, "what is remembered is not corrected twice"
    for number, ratio in enumerate((0.5, 2.0, 1.0, 1.2, 0.8, 1.1), start=3):  # the newest six push the first out
        ran(number, round(600 * ratio), 10.0)
    record = track_record()
    assert sorted(record.ratios) == pytest.approx([0.5, 0.8, 1.0, 1.1, 1.2, 2.0]) and record.middle == pytest.approx(
        1.05
    )
    last = estimate(config, MODEL, measured, (64,) * 10, 0.0, record)
    assert last.steps_range[0] <= last.steps <= last.steps_range[1] == 72
    assert last.seconds_range[0] == pytest.approx(60, rel=0.05)
    for content in ("", "null", "[]", '{"steps_per_second": "x"}', '{"steps_per_second": 0.0}'):
        (tmp_path / "run-20260101-000000000008" / "expected.json").write_text(content)
        assert track_record().runs == 6 and track_record().ratios[0] == pytest.approx(0.8)


@pytest.mark.slow
def test_the_machine_is_measured_again(monkeypatch):
    calls = []
    monkeypatch.setattr(estimating, "_pass", lambda model, micro: calls.append(1) or 100)
    now = [0.0]
    monkeypatch.setattr(estimating.time, "monotonic", lambda: now[0])
    estimating._known.clear()
    config = preset("live")
    for now[0], times in ((0.0, 1), (1.0, 1), (estimating.MEASURED_EVERY, 2), (10 * estimating.MEASURED_EVERY, 3)):
        expect(config)
        assert len(calls) == times * (1 + estimating.PASSES)
    estimating._known.clear()


@pytest.mark.slow
def test_the_lengths_are_those_of_real_steps():
    config = replace(preset("live"), documents_per_step=100)
    lengths, seconds = step_lengths(json.dumps(config.to_dict()), 128)
    data = make_data(make_tokenizer(config), config, 128)
    real = np.concatenate([measure.batch_lengths(data.batch(step)) for step in range(3)])
    assert sum(lengths) == pytest.approx(real.sum() / 3, rel=0.15) and 0 < seconds < 60


@pytest.mark.slow
def test_what_autograd_keeps_explains_the_memory_of_a_pass():
    """The memory of a process that holds a large graph, against the estimate: within a third."""
    code = (
        "import os, torch\n"
        "from core.model import ModelConfig, Transformer\n"
        "from core.training.data.batches import MicroBatch\n"
        "from core.training.losses import token_losses\n"
        "from core.lab.estimate import calibrate\n"
        "config = ModelConfig(vocab_size=500, context_length=64, n_layers=3, n_heads=4, d_model=64)\n"
        "kept = calibrate(config, 'float32', 'adamw', 64).activation_bytes\n"
        "model = Transformer(config, seed=0)\n"
        "def resident(): return int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE')\n"
        "before = resident()\n"
        "ids = torch.zeros(256, 64, dtype=torch.long)\n"
        "loss = token_losses(model, MicroBatch(ids, ids, tuple(range(256)), (64,) * 256)).sum()\n"
        "print(kept * ids.numel(), resident() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    expected, grown = map(float, done.stdout.split())
    assert grown == pytest.approx(expected, rel=0.33)


@pytest.mark.slow
def test_what_cannot_fit_is_refused_with_the_reason(monkeypatch):
    monkeypatch.setattr(estimating, "free_memory", lambda: 10**9)
    found = expect(replace(preset("live"), model=preset("live").model | {"n_layers": 200, "d_model": 1024}))
    assert len(found.refusals) == 1 and "GB of memory; 1.0 GB are free" in found.refusals[0]
    assert expect(preset("live")).refusals == ()
    monkeypatch.setattr(estimating, "free_disk", lambda: 1000)
    assert "on the disk" in expect(preset("live")).refusals[0]


def test_memory_counts_workers_and_states():
    config = replace(preset("live"), threads=1, precision="bfloat16", optimizer="adamw")
    count = MODEL.parameter_count()["total"]
    assert memory(config, MODEL, 100.0) - memory(config, MODEL, 0.0) == 100 * config.micro_batch_tokens
    assert memory(config, MODEL, 0.0) == round(count * (12 + 2 + 2 + 4) + 3e8)
    assert memory(replace(config, threads=3, optimizer="sgd"), MODEL, 0.0) == round(count * (8 + 3 * 8) + 3e8)
