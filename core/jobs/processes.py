"""The processes of this machine in which runs are trained and corpora made: the only module that starts any."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from core.runs import corpora

Process = subprocess.Popen[bytes]

_lock = threading.Lock()
_spares: list[Process] = []  # none, or the one that `warm` has started


def warm() -> None:
    """Have a process ready that has loaded PyTorch, for the next run here. A page that offers to train calls it."""
    with _lock:
        if not os.environ.get("GLASSBOX_SCHEDULER") and not any(spare.poll() is None for spare in _spares):
            _spares[:] = [start("core.jobs.spare", [], Path(os.devnull))]


def launch(folder: Path, options: list[str]) -> Process:
    """Start the process of a run: the one that is ready, or else a new one; or that of a corpus."""
    if corpora.is_corpus(folder):
        return start("core.jobs.refine", [str(folder)], folder / "log.txt")
    log, arguments = folder / "log.txt", ["--out", str(folder), "--control", "--quiet", *options]
    with _lock:
        spare = _spares.pop() if _spares else None
    if spare and spare.stdin and spare.poll() is None:
        with contextlib.suppress(OSError):  # it has just ended
            spare.stdin.write(json.dumps({"log": str(log), "arguments": arguments}).encode() + b"\n")
            spare.stdin.flush()
            return spare
    return start("core.training", ["--give-way", *arguments], log)


def start(module: str, arguments: list[str], log: Path) -> Process:
    """A module of ours, in a process that ends with this one."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with open(log, "wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE, stdout=out, stderr=out, env=environment, cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
