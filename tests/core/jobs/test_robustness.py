"""What happens to a run when the server is killed, the worker is killed, or the disk is full."""

import contextlib
import errno
import io
import itertools
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core import jobs
from core.model import load_checkpoint
from core.training import TrainConfig, train
from core.training.__main__ import main
from core.training.disk.folder import owner
from core.training.disk.rows import last_row, read_rows
from tests.waiting import wait_for

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("runs")]
REPOSITORY = Path(__file__).parents[3]
TIMES = ("seconds", "tokens_per_second", "utilisation")
SERVER = """
import json, sys, time
from core.training import TrainConfig
from core import jobs
if sys.argv[2] == "warm":
    jobs.warm()
run_id = jobs.start(TrainConfig.from_dict(json.loads(sys.argv[1])))
if sys.argv[2] == "warm":
    jobs.warm()  # another one, which waits
print(run_id, flush=True)
time.sleep(600)
"""


def curve(folder):
    rows = [row for row in read_rows(Path(folder) / "metrics.jsonl") if row.get("event") != "paused"]
    return [{k: v for k, v in row.items() if k not in TIMES} for row in rows]


def children(parent):
    """The ids of the living processes that `parent` has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, started_by = path.read_text().rpartition(")")[2].split()[:2]
            if int(started_by) == parent and state != "Z":
                found.append(int(path.parent.name))
    return found


def alive(process):
    """Whether a process that we have not started goes on; one that nobody has buried yet does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.parametrize("start", ["cold", "warm"])
def test_a_killed_server_leaves_a_run_that_the_next_one_finds_and_resumes(tiny, start):
    """And no process: neither that of the run nor, warm, the one that waits for the next run."""
    config = replace(tiny, steps=10**6, eval_every=10**5)
    command = [sys.executable, "-c", SERVER, json.dumps(config.to_dict()), start]
    server = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    run_id = server.stdout.readline().strip()
    folder = jobs.run_folder(run_id)
    wait_for(lambda: jobs.status(run_id).step >= 5)
    started = children(server.pid)
    assert owner(folder) in started and len(started) == (2 if start == "warm" else 1)
    assert (b"core.jobs.spare" in Path(f"/proc/{owner(folder)}/cmdline").read_bytes()) == (start == "warm")
    assert os.sched_getscheduler(owner(folder)) == os.SCHED_IDLE, "visitors come first"
    server.send_signal(signal.SIGKILL)
    server.wait()
    wait_for(lambda: not any(map(alive, started)))
    state = jobs.status(run_id)
    assert jobs.list_runs() == [run_id] and state.state == "stopped" and owner(folder) is None
    jobs.resume(run_id)
    wait_for(lambda: jobs.status(run_id).step > state.step)
    steps = [row["step"] for row in read_rows(folder / "metrics.jsonl") if "loss_per_token" in row]
    assert steps == sorted(set(steps)), "nothing was done twice"
    resumed = owner(folder)
    jobs.stop(run_id)
    assert not alive(resumed)


def test_a_killed_worker_resumes_the_identical_curve(tiny):
    """It dies in the middle, for the run never ends by itself, and mostly beyond its last saved state."""
    run_id = jobs.start(replace(tiny, steps=10**6, eval_every=8, eval_documents=2))
    folder = jobs.run_folder(run_id)
    wait_for(lambda: jobs.status(run_id).step >= 20)
    os.kill(owner(folder), signal.SIGKILL)
    wait_for(lambda: jobs.status(run_id).state != "running")
    killed = jobs.status(run_id)
    assert killed.state == "interrupted"
    jobs.resume(run_id)
    wait_for(lambda: jobs.status(run_id).step > killed.step)
    jobs.stop(run_id, wait=120)
    whole = replace(TrainConfig.load(folder / "train.json"), out=tiny.out + "-whole")
    asked, last = itertools.count(), jobs.status(run_id).step
    list(train(whole, stop=lambda: next(asked) == last))
    assert curve(folder) == curve(whole.out)


def fill_disk(monkeypatch, full):
    """From now on only half of a file fits on the disk if `full` says so of its name."""
    write = Path.write_bytes
    error = lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: E731

    def write_bytes(self, data):
        if not full(self.name):
            return write(self, data)
        write(self, data[: len(data) // 2])
        raise error()

    class File(io.FileIO):
        torn = False

        def write(self, data):
            if not full(Path(self.name).name):
                return super().write(data)
            if self.torn:
                raise error()
            self.torn = True
            return super().write(data[: len(data) // 2])

    def opened(path, mode, encoding=None):
        if mode != "a":
            return open(path, mode, encoding=encoding)
        return io.TextIOWrapper(io.BufferedWriter(File(path, mode)), encoding)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    monkeypatch.setattr("core.training.disk.rows.open", opened, raising=False)


@pytest.mark.parametrize(("file", "after"), [("model.safetensors", 12), ("state.safetensors", 8), ("metrics.jsonl", 8)])
def test_a_full_disk_loses_no_earlier_snapshot(tiny, monkeypatch, capsys, file, after):
    """Full for this file, once the curve has reached that step."""
    config = replace(tiny, snapshots=5)
    path = Path(tiny.out).with_suffix(".json")
    path.write_text(json.dumps(config.to_dict()))
    whole = replace(config, out=tiny.out + "-whole")
    list(train(whole))
    metrics = Path(tiny.out) / "metrics.jsonl"
    fill_disk(monkeypatch, lambda name: file in name and last_row(metrics).get("step", 0) >= after)
    assert main(["--out", tiny.out, "--config", str(path), "--quiet"]) == 1
    assert "The disk is full" in capsys.readouterr().err
    if file != "metrics.jsonl":  # or there is no room for the reason either
        last = read_rows(metrics)[-1]
        assert last["status"] == "failed" and "The disk is full" in last["message"]
    steps = load_checkpoint(Path(whole.out)).steps
    assert not sorted(Path(tiny.out).rglob("*.tmp"))
    assert tuple(load_checkpoint(Path(tiny.out), step).step for step in steps[:-1]) == steps[:-1]

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
