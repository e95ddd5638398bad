"""Steering a run through control.json, in this process."""

import itertools
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core.model import load_checkpoint
from core.training import train, trainer
from core.training.disk import control
from core.training.disk.folder import RunError
from core.training.disk.rows import read_rows

TIMES = ("seconds", "tokens_per_second", "utilisation")


def rows_of(config, with_events=True):
    rows = read_rows(Path(config.out) / "metrics.jsonl")
    rows = [row for row in rows if with_events or "event" not in row]
    return [{k: v for k, v in row.items() if k not in TIMES} for row in rows]


def losses(config):
    return {row["step"]: row["loss_per_token"] for row in rows_of(config) if "loss_per_token" in row}


@pytest.mark.slow
def test_pause_single_steps_and_resume_leave_the_curve_as_it_was(tiny):
    whole = replace(tiny, out=tiny.out + "-whole")
    list(train(whole))
    folder = Path(tiny.out)
    folder.mkdir()
    control.change(folder, pause_at=3)
    done = threading.Event()
    seen = []

    def work():
        seen.extend(train(tiny))
        done.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def wait_for_step(step):
        for _ in range(2000):
            rows = read_rows(folder / "metrics.jsonl")
            if rows and rows[-1]["step"] >= step:
                return rows[-1]
            done.wait(0.02)
        raise AssertionError(f"step {step} did not come")

    assert wait_for_step(3)["step"] == 3 and not done.wait(0.3)
    control.change(folder, pause_at=4)
    wait_for_step(4)
    assert not done.wait(0.3) and wait_for_step(4)["step"] == 4
    assert (folder / "state" / "state.safetensors").exists()  # a kill while paused would lose nothing
    control.go(folder)
    thread.join(60)
    assert seen[-1].status == "finished" and losses(tiny) == losses(whole)


@pytest.mark.slow
def test_pausing_between_two_rows_says_where(tiny):
    tiny = replace(tiny, log_every=100, eval_every=100)
    asked = itertools.count()

    def pause_after_six():
        if next(asked) == 5:
            control.change(Path(tiny.out), pause_at=0)
        return False

    run = train(tiny, stop=pause_after_six)
    event = next(progress.row for progress in run if progress.row.get("event") == "paused")
    assert event["step"] == 6
    control.change(Path(tiny.out), stop=True)
    assert next(run).status == "stopped"


@pytest.mark.slow
def test_a_long_pause_ends_the_run_which_can_be_resumed(tiny, monkeypatch):
    whole = replace(tiny, out=tiny.out + "-whole")
    list(train(whole))
    Path(tiny.out).mkdir()
    control.change(Path(tiny.out), pause_at=3)
    monkeypatch.setattr(trainer, "LONGEST_PAUSE", 0.2)
    last = list(train(tiny))[-1]
    assert last.status == "stopped" and last.step == 3 and "Resume goes on" in last.row["message"]
    control.go(Path(tiny.out))
    list(train(tiny, resume=True))
    assert losses(tiny) == losses(whole)


@pytest.mark.slow
def test_a_new_learning_rate_is_marked_and_used(tiny):
    tiny = replace(tiny, schedule="constant", warmup_steps=0)
    run = train(tiny)
    for progress in run:
        if progress.step == 5 and "loss_per_token" in progress.row:
            control.change(Path(tiny.out), lr=0.005)
    rows = rows_of(tiny)
    events = [row for row in rows if row.get("event") == "lr"]
    assert [(e["step"], e["lr"], e["was"]) for e in events] == [(5, 0.005, tiny.muon_lr)]
    assert [row["lr"] for row in rows if "loss_per_token" in row] == [tiny.muon_lr] * 5 + [0.005] * 7


@pytest.mark.slow
def test_a_run_with_another_rate_resumes_with_it(tiny):
    whole = replace(tiny, out=tiny.out + "-whole")
    for config, stopping in ((whole, 10**9), (tiny, 8)):
        asked = itertools.count()
        for progress in train(config, stop=lambda asked=asked, stopping=stopping: next(asked) == stopping):
            if progress.step == 5 and "loss_per_token" in progress.row:
                control.change(Path(config.out), lr=0.003)
    assert rows_of(tiny)[-1]["status"] == "stopped"
    list(train(tiny, resume=True))
    assert rows_of(tiny) == rows_of(whole) and rows_of(tiny)[-1]["status"] == "finished"


@pytest.mark.slow
def test_stop_conditions_end_the_run_properly(tiny):
    reached = list(train(replace(tiny, target_loss=6.0)))[-1]
    assert reached.status == "finished" and reached.step == 4 and "reached the target" in reached.row["message"]
    assert load_checkpoint(Path(tiny.out)).step == 4
    stuck = replace(tiny, out=tiny.out + "-stuck", patience=1, muon_lr=1e-12, adamw_lr=1e-12, init_scale=0.0)
    last = list(train(stuck))[-1]
    assert last.status == "finished" and last.step == 8 and "no improvement in 1" in last.row["message"]


@pytest.mark.slow
def test_conditions_can_change_while_it_runs(tiny):
    for progress in train(replace(tiny, target_loss=0.001)):
        if progress.step == 2:
            control.change(Path(tiny.out), target_loss=9.0)
    assert progress.step == 4 and "9" in progress.row["message"]


@pytest.mark.slow
def test_an_end_that_was_set_on_the_way_is_told_once(tiny):
    wishes = {2: {"patience": 3}, 4: {"target_loss": 0.5}, 6: {"patience": None}}
    for resume in (False, True):
        asked = itertools.count(6)
        for progress in train(
            tiny, resume=resume, stop=lambda asked=asked, first=not resume: first and next(asked) > 12
        ):
            if "loss_per_token" in progress.row and progress.step in wishes:
                control.change(Path(tiny.out), **wishes[progress.step])
    told = [(row["step"], row["event"], row.get("value")) for row in rows_of(tiny) if "event" in row]
    told = [one for one in told if one[1] != "baselines"]
    assert told == [(2, "patience", 3), (4, "target_loss", 0.5), (6, "patience", None)]


@pytest.mark.parametrize(
    "wish", [{"lr": 0}, {"lr": float("nan")}, {"lr": "1"}, {"pause_at": -1}, {"stop": 1}, {"patience": 0}, {"x": 1}]
)
def test_impossible_wishes_are_refused(tmp_path, wish):
    with pytest.raises(RunError, match="cannot be told"):
        control.change(tmp_path, **wish)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "[]", "{", '{"lr": -1}', '{"run": "rm -rf"}'])
def test_a_strange_file_is_no_wish(tmp_path, text):
    (tmp_path / control.FILE).write_text(text)
    assert control.read(tmp_path) == {} == control.Watcher(tmp_path).look()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="only Linux has this class")
def test_who_gives_way_runs_only_while_nobody_else_wants_the_core_and_so_do_its_threads():
    said = """
import os
from concurrent.futures import ThreadPoolExecutor
from core.training.disk import control
print(os.sched_getscheduler(0) == os.SCHED_OTHER)
control.give_way()
print(os.sched_getscheduler(0) == os.SCHED_IDLE)
print(ThreadPoolExecutor(1).submit(os.sched_getscheduler, 0).result() == os.SCHED_IDLE)
"""
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 3


@pytest.mark.slow
@pytest.mark.skipif(not control.AUTOGROUP.exists(), reason="sessions share no cores here")
def test_who_gives_way_does_so_as_a_session_too():
    said = """
import os
from core.training.disk import control
print(os.getsid(0) == os.getpid())
control.give_way()
print(os.getsid(0) == os.getpid(), control.AUTOGROUP.read_text())
"""
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.split()[:2] == ["False", "True"] and done.stdout.split()[-2:] == ["nice", "19"]
