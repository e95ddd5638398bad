"""What happens to a run when the server is killed, the worker is killed, or the disk is full."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.model import load_checkpoint
from core.training import jobs, train
from core.training.__main__ import main
from core.training.runs import owner, read_rows
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("runs")
REPOSITORY = Path(__file__).parents[3]
TIMES = ("seconds", "tokens_per_second", "utilisation")
SERVER = """
import json, sys, time
from core.training import TrainConfig, jobs
run_id = jobs.start(TrainConfig.from_dict(json.loads(sys.argv[1])))
print(run_id, flush=True)
time.sleep(600)
"""


def curve(folder):
    rows = [row for row in read_rows(Path(folder) / "metrics.jsonl") if row.get("event") != "paused"]
    return [{k: v for k, v in row.items() if k not in TIMES} for row in rows]


def processes_of(folder):
    """The ids of living processes whose command line names the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


def test_a_killed_server_leaves_a_run_that_the_next_one_finds_and_resumes(tiny):
    config = replace(tiny, steps=10**6, eval_every=10**5)
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, json.dumps(config.to_dict())], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    run_id = server.stdout.readline().strip()
    folder = jobs.run_folder(run_id)
    wait_for(lambda: jobs.status(run_id).step >= 5)
    assert len(processes_of(folder)) == 1
    server.send_signal(signal.SIGKILL)
    server.wait()
    wait_for(lambda: not processes_of(folder))  # no orphan is left behind
    state = jobs.status(run_id)
    assert jobs.list_runs() == [run_id] and state.state == "stopped" and owner(folder) is None
    jobs.resume(run_id)
    wait_for(lambda: jobs.status(run_id).step > state.step)
    steps = [row["step"] for row in read_rows(folder / "metrics.jsonl") if "loss" in row]
    assert steps == sorted(set(steps)), "nothing was done twice"
    jobs.stop(run_id)
    assert not processes_of(folder)


def test_a_killed_worker_resumes_the_identical_curve(tiny):
    config = replace(tiny, steps=40, eval_every=4, eval_documents=2)
    whole = replace(config, out=tiny.out + "-whole", threads=1)
    list(train(whole))
    run_id = jobs.start(config)
    folder = jobs.run_folder(run_id)
    wait_for(lambda: jobs.status(run_id).step >= 6)
    os.kill(jobs._local.processes[run_id].pid, signal.SIGKILL)
    wait_for(lambda: jobs.status(run_id).state != "running")
    assert jobs.status(run_id).state in ("interrupted", "finished")  # 40 steps may be over in no time
    if jobs.status(run_id).state == "interrupted":
        jobs.resume(run_id)
        wait_for(lambda: jobs.status(run_id).state == "finished")
    assert curve(folder) == curve(whole.out)


def test_a_full_disk_loses_no_earlier_snapshot(tiny, monkeypatch, capsys):
    config = replace(tiny, snapshots=5)
    path = Path(tiny.out).with_suffix(".json")
    path.write_text(json.dumps(config.to_dict()))
    whole = replace(config, out=tiny.out + "-whole", threads=2)
    list(train(whole))
    write = Path.write_bytes

    def write_until_full(self, data):
        if "step_00000012" in self.name or self.name.startswith(".model.safetensors"):
            write(self, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", write_until_full)
    assert main(["--out", tiny.out, "--config", str(path), "--quiet"]) == 1
    assert "The disk is full" in capsys.readouterr().err
    last = read_rows(Path(tiny.out) / "metrics.jsonl")[-1]
    assert last["status"] == "failed" and "The disk is full" in last["message"]
    steps = load_checkpoint(Path(whole.out)).steps
    damaged = sorted(Path(tiny.out).rglob("*.tmp"))
    assert not damaged and tuple(load_checkpoint(Path(tiny.out), step).step for step in steps[:-1]) == steps[:-1]

    monkeypatch.undo()  # some space was freed
    assert main(["--out", tiny.out, "--resume", "--quiet"]) == 0
    assert load_checkpoint(Path(tiny.out)).steps == steps
    assert curve(tiny.out) == curve(whole.out)


def test_a_rate_changed_live_does_not_override_the_change_of_a_fork(tiny):
    run_id = jobs.start(replace(tiny, steps=30, snapshots=8, schedule="constant", keep_states=True))
    jobs.set_learning_rate(run_id, 0.5)
    wait_for(lambda: jobs.status(run_id).state == "finished")
    at = load_checkpoint(jobs.run_folder(run_id)).steps[-2]
    rates = {}
    for name, changes in (("same", {}), ("slow", {"muon_lr": 1e-4})):
        made = jobs.fork(run_id, at, changes)
        wait_for(lambda made=made: jobs.status(made).state == "finished")
        rows = read_rows(jobs.run_folder(made) / "metrics.jsonl")
        rates[name] = {row["lr"] for row in rows if row["step"] > at and "lr" in row and "event" not in row}
    assert rates == {"same": {0.5}, "slow": {1e-4}}
