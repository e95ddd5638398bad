"""Two processes under torchrun against one."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.model import load_checkpoint
from core.training import train
from core.training.disk.rows import read_rows

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[3]


def torchrun(config, *options):
    path = Path(config.out).with_suffix(".json")
    path.write_text(json.dumps(config.to_dict()))
    start = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m"]
    command = [*start, "core.training", "--quiet", "--out", config.out, *options]
    command += [] if "--resume" in options else ["--config", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def curve(config, name="loss_per_token"):
    return {r["step"]: r[name] for r in read_rows(Path(config.out) / "metrics.jsonl") if name in r}


def test_two_processes_give_the_curve_of_one(tiny):
    alone = replace(tiny, precision="float32", out=tiny.out + "-alone")
    team = replace(alone, out=tiny.out + "-team")
    list(train(alone))
    torchrun(team, "--steps", "12")
    assert curve(team) == pytest.approx(curve(alone), rel=1e-4)
    assert curve(team, "val_loss_per_token") == pytest.approx(curve(alone, "val_loss_per_token"), rel=1e-4)
    assert curve(team, "tokens") == curve(alone, "tokens")
    a, b = (load_checkpoint(Path(c.out)).model for c in (alone, team))
    for x, y in zip(a.parameters(), b.parameters(), strict=True):
        torch.testing.assert_close(x, y, atol=2e-3, rtol=0)
    rows = read_rows(Path(team.out) / "metrics.jsonl")
    assert [row["step"] for row in rows if "status" in row] == [12]  # one process writes


def test_a_team_resumes_what_one_process_began(tiny):
    alone = replace(tiny, precision="float32", out=tiny.out + "-alone")
    team = replace(alone, out=tiny.out + "-team")
    list(train(alone))
    asked = iter(range(100))
    list(train(team, stop=lambda: next(asked) == 5))
    torchrun(team, "--resume")
    assert curve(team) == pytest.approx(curve(alone), rel=1e-4)


def test_a_run_that_cannot_begin_ends_both(tiny, text_file):
    text_file.unlink()
    with pytest.raises(AssertionError, match="cannot read the training text"):
        torchrun(tiny)
