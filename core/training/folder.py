"""A run is a folder: train.json, metrics.jsonl, state/, pid, and the checkpoint that grows in it."""

import contextlib
import fcntl
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import safetensors

from core.files import write_atomically
from core.training.config import TrainConfig

if TYPE_CHECKING:
    from torch import Tensor

STATE = Path("state") / "state.safetensors"
TAIL = 1 << 17  # bytes from the end of a metrics file in which its last row lies


class RunError(ValueError):
    """The run folder cannot be used; the message says what to do."""


@dataclass
class Position:
    """Where a run stands between two updates: enough, with the tensors, to go on as if nothing had happened.

    States saved by an earlier version lack the last fields, which then take their defaults.
    """

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    loss_sum: float = 0.0  # since the last logged row
    loss_count: int = 0
    flops: float = 0.0  # of the model, forward and backward (see core.training.measure)
    lr: float | None = None  # the peak rate that was set while it ran; None: the one of the configuration
    best: float | None = None  # the lowest held-out loss so far
    stale: int = 0  # evaluations since then
    fresh_at: int = 0  # the step at which the optimizer began without a past


class Run:
    """The folder of one run, locked while this object is open, so that no two processes write into it."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = take_lock(self.folder)
        self._metrics: IO[str] | None = None

    def begin(self, config: TrainConfig) -> None:
        """Start afresh: refuse a folder that already holds a run."""
        if (self.folder / "metrics.jsonl").exists():
            self.close()
            raise RunError(f"{self.folder} already holds a run: resume it (--resume) or choose another folder")
        write_settings(self.folder, config)
        self._metrics = open(self.folder / "metrics.jsonl", "a", encoding="utf-8")  # noqa: SIM115

    def go_on(self, step: int) -> None:
        """Continue after `step`: rows that a killed process wrote beyond its last saved state are dropped.

        A run that has done no step evaluates again, so all its rows go. Pauses leave no trace.
        """
        path = self.folder / "metrics.jsonl"
        rows = [row for row in read_rows(path) if row["step"] <= step and "status" not in row] if step else []
        rows = [row for row in rows if row.get("event") != "paused"]
        write_atomically(path, "".join(json.dumps(row) + "\n" for row in rows).encode())
        self._metrics = open(path, "a", encoding="utf-8")  # noqa: SIM115

    def write(self, row: dict[str, Any]) -> None:
        """Append one row, at once visible to readers. Not-a-number is not JSON: it is written as null."""
        assert self._metrics is not None, "begin() or go_on() first"
        self._metrics.write(json.dumps({k: None if v != v else v for k, v in row.items()}) + "\n")
        self._metrics.flush()

    def save_state(self, tensors: "dict[str, Tensor]", position: Position, *, keep: bool = False) -> None:
        """Write the tensors and the position as one file, at once or not at all; `keep`: also for forks from here."""
        import safetensors.torch  # needs torch, which a server that only reads runs should not load

        data = safetensors.torch.save(tensors, {"position": json.dumps(vars(position))})
        (self.folder / STATE).parent.mkdir(exist_ok=True)
        write_atomically(self.folder / STATE, data)
        if keep:
            write_atomically(kept_state(self.folder, position.step), data)

    def load_state(self) -> "tuple[dict[str, Tensor], Position]":
        """What `save_state` wrote. Raises RunError when there is nothing to resume."""
        return read_state(self.folder / STATE)

    def close(self) -> None:
        """Close the files and let others have the folder."""
        try:
            if self._metrics is not None:
                self._metrics.close()  # fails on a full disk, when a row is still to be written
        finally:
            self._lock.close()


def write_settings(folder: Path, config: TrainConfig) -> None:
    """Write train.json, whole or not at all."""
    write_atomically(folder / "train.json", json.dumps(config.to_dict(), indent=1).encode())


def kept_state(folder: Path, step: int) -> Path:
    """Where the whole state of a step is kept for forks."""
    return folder / "state" / f"step_{step:08d}.safetensors"


def position_after(folder: Path, step: int) -> Position:
    """Where the run in `folder` stood after update `step`: exactly where its state was kept, or else as its rows say,
    with an optimizer that begins without a past."""
    with contextlib.suppress(RunError):
        return read_state(kept_state(folder, step))[1]
    rows = [row for row in read_rows(folder / "metrics.jsonl") if row["step"] <= step]
    last = rows[-1] if rows else {}
    cost = {name: last[name] for name in ("tokens", "seconds", "flops") if name in last}
    rates = [row["lr"] for row in rows if row.get("event") == "lr"]
    return Position(step=step, lr=rates[-1] if rates else None, fresh_at=step, **cost)


def read_state(path: Path) -> "tuple[dict[str, Tensor], Position]":
    """A file that `Run.save_state` wrote. Raises RunError when there is none, or when it is damaged."""
    try:
        with safetensors.safe_open(path, "pt") as file:
            position = Position(**json.loads(file.metadata()["position"]))
            return {name: file.get_tensor(name) for name in file.keys()}, position  # noqa: SIM118
    except FileNotFoundError:
        folder = path.parent.parent
        raise RunError(f"{folder} has no saved state to resume: start the run again") from None
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path} is damaged ({error}): start the run again") from error


def take_lock(folder: Path) -> IO[str]:
    """Lock `folder`/pid and write our process id into it. The lock goes when this process does, however it ends."""
    file = open(folder / "pid", "a+", encoding="utf-8")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise RunError(f"another process is training in {folder}") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def owner(folder: str | Path) -> int | None:
    """The id of the process that trains in `folder` now, or None."""
    try:
        with open(Path(folder) / "pid", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return int(file.read() or 0) or None
    except (FileNotFoundError, ValueError):
        pass
    return None


def kill_owner(folder: Path) -> None:
    """End the process that trains in `folder`, if there is one on this machine, without asking."""
    pid = owner(folder)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def last_row(path: Path) -> dict[str, Any]:
    """The last whole row of a metrics file, found from its end; {} where there is none."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return {}
    for line in reversed(lines):
        with contextlib.suppress(ValueError):
            row = json.loads(line)
            if isinstance(row, dict):
                return row
    return {}


def new_rows(path: Path, offset: int) -> tuple[list[dict[str, Any]], int, int]:
    """The whole rows after byte `offset` (all of them when the file is shorter), the next offset, the file's number."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(offset if 0 <= offset <= size else 0)
            start_at, data, number = file.tell(), file.read(), os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return [], 0, 0
    data = data[: data.rfind(b"\n") + 1]
    rows = []
    for line in data.splitlines():
        with contextlib.suppress(ValueError):  # half a row, where the disk was full
            rows.append(json.loads(line))
    return rows, start_at + len(data), number


def read_rows(path: Path) -> list[dict[str, Any]]:
    """All whole rows of a metrics file; a last line that a killed process left unfinished is skipped."""
    rows = []
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                rows.append(json.loads(line))
    return rows
