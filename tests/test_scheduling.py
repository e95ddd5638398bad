"""How tests/scheduling.py shares out what is to be run, with workers that only note it."""

import argparse
from itertools import groupby
from types import SimpleNamespace

import pytest

pytest.importorskip("xdist")
from tests.scheduling import BROWSER, BY_PAGE, Scheduling

BROWSERS = [f"{BROWSER}test_{i}.py::test_{j}" for i in range(5) for j in range(3)]
PAGES = [f"{BY_PAGE[0]}::test_{name}[{page}]" for name in ("one", "other") for page in ("", "data", "inside")]
OTHERS = [f"tests/core/test_{i}.py::test_{j}[{j}]" for i in range(4) for j in range(4)]


class Worker:
    """Runs what it is sent in order; like a real one it keeps the last until it hears that no more will come."""

    def __init__(self, name: str, collected: list[str]) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.collected, self.sent, self.done, self.shutting_down = collected, [], 0, False

    def send_runtest_some(self, indices: list[int]) -> None:
        assert not self.shutting_down
        self.sent += [self.collected[i] for i in indices]

    def shutdown(self) -> None:
        self.shutting_down = True

    def step(self, scheduling: Scheduling) -> bool:
        if self.done + (not self.shutting_down) >= len(self.sent):
            return False
        self.done += 1
        scheduling.mark_test_complete(self, self.collected.index(self.sent[self.done - 1]))
        return True


def shared_out(collected: list[str], count: int) -> list[Worker]:
    option = argparse.Namespace(loadscopereorder=False)
    config = SimpleNamespace(getvalue=lambda name: [f"{count}*popen"], option=option)
    scheduling = Scheduling(config, None)
    workers = [Worker(f"gw{i}", collected) for i in range(count)]
    for worker in workers:
        scheduling.add_node(worker)
    for worker in workers:
        scheduling.add_node_collection(worker, collected)
    scheduling.schedule()
    while sum(worker.step(scheduling) for worker in workers):
        pass
    assert scheduling.tests_finished and all(worker.shutting_down for worker in workers)
    return workers


@pytest.mark.parametrize("collected", [BROWSERS + PAGES + OTHERS, PAGES + BROWSERS, OTHERS], ids=len)
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_everything_is_run_once_and_two_workers_alone_drive_browsers(collected, count):
    workers = shared_out(collected, count)
    assert sorted(test for worker in workers for test in worker.sent) == sorted(collected)
    drivers = {worker.gateway.id for worker in workers if any(test.startswith(BROWSER) for test in worker.sent)}
    assert drivers <= {"gw0", "gw1"}
    for worker in workers:  # the tests of a unit one after the other, so that its fixtures are made once
        units = [Scheduling._split_scope(worker, test) for test in worker.sent]
        assert len(list(groupby(units))) == len(set(units))


def test_both_tests_of_a_page_are_run_by_one_and_pages_are_shared():
    workers = shared_out(PAGES, 2)
    assert all(worker.sent for worker in workers)
    for worker in workers:
        pages = [test.partition("[")[2] for test in worker.sent]
        assert all(pages.count(page) == 2 for page in pages)


def test_a_third_worker_fills_the_time_with_what_needs_no_browser():
    workers = shared_out(BROWSERS + OTHERS, 3)
    assert workers[2].sent and set(workers[2].sent) <= set(OTHERS)
    assert [test for test in workers[0].sent if test in BROWSERS]
