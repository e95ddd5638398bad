"""Where runs are executed, behind one small interface: processes of this machine, or a Dask cluster. No torch here.

An executor only starts, asks and kills. Everything else (pause, stop, learning rate, curves) goes through the files of
the run, so a cluster needs the same runs folder on every machine, at the same path, and the same version of this code.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.cluster import connect
from core.training.disk import control
from core.training.disk.folder import RunError, announce, kill_owner, owner, starting

if TYPE_CHECKING:
    from distributed import Scheduler

QUEUED_OR_GOING = ("waiting", "no-worker", "queued", "processing")  # states of a task in a Dask scheduler
POLL = 0.2  # seconds between two looks at a process on a cluster


class Process(Protocol):
    """What is needed of a subprocess.Popen."""

    pid: int

    def poll(self) -> int | None:
        """Its exit status, None while it goes on."""

    def wait(self) -> int:
        """Its exit status, once it has ended."""

    def kill(self) -> None:
        """End it without asking."""


Launch = Callable[[Path, list[str]], Process]


class Executor(Protocol):
    """Starts runs and knows whether they live. A run is named by its folder."""

    def submit(self, folder: Path, options: list[str]) -> None:
        """Start `python -m core.training --out folder …options` and return at once. Raises RunError when it cannot."""

    def alive(self, folder: Path) -> bool:
        """Whether the run is starting or going on."""

    def kill(self, folder: Path) -> None:
        """End it without asking."""

    def slots(self, limit: int, /) -> int:
        """How many runs may go at once, where this machine allows `limit`."""


class LocalExecutor:
    """Processes of this machine, which see the end of their stdin when the server is gone, and stop with it."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self.processes: dict[str, Process] = {}  # of this server; others by the lock they hold, or will

    def submit(self, folder: Path, options: list[str]) -> None:
        """See Executor.submit."""
        process = self.processes[folder.name] = self._launch(folder, options)
        announce(folder, process.pid)

    def alive(self, folder: Path) -> bool:
        """See Executor.alive."""
        process = self.processes.get(folder.name)
        if process is not None and process.poll() is None:
            return True
        self.processes.pop(folder.name, None)
        return owner(folder) is not None or starting(folder)

    def kill(self, folder: Path) -> None:
        """See Executor.kill."""
        process = self.processes.pop(folder.name, None)
        if process is not None:
            process.kill()
            process.wait()
        kill_owner(folder)

    def slots(self, limit: int) -> int:
        """See Executor.slots."""
        return limit


class DaskExecutor:
    """The workers of a Dask `distributed` scheduler, one run each, in a process that the worker starts.

    The scheduler keeps the tasks, so a server that comes back finds its runs again by their ids. Dask moves pickled
    messages: give it only a scheduler on a network that you trust, or one with TLS.
    """

    def __init__(self, address: str, run_to_end: Callable[[str, list[str]], int]) -> None:
        """Connect. Raises RunError when dask is not installed or nobody answers at `address`."""
        try:
            self.client = connect(address)
        except ConnectionError as error:
            raise RunError(str(error)) from None
        self._run_to_end = run_to_end

    def submit(self, folder: Path, options: list[str]) -> None:
        """See Executor.submit."""
        from distributed import fire_and_forget

        future = self.client.submit(
            self._run_to_end, str(folder), options, key=folder.name, resources=None, pure=False, retries=0
        )
        fire_and_forget(future)
        while not self.alive(folder) and not future.done():  # the message is still on its way to the scheduler
            time.sleep(0.01)

    def alive(self, folder: Path) -> bool:
        """See Executor.alive."""
        return self.client.run_on_scheduler(_task_state, key=folder.name) in QUEUED_OR_GOING

    def kill(self, folder: Path) -> None:
        """See Executor.kill. The worker that runs it looks at the file every 0.2 s."""
        control.change(folder, kill=True)

    def slots(self, _limit: int) -> int:
        """One run for each worker; the limit is about this machine."""
        return len(self.client.scheduler_info(n_workers=-1)["workers"])

    def close(self) -> None:
        """Leave the cluster; its runs go on."""
        self.client.close()


def _task_state(key: str, dask_scheduler: "Scheduler") -> str | None:
    task = dask_scheduler.tasks.get(key)
    return None if task is None else task.state


def wait_or_kill(process: Process, folder: Path) -> int:
    """On a cluster's worker: the exit status of a run, which is killed when its control.json says so."""
    while (status := process.poll()) is None:
        time.sleep(POLL)
        if control.read(folder).get("kill"):
            process.kill()
    return status
