"""How a run is steered while it goes on: control.json in its folder, looked at before every update. No torch here.

The file says what is wanted, not what to do next, so that nothing depends on who reads it when:

    {"pause_at": 120, "stop": false, "lr": 0.005, "target_loss": 1.2, "patience": 4, "kill": false}

`pause_at`: wait as soon as this many updates are done (0: at once); one more step is one more than have been done.
`lr`: the peak learning rate of the main optimizer from now on. `target_loss`, `patience`: stop conditions, as in
TrainConfig, null for none; a field that is missing leaves the setting as it is. `kill`: what an executor on another
machine does to a process that no longer answers.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from core.files import write_atomically
from core.training.disk.folder import RunError

AUTOGROUP = Path("/proc/self/autogroup")
FILE = "control.json"
Wishes = dict[str, Any]


def read(folder: Path) -> Wishes:
    """What is wanted of a run; {} where nothing is, or where the file is not one of ours."""
    try:
        wishes = json.loads((folder / FILE).read_bytes())
        return check(wishes) if isinstance(wishes, dict) else {}
    except (OSError, ValueError, RecursionError):
        return {}


def change(folder: Path, **wishes: object) -> None:
    """Set some wishes, keep the others; one writer at a time (`jobs` sees to it). RunError: an impossible wish."""
    write_atomically(folder / FILE, json.dumps(read(folder) | check(wishes)).encode())


def go(folder: Path) -> None:
    """Take back every wish to pause or to end, before a run starts again; the others stay."""
    change(folder, pause_at=None, stop=False, kill=False)


def check(wishes: Wishes) -> Wishes:
    """`wishes`, if a run can fulfil them. Raises RunError, naming the one that it cannot."""
    for name, value in wishes.items():
        number = type(value) in (int, float) and abs(value) <= 1e30
        whole = number and value == int(value)
        fits = {
            "pause_at": value is None or (whole and value >= 0),
            "stop": isinstance(value, bool),
            "kill": isinstance(value, bool),
            "lr": number and value > 0,
            "target_loss": value is None or (number and value > 0),
            "patience": value is None or (whole and value >= 1),
        }
        if not fits.get(name, False):
            raise RunError(f"a run cannot be told {name} = {value!r}")
    return wishes


class Watcher:
    """The wishes for one run, read again only when the file has changed: 2 µs a step otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: tuple[int, int] | None = None
        self._wishes: Wishes = {}

    def look(self) -> Wishes:
        """What is wanted now."""
        try:
            stat = os.stat(self.folder / FILE)
        except OSError:
            return {}
        if (stat.st_mtime_ns, stat.st_ino) != self._seen:
            self._seen, self._wishes = (stat.st_mtime_ns, stat.st_ino), read(self.folder)
        return self._wishes

    def paused(self, step: int) -> bool:
        """Whether a run that has done `step` updates should wait."""
        pause_at = self.look().get("pause_at")
        return pause_at is not None and step >= pause_at

    def pause_at(self) -> int | None:
        """The step after which the run should wait, where one is wanted."""
        return self.look().get("pause_at")


def give_way() -> None:
    """Let everything else on this machine go first: where the system can (Linux), this process and the threads that it
    starts run only while nobody else wants the core."""
    os.nice(10)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    # Linux may share a core between sessions before it looks at their processes (sched_autogroup, man 7 sched): then
    # that counts only against the server, and a browser here has half a core. So this becomes a session that gives way.
    with contextlib.suppress(OSError):  # it leads others, or the system has no such groups
        os.setsid()
        AUTOGROUP.write_text("19")
