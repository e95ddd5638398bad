"""Owners, the queue, names and deletion, with an executor that starts nothing."""

import json
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from core import jobs
from core.jobs import NotYours, RunError, TooManyRuns, queue, server
from core.runs import library
from core.runs.records import Record, fingerprint, write_record
from core.training.disk import control
from core.training.disk.folder import owner


class Board:
    """An executor whose runs go on until the test says that they have ended."""

    def __init__(self):
        self.going, self.started = set(), []

    def submit(self, folder, options):
        self.going.add(folder.name)
        self.started.append((folder.name, options))

    def alive(self, folder):
        if control.read(folder).get("stop"):
            self.going.discard(folder.name)
        return folder.name in self.going

    def kill(self, folder):
        self.going.discard(folder.name)

    def slots(self, limit):
        return limit


@pytest.fixture
def board(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path / "runs"))
    board = Board()
    monkeypatch.setattr(server, "_local", board)
    yield board
    for run_id in jobs.list_runs():
        queue.leave(jobs.run_folder(run_id))
    end = time.monotonic() + 10
    while server._attending.is_set() and time.monotonic() < end:
        time.sleep(0.05)


ACTIONS = {
    "stop": (jobs.stop,), "pause": (jobs.pause,), "resume": (jobs.resume,), "step": (jobs.step,),
    "rate": (lambda run, key: jobs.set_learning_rate(run, 0.1, key),), "when": (jobs.stop_when,),
    "rename": (lambda run, key: jobs.rename(run, "x", key),), "tag": (lambda run, key: jobs.tag(run, ["x"], key),),
    "delete": (jobs.delete,),
}  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS)
def test_only_the_key_that_started_a_run_may_change_it(tiny, board, action):
    key, other = jobs.new_key(), jobs.new_key()
    run_id = jobs.start(tiny, key)
    folder = jobs.run_folder(run_id)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for wrong in (other, None, "", fingerprint(key), key + "x"):
        assert not jobs.owns(run_id, wrong)
        with pytest.raises(NotYours):
            ACTIONS[action][0](run_id, wrong)
    assert (
        before == {path.name: path.read_bytes() for path in folder.iterdir()} and jobs.status(run_id).state == "running"
    )
    assert jobs.owns(run_id, key)


def test_the_key_itself_is_nowhere_in_the_folder(tiny, board):
    key = jobs.new_key()
    folder = jobs.run_folder(jobs.start(tiny, key, text="some text", name="mine"))
    assert len(key) >= 43 and key != jobs.new_key()
    assert all(key.encode() not in path.read_bytes() for path in folder.iterdir())
    assert fingerprint(key) in (folder / "run.json").read_text()


def test_a_run_without_an_owner_obeys_code_but_no_visitor(tiny, board):
    run_id = jobs.start(tiny)
    with pytest.raises(NotYours):
        jobs.stop(run_id, jobs.new_key())
    jobs.stop(run_id)
    assert jobs.status(run_id).state == "stopped"


@pytest.mark.slow
def test_the_queue_is_first_come_first_served_and_says_the_place(tiny, board):
    runs = [jobs.start(tiny, jobs.new_key(), limit=2) for _ in range(4)]
    states = [jobs.status(run_id) for run_id in runs]
    assert [s.state for s in states] == ["running", "running", "queued", "queued"]
    assert [s.position for s in states] == [None, None, 1, 2]
    board.going.discard(runs[0])
    jobs.dispatch(2)
    assert [jobs.status(r).state for r in runs] == ["stopped", "running", "running", "queued"]
    assert jobs.status(runs[3]).position == 1
    assert [run_id for run_id, _ in board.started] == runs[:3]


@pytest.mark.slow
def test_a_waiting_run_is_started_without_anybody_asking(tiny, board, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNNING", "1")
    first, second = jobs.start(tiny), jobs.start(tiny)
    assert jobs.status(second).state == "queued"
    board.going.discard(first)
    end = time.monotonic() + 30
    while jobs.status(second).state != "running":
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.slow
def test_a_waiting_run_can_be_stopped_and_queued_again(tiny, board):
    jobs.start(tiny, limit=1)
    key = jobs.new_key()
    run_id = jobs.start(tiny, key, limit=1)
    jobs.stop(run_id, key)
    assert jobs.status(run_id).state == "stopped"
    jobs.resume(run_id, key, limit=1)
    assert jobs.status(run_id).position == 1
    with pytest.raises(RunError, match="queued already"):
        jobs.resume(run_id, key)


@pytest.mark.slow
def test_a_new_server_finds_the_queue(tiny, board, monkeypatch):
    monkeypatch.setenv("GLASSBOX_RUNNING", "1")
    runs = [jobs.start(tiny) for _ in range(3)]
    later = Board()
    monkeypatch.setattr(server, "_local", later)  # the server was killed, and its runs with it
    jobs.dispatch()
    assert [run_id for run_id, _ in later.started] == [runs[1]]
    assert jobs.status(runs[2]).position == 1 and set(jobs.list_runs()) == set(runs)


@pytest.mark.slow
def test_what_one_visitor_may_have(tiny, board, monkeypatch):
    monkeypatch.setenv("GLASSBOX_PER_VISITOR", "2")
    key = jobs.new_key()
    first = jobs.start(tiny, key)
    jobs.start(tiny, key)
    with pytest.raises(TooManyRuns, match="2 of your runs"):
        jobs.start(tiny, key)
    jobs.start(tiny, jobs.new_key())  # others are not concerned
    jobs.stop(first, key)
    (jobs.run_folder(first) / "metrics.jsonl").write_text(json.dumps({"step": 9, "seconds": 3601.0}) + "\n")
    with pytest.raises(TooManyRuns, match="60 minutes"):
        jobs.start(tiny, key)
    with pytest.raises(TooManyRuns, match="60 minutes"):
        jobs.resume(first, key)
    jobs.delete(first, key)
    with pytest.raises(TooManyRuns, match="60 minutes"):  # what was deleted has been used all the same
        jobs.start(tiny, key)
    jobs.undelete(first, key)
    past = {"run": "run-20260101-000000000000", "step": 4, "changes": {}}  # a fork is charged from where it left
    write_record(jobs.run_folder(first), Record(fingerprint(key), parent=past))
    rows = [{"step": 4, "seconds": 3500.0}, {"step": 9, "seconds": 3601.0}]
    (jobs.run_folder(first) / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    jobs.stop(jobs.start(tiny, key), key)
    write_record(jobs.run_folder(first), Record(fingerprint(key), created=time.time() - 25 * 3600))
    jobs.start(tiny, key)


def test_minutes_are_reserved_when_a_run_is_queued(tiny, board):
    """Four runs of an hour each passed a budget of 60 minutes."""
    key, hour = jobs.new_key(), replace(tiny, seconds=3600.0)
    first = jobs.start(hour, key, limit=1)
    for config in (hour, replace(tiny, seconds=1.0)):
        with pytest.raises(TooManyRuns, match="60 minutes"):
            jobs.start(config, key, limit=1)
    assert len(jobs.list_runs()) == 1
    jobs.stop(first, key)  # it gives back what it has not used
    (jobs.run_folder(first) / "metrics.jsonl").write_text(json.dumps({"step": 9, "seconds": 600.0}) + "\n")
    second = jobs.start(replace(tiny, seconds=2000.0), key, limit=1)
    with pytest.raises(TooManyRuns, match="60 minutes"):
        jobs.resume(first, key, limit=1)  # it may take 3000 seconds more
    jobs.stop(second, key)
    jobs.resume(first, key, limit=1)
    with pytest.raises(TooManyRuns):
        jobs.start(replace(tiny, seconds=1.0), key)


LOADED = """
import sys, time
from core import jobs
from core.training import TrainConfig
sys.stdin.readline()
for _ in range(2):
    try:
        print(jobs.start(TrainConfig.load(sys.argv[1]), sys.argv[2]), flush=True)
    except jobs.TooManyRuns:
        print("refused", flush=True)
sys.stdin.readline()
"""


@pytest.mark.slow
def test_two_servers_on_one_folder_keep_one_limit(tiny, tmp_path, monkeypatch):
    """Both on the number of runs at once, however long one takes to lock its folder, and on those of one visitor."""
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("GLASSBOX_RUNNING", "1")
    monkeypatch.setenv("GLASSBOX_PER_VISITOR", "3")
    path = tmp_path / "config.json"
    path.write_text(json.dumps(replace(tiny, steps=10**6, eval_every=10**5).to_dict()))
    command = [sys.executable, "-c", LOADED, str(path), "k" * 43]
    servers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        for one in servers:
            one.stdin.write("now\n")
            one.stdin.flush()
        said = [one.stdout.readline().strip() for one in servers for _ in range(2)]
        assert len(jobs.list_runs()) == 3 and said.count("refused") == 1
        folders = [jobs.run_folder(run_id) for run_id in jobs.list_runs()]
        locked = False
        while not locked:  # PyTorch is being loaded
            locked = any(owner(folder) for folder in folders)
            assert sum(map(server._local.alive, folders)) == 1
            time.sleep(0.05)
    finally:
        for one in servers:
            one.kill()
            one.wait()


@pytest.mark.slow
def test_a_full_queue_is_refused_and_leaves_nothing(tiny, board, monkeypatch):
    monkeypatch.setenv("GLASSBOX_WAITING", "1")
    for _ in range(2):
        jobs.start(tiny, limit=1)
    with pytest.raises(TooManyRuns, match="1 runs are waiting"):
        jobs.start(tiny, limit=1)
    assert len(jobs.list_runs()) == 2


def test_steering_writes_the_wishes(tiny, board):
    key = jobs.new_key()
    run_id = jobs.start(tiny, key)
    folder = jobs.run_folder(run_id)
    jobs.set_learning_rate(run_id, 0.5, key)
    jobs.stop_when(run_id, key, target_loss=1.5, patience=None)
    with pytest.raises(RunError, match="pause it before"):
        jobs.step(run_id, key)
    jobs.pause(run_id, key)
    assert jobs.status(run_id).state == "running"  # it has not said yet that it waits
    (folder / "metrics.jsonl").write_text('{"step": 7, "event": "paused"}\n')
    assert jobs.status(run_id).state == "paused"
    jobs.step(run_id, key)
    assert control.read(folder)["pause_at"] == 8 and jobs.status(run_id).state == "running"
    (folder / "metrics.jsonl").write_text('{"step": 8, "loss_per_token": 1}\n')
    assert jobs.status(run_id).state == "paused"
    jobs.resume(run_id, key)
    wishes = control.read(folder)
    assert wishes["pause_at"] is None and wishes["lr"] == 0.5 and wishes["target_loss"] == 1.5
    assert wishes["patience"] is None and jobs.status(run_id).state == "running"


def test_names_and_tags_are_plain_and_short(tiny, board):
    run_id = jobs.start(tiny, name="  a\nname " + "x" * 100)
    assert jobs.record(run_id).name == ("a name " + "x" * 100)[:60]
    jobs.tag(run_id, ["a", "a", "", "\x1b[31m", *map(str, range(20))])
    assert jobs.record(run_id).tags[:2] == ("a", "[31m") and len(jobs.record(run_id).tags) == 8
    jobs.rename(run_id, "")
    assert jobs.record(run_id).name == ""
    with pytest.raises(RunError, match="a text"):
        jobs.rename(run_id, 3)


def test_deletion_stops_and_can_be_undone_by_its_owner(tiny, board, monkeypatch):
    key = jobs.new_key()
    run_id = jobs.start(tiny, key, name="precious")
    jobs.delete(run_id, key)
    assert jobs.list_runs() == [] and run_id not in board.going
    with pytest.raises(NotYours):
        jobs.undelete(run_id, jobs.new_key())
    jobs.undelete(run_id, key)
    assert jobs.record(run_id).name == "precious" and jobs.status(run_id).state == "stopped"
    jobs.delete(run_id, key)
    monkeypatch.setattr(library, "KEPT_DELETED", -1)
    jobs.delete(jobs.start(tiny, key), key)  # the next deletion clears those that are a day old
    with pytest.raises(RunError, match="not among the deleted"):
        jobs.undelete(run_id, key)


def test_rows_since_the_last_call_and_after_a_restart(tiny, board):
    run_id = jobs.start(tiny)
    path = jobs.run_folder(run_id) / "metrics.jsonl"
    assert jobs.read_since(run_id)["rows"] == []
    path.write_text('{"step": 0}\n{"step": 1}\n{"st')
    first = jobs.read_since(run_id)
    assert [row["step"] for row in first["rows"]] == [0, 1] and not first["restarted"]
    assert first["status"]["state"] == "running" and first["status"]["steps"] == tiny.steps
    again = jobs.read_since(run_id, first["offset"], first["file"])
    assert again["rows"] == [] and not again["restarted"]
    other = path.with_name("new")  # as a resumed run writes it: another file, here even a longer one
    other.write_text('{"step": 0}\n{"step": 2, "loss_per_token": 1.25, "tokens": 5}\n')
    other.replace(path)
    resumed = jobs.read_since(run_id, first["offset"], first["file"])
    assert [row["step"] for row in resumed["rows"]] == [0, 2] and resumed["restarted"]


def test_a_text_lies_in_the_folder_and_a_huge_one_is_refused(tiny, board, monkeypatch):
    run_id = jobs.start(replace(tiny, data={"kind": "text", "path": "corpus.txt"}), text="héllo \ud800")
    assert (jobs.run_folder(run_id) / "corpus.txt").read_text() == "héllo ?"
    monkeypatch.setattr(server, "LONGEST_TEXT", 3)
    with pytest.raises(RunError, match="3 is the most"):
        jobs.start(tiny, text="abcd")
