"""Runs on a Dask cluster: two workers on this machine."""

import sys
import time
from dataclasses import replace
from types import ModuleType

import pytest
from distributed import LocalCluster

from core import jobs
from core.jobs import server
from core.jobs.executors import DaskExecutor
from core.training.disk.folder import RunError
from core.training.disk.rows import read_rows
from tests.waiting import wait_for

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def cluster():
    # A new process runs the main module again: not the page that a test of pages may have left there.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        with LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as made:
            yield made


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch, cluster):
    monkeypatch.setenv("GLASSBOX_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("GLASSBOX_SCHEDULER", cluster.scheduler_address)
    yield
    for run_id in jobs.list_runs():
        jobs.stop(run_id)
    leave()


def leave():
    """Close this server's connection; the next question opens another."""
    server._executor().close()
    server._cluster.cache_clear()


def state(run_id):
    return jobs.status(run_id).state


def test_a_class_trains_on_a_cluster_and_the_third_waits(tiny):
    endless = replace(tiny, steps=10**6, eval_every=10**5)
    first, second, third = (jobs.start(endless, name=name) for name in "abc")
    wait_for(lambda: min(jobs.status(first).step, jobs.status(second).step) > 3)
    assert state(first) == state(second) == "running"
    assert state(third) == "queued" and jobs.status(third).position == 1
    jobs.stop(first, wait=240)  # killed sooner it would not be "stopped"
    assert state(first) == "stopped"
    wait_for(lambda: state(third) == "running" and jobs.status(third).step > 3)
    jobs.pause(second)
    wait_for(lambda: state(second) == "paused")
    server._executor().kill(jobs.run_folder(third))
    wait_for(lambda: state(third) == "interrupted")
    jobs.resume(second)
    wait_for(lambda: state(second) == "running")


def test_a_run_on_the_cluster_finishes_and_another_server_sees_it(tiny):
    run_id = jobs.start(tiny)
    leave()  # then ask as another server, with a connection of its own
    wait_for(lambda: state(run_id) == "finished")
    assert read_rows(jobs.run_folder(run_id) / "metrics.jsonl")[-1]["step"] == tiny.steps


def wait_a_moment(folder, options):
    time.sleep(0.3)
    return 0


def test_a_run_is_alive_as_soon_as_it_is_submitted(tmp_path, cluster):
    executor = DaskExecutor(cluster.scheduler_address, wait_a_moment)
    for i in range(20):  # a message may overtake another
        executor.submit(tmp_path / str(i), [])
        assert executor.alive(tmp_path / str(i))
    executor.close()


def test_an_address_at_which_nobody_answers(tiny, monkeypatch, cluster):
    monkeypatch.setenv("GLASSBOX_SCHEDULER", "tcp://127.0.0.1:9")
    monkeypatch.setattr("core.cluster.PATIENCE", 1)
    with pytest.raises(RunError, match="no Dask scheduler answers at tcp"):
        jobs.start(tiny)
    assert not jobs.list_runs()
    monkeypatch.setenv("GLASSBOX_SCHEDULER", cluster.scheduler_address)
