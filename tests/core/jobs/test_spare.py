"""The process that is ready for the next run."""

from dataclasses import replace

import pytest

from core import jobs
from core.jobs import processes, server
from tests.waiting import wait_for

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("runs")]


def test_a_process_that_is_ready_becomes_the_next_run(tiny):
    jobs.warm()
    (spare,) = processes._spares
    jobs.warm()
    assert processes._spares == [spare]  # one is enough
    run_id = jobs.start(tiny)
    assert processes._spares == [] and server._local.processes[run_id] is spare
    wait_for(lambda: jobs.status(run_id).state == "finished")
    other = jobs.start(replace(tiny, data={"kind": "text", "path": "nowhere.txt"}))  # without a spare, and with a log
    wait_for(lambda: jobs.status(other).state == "failed")


def test_a_process_that_is_ready_ends_with_its_server_and_may_have_died(tiny):
    jobs.warm()
    (spare,) = processes._spares
    spare.stdin.close()
    assert spare.wait(60) == 0
    run_id = jobs.start(tiny)
    assert server._local.processes[run_id] is not spare
    wait_for(lambda: jobs.status(run_id).state == "finished")
