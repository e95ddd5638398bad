import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core import jobs
from core.jobs import server
from core.training.disk.folder import RunError, owner
from core.training.disk.rows import read_rows
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("runs")]
LONG = {"steps": 10**6, "eval_every": 10**5, "log_every": 5}
REPOSITORY = Path(__file__).parents[3]


@pytest.mark.thorough
def test_start_watch_stop_resume(tiny):
    run_id = jobs.start(replace(tiny, **LONG))
    wait_for(lambda: jobs.status(run_id).step >= 5)
    assert jobs.status(run_id).state == "running" and jobs.list_runs() == [run_id]
    pid = owner(jobs.run_folder(run_id))
    assert pid == server._local.processes[run_id].pid
    with pytest.raises(RunError, match="running already"):
        jobs.resume(run_id)
    rows, offset = jobs.read_metrics(run_id)
    assert rows[0]["step"] == 0 and "val_loss_per_token" in rows[0]
    jobs.stop(run_id)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    state = jobs.status(run_id)
    assert state.state == "stopped" and owner(jobs.run_folder(run_id)) is None
    more, end = jobs.read_metrics(run_id, offset)
    assert rows + more == read_rows(jobs.run_folder(run_id) / "metrics.jsonl")
    assert jobs.read_metrics(run_id, end) == ([], end)
    jobs.resume(run_id)
    wait_for(lambda: jobs.status(run_id).step > state.step)
    server._local.processes.pop(
        run_id
    ).stdin.close()  # as after a restart of the server: its pipe is closed, nobody knows it
    wait_for(lambda: jobs.status(run_id).state == "stopped")


@pytest.mark.thorough
def test_a_worker_that_is_killed_is_interrupted_and_can_be_resumed(tiny):
    run_id = jobs.start(replace(tiny, **{**LONG, "eval_every": 2}))
    wait_for(lambda: jobs.status(run_id).step >= 3)
    server._local.kill(jobs.run_folder(run_id))
    assert jobs.status(run_id).state == "interrupted"
    jobs.resume(run_id)
    wait_for(lambda: jobs.status(run_id).state == "running" and jobs.status(run_id).step >= 5)
    jobs.stop(run_id)


def test_a_run_that_cannot_start_says_why(tiny, text_file):
    text_file.unlink()
    run_id = jobs.start(tiny)
    wait_for(lambda: jobs.status(run_id).state != "running")
    state = jobs.status(run_id)
    assert state.state == "failed" and "cannot read the training text" in state.message


@pytest.mark.parametrize("run_id", ["", "../x", "run-20260101-00000000000g", "run-20260101-0123456789ab/..", 3])
def test_strange_ids_are_refused(run_id):
    with pytest.raises(RunError, match="not the id of a run"):
        jobs.status(run_id)


def test_an_unknown_run_and_half_a_row(tiny):
    with pytest.raises(RunError, match="there is no run"):
        jobs.status("run-20260101-0123456789ab")
    folder = jobs.run_folder("run-20260101-0123456789ab")
    folder.mkdir(parents=True)
    (folder / "train.json").write_text(json.dumps(tiny.to_dict()))
    (folder / "metrics.jsonl").write_bytes(b'{"step": 0}\n{"st')
    assert jobs.read_metrics(folder.name) == ([{"step": 0}], 12)
    assert jobs.read_metrics(folder.name, 12) == ([], 12)
    assert jobs.read_metrics(folder.name, 999) == ([{"step": 0}], 12)


def command(tiny, *options):
    path = Path(tiny.out).with_suffix(".json")
    path.write_text(json.dumps(tiny.to_dict()))
    return [sys.executable, "-m", "core.training", "--out", tiny.out, "--config", str(path), *options]


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["line", "end of input", "SIGTERM"])
def test_the_command_line_stops_with_its_state_saved(tiny, how):
    tiny = replace(tiny, **LONG)
    process = subprocess.Popen(command(tiny, "--control", "--quiet"), stdin=subprocess.PIPE, cwd=REPOSITORY)
    wait_for(lambda: len(read_rows(Path(tiny.out) / "metrics.jsonl")) > 3)
    if how == "line":
        process.stdin.write(b"stop\n")
        process.stdin.flush()
    elif how == "SIGTERM":
        process.send_signal(signal.SIGTERM)
    else:
        process.stdin.close()
    assert process.wait(30) == 0
    last = read_rows(Path(tiny.out) / "metrics.jsonl")[-1]
    assert last["status"] == "stopped" and (Path(tiny.out) / "state" / "state.safetensors").exists()


@pytest.mark.thorough
def test_the_command_line_end_to_end(tiny):
    done = subprocess.run(command(tiny, "--steps", "3"), cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "held-out loss" in done.stdout and "finished" in done.stdout
    again = subprocess.run(command(tiny), cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert again.returncode == 1 and "already holds a run" in again.stderr
    assert read_rows(Path(tiny.out) / "metrics.jsonl")[-1]["status"] == "finished"
    changed = command(tiny, "--set", "colour=red")
    wrong = subprocess.run(changed, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 1 and "colour" in wrong.stderr
