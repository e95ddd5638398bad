from dataclasses import replace
from pathlib import Path

import pytest

from core.model import load_checkpoint
from core.model.description import CARDS
from core.runs import forks
from core.training import TrainConfig, train
from core.training.disk.folder import RunError, write_settings
from core.training.disk.past import copy_past
from core.training.disk.rows import read_rows

TIMES = ("seconds", "tokens_per_second", "utilisation")


def rows_of(folder):
    rows = [row for row in read_rows(Path(folder) / "metrics.jsonl") if row.get("event") != "fork"]
    return [{k: v for k, v in row.items() if k not in TIMES} for row in rows]


def fork(config, out, at, **changes):
    target = Path(out)
    target.mkdir()
    copy_past(Path(config.out), target, at, forks.mark(at, changes))
    config = replace(forks.settings_of_fork(config, changes, at), out=out)
    write_settings(target, config)
    list(train(config, resume=True))
    return rows_of(out)


@pytest.fixture
def parent(tiny) -> TrainConfig:
    config = replace(tiny, keep_states=True, snapshots=6, schedule="constant")
    list(train(config))
    return config


@pytest.mark.slow
def test_a_fork_without_a_change_repeats_the_curve_exactly(parent):
    at = load_checkpoint(Path(parent.out)).steps[-2]
    assert 0 < at < parent.steps
    for card in CARDS:
        (Path(parent.out) / card).write_text(f"what {card} says of the corpus")
    assert fork(parent, parent.out + "-same", at) == rows_of(parent.out)
    a, b = load_checkpoint(Path(parent.out)), load_checkpoint(Path(parent.out + "-same"))
    assert a.steps == b.steps and a.card["data"] == b.card["data"]
    assert all((b.folder / card).read_bytes() == (a.folder / card).read_bytes() for card in CARDS)
    assert all(x.equal(y) for x, y in zip(a.model.parameters(), b.model.parameters(), strict=True))


@pytest.mark.slow
def test_a_change_shows_only_after_the_fork(parent):
    at = load_checkpoint(Path(parent.out)).steps[-2]
    rows, original = fork(parent, parent.out + "-slow", at, muon_lr=1e-6, adamw_lr=1e-6), rows_of(parent.out)
    past = [row for row in original if row["step"] <= at]
    assert rows[: len(past)] == past and rows[len(past) :] != original[len(past) :]
    assert rows[-1]["tokens"] == original[-1]["tokens"]  # the same data
    losses = [row["loss_per_token"] for row in rows if row["step"] > at and "loss_per_token" in row]
    assert max(losses) - min(losses) < 0.1  # it stands still
    assert original[-1]["val_loss_per_token"] < rows[-1]["val_loss_per_token"] < past[0]["val_loss_per_token"] - 0.1


@pytest.mark.slow
@pytest.mark.parametrize("at", [0, -2])
def test_the_curve_of_a_fork_says_where_it_left_and_with_what(parent, at):
    at = load_checkpoint(Path(parent.out)).steps[at]
    fork(parent, parent.out + "-marked", at, clip=0.5)
    marks = [row for row in read_rows(Path(parent.out + "-marked") / "metrics.jsonl") if row.get("event") == "fork"]
    assert [(row["step"], row["message"]) for row in marks] == [(at, "clip 0.5")]


@pytest.mark.slow
def test_a_fork_from_a_snapshot_alone_starts_its_optimizer_afresh(parent):
    at = load_checkpoint(Path(parent.out)).steps[-2]
    for path in (Path(parent.out) / "state").iterdir():
        path.unlink()
    for out, changes in (("-bare", {}), ("-adamw", {"optimizer": "adamw"})):
        rows = fork(parent, parent.out + out, at, **changes)
        assert rows[-1]["status"] == "finished" and rows[-1]["tokens"] == rows_of(parent.out)[-1]["tokens"]
        assert rows[-1]["val_loss_per_token"] < rows[0]["val_loss_per_token"]


@pytest.mark.slow
def test_another_optimizer_takes_over_a_kept_state(parent):
    at = load_checkpoint(Path(parent.out)).steps[-2]
    rows = fork(parent, parent.out + "-sgd", at, optimizer="sgd", sgd_lr=0.01)
    assert rows[-1]["status"] == "finished" and rows[-2]["lr"] == 0.01


@pytest.mark.slow
def test_what_cannot_be_forked(parent, tmp_path):
    with pytest.raises(RunError, match="data, seed cannot change"):
        forks.settings_of_fork(parent, {"seed": 1, "data": {}, "steps": 3}, 4)
    taught = replace(parent, stage="sft", parent={"checkpoint": "x", "step": 9})
    with pytest.raises(RunError, match="step 4 lies before this stage, which began at step 9"):
        forks.settings_of_fork(taught, {}, 4)
    assert forks.settings_of_fork(taught, {"steps": 3}, 9).steps == 3
    (tmp_path / "x").mkdir()
    with pytest.raises(RunError, match="no snapshot of step 11"):
        copy_past(Path(parent.out), tmp_path / "x", 11)
