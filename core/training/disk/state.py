"""The state of a run between two updates: what it needs, beside its settings, to go on as if nothing had happened."""

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import safetensors

from core.files import write_atomically
from core.training.disk.folder import RunError
from core.training.disk.rows import FILE, read_rows

if TYPE_CHECKING:
    from torch import Tensor

STATE = Path("state") / "state.safetensors"
EARLIER = {"mean": "exp_avg", "square": "exp_avg_sq", "momentum": "momentum_buffer", "velocity": "momentum_buffer"}


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
    flops: float = 0.0  # of the model, forward and backward (see core.training.costs.measure)
    lr: float | None = None  # the peak rate that was set while it ran; None: the one of the configuration
    best: float | None = None  # the lowest held-out loss so far
    stale: int = 0  # evaluations since then
    fresh_at: int = 0  # the step at which the optimizer began without a past


def kept_state(folder: Path, step: int) -> Path:
    """Where the whole state of a step is kept for forks."""
    return folder / "state" / f"step_{step:08d}.safetensors"


def save_state(folder: Path, tensors: "dict[str, Tensor]", position: Position, *, keep: bool = False) -> None:
    """Write the tensors and the position as one file, at once or not at all; `keep`: also for forks from here."""
    import safetensors.torch  # needs torch, which a server that only reads runs should not load

    data = safetensors.torch.save(tensors, {"position": json.dumps(asdict(position))})
    (folder / STATE).parent.mkdir(exist_ok=True)
    write_atomically(folder / STATE, data)
    if keep:
        write_atomically(kept_state(folder, position.step), data)


def read_state(path: Path) -> "tuple[dict[str, Tensor], Position]":
    """A file that `save_state` wrote. Raises RunError when there is none, or when it is damaged."""
    name = path.parent.parent.name
    try:
        with safetensors.safe_open(path, "pt") as file:
            position = Position(**json.loads(file.metadata()["position"]))
            return {_today(name): file.get_tensor(name) for name in file.keys()}, position  # noqa: SIM118
    except FileNotFoundError:
        raise RunError(f"{name} has no saved state to resume: start the run again") from None
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{name}/state/{path.name} is damaged ({error}): start the run again") from error


def _today(name: str) -> str:
    """The name of a tensor in a saved state; the optimizer's had other names in earlier versions."""
    part, _, rest = name.partition(".")
    kind, dot, parameter = rest.partition(".")
    return f"{part}.{EARLIER.get(kind, kind)}{dot}{parameter}" if part == "optimizer" else name


def position_after(folder: Path, step: int) -> Position:
    """Where the run in `folder` stood after update `step`: exactly where its state was kept, or else as its rows say,
    with an optimizer that begins without a past."""
    with contextlib.suppress(RunError):
        return read_state(kept_state(folder, step))[1]
    rows = [row for row in read_rows(folder / FILE) if row["step"] <= step]
    last = rows[-1] if rows else {}
    rates = [row["lr"] for row in rows if row.get("event") == "lr" and "lr" in row]
    return Position(
        step=step,
        tokens=last.get("tokens", 0),
        seconds=last.get("seconds", 0.0),
        flops=last.get("flops", 0.0),
        lr=rates[-1] if rates else None,
        fresh_at=step,
    )
