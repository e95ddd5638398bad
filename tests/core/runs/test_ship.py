"""A run becomes a model to ship: its whole life, no state, weights of 16 bits, and no path of the machine."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.model import describe, load_checkpoint
from core.runs.ship import ship, without_places
from core.training import TrainConfig, train


@pytest.fixture
def run(tiny: TrainConfig) -> Path:
    list(train(replace(tiny, snapshots=3)))
    return Path(tiny.out)


@pytest.mark.slow
def test_the_whole_life_is_there_and_no_state(run, tmp_path):
    ship(run, tmp_path / "model")
    before, after = describe(run), describe(tmp_path / "model")
    assert after.steps == before.steps and after.step == before.step
    assert not (tmp_path / "model" / "state").exists()
    for step in before.steps:
        expected = load_checkpoint(run, step).model.state_dict()
        for name, weight in load_checkpoint(tmp_path / "model", step).model.state_dict().items():
            torch.testing.assert_close(weight, expected[name].half().float(), rtol=0, atol=0)  # 16 bits, no more
    assert json.loads((tmp_path / "model" / "train.json").read_text())["out"] == run.name


@pytest.mark.slow
def test_nothing_is_overwritten(run, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not empty"):
        ship(run, tmp_path)


def test_paths_are_told_by_their_names():
    card = {
        "out": "/a/b",
        "parent": {"checkpoint": "/x/y/z", "step": 3},
        "stages": [{"parent": {"checkpoint": "/p/q"}}],
    }
    told = {"out": "b", "parent": {"checkpoint": "z", "step": 3}, "stages": [{"parent": {"checkpoint": "q"}}]}
    assert without_places(card) == told
