"""The curves of runs: what the browser needs to know of each, and the component that draws them and polls for rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from core import jobs
from core.model.folders import checkpoint_folder, read_config, weight_files
from core.runs.summary import summary_of_folder
from core.training import TrainConfig
from core.training.costs.flops import token_flops
from core.training.disk.folder import RunError
from core.training.disk.rows import Row, read_rows
from core.training.schedule import log_spaced_steps
from pages.ui import components
from pages.ui.components import OnEvent
from pages.ui.training import rows

_curves = components.component("curves", isolate=False)  # plotly.js puts its styles into the document

GOING = ("queued", "running", "paused")


@dataclass(frozen=True)
class ShownRun:
    """A run as its curves show it. `rows_at`: the address of its rows; None: the browser asks for them as they grow.

    kept, planned: the steps whose weights are there, and those at which a snapshot is due. `steps` and `seconds`: its
    budget. `mixed`: it read Tinyland and a text. `flops_per_token` is for rows that do not say how much arithmetic they
    took. forked_at: the step at which it left its parent. since: only what came from this step on is shown, and counted
    from there. summary: comes with the rows where these grow.
    """

    id: str
    label: str
    state: str
    live: bool = False
    rows_at: str | None = None
    steps: int | None = None
    seconds: float | None = None
    kept: tuple[int, ...] = ()
    planned: tuple[int, ...] = ()
    mixed: bool = False
    flops_per_token: float | None = None
    forked_at: int | None = None
    since: int | None = None
    summary: dict[str, Any] | None = None


@st.cache_resource(max_entries=64, show_spinner=False)  # shared, not copied: thousands of rows, which nobody changes
def _rows(path: str, stamp: tuple[int, int]) -> list[Row]:
    return read_rows(Path(path))


def metrics(folder: Path) -> list[Row]:
    """The rows of a run's metrics.jsonl; none where there is no such file."""
    path = folder / "metrics.jsonl"
    try:
        stat = path.stat()
        return _rows(str(path), (stat.st_mtime_ns, stat.st_size))
    except (OSError, ValueError):
        return []


def shown_run(name: str, label: str | None = None) -> ShownRun:
    """The record of a run or another model. Raises ValueError (RunError, CheckpointError) when it cannot be read."""
    folder = checkpoint_folder(name)
    if jobs.RUN_ID.fullmatch(name):
        return _of_run(name, folder, label or name)
    return ShownRun(
        name,
        label or name,
        "trained",
        rows_at=rows.address(name),
        kept=kept_steps(folder),
        mixed=_is_mixture(folder),
        flops_per_token=_flops(folder),
        summary=asdict(summary_of_folder(folder)),
    )


def _of_run(name: str, folder: Path, label: str) -> ShownRun:
    found = ShownRun(name, label, "damaged", kept=kept_steps(folder), flops_per_token=_flops(folder))
    now = jobs.status(name)
    try:
        config = TrainConfig.load(folder / "train.json")
    except ValueError:
        return found
    return replace(
        found,
        state=now.state,
        live=now.state in GOING,
        steps=config.steps,
        seconds=config.seconds,
        planned=log_spaced_steps(config.steps, config.snapshots),
        mixed=config.data["kind"] == "mixture",
        forked_at=(jobs.record(name).parent or {}).get("step"),
    )


def kept_steps(folder: Path) -> tuple[int, ...]:
    """The steps whose weights are in the folder; none when they cannot be read."""
    try:
        return tuple(weight_files(folder))
    except (ValueError, OSError):
        return ()


def _is_mixture(folder: Path) -> bool:
    try:
        return bool(TrainConfig.load(folder / "train.json").data["kind"] == "mixture")
    except ValueError:
        return False


def _flops(folder: Path) -> float | None:
    """Floating-point operations of training on one token: attention between tokens left out."""
    try:
        return token_flops(read_config(folder))
    except (ValueError, OSError):
        return None


def shown_runs(names: Sequence[str], labels: Mapping[str, str]) -> tuple[list[ShownRun], list[str]]:
    """The records of `names` that can be read, and the names of those that cannot."""
    found, lost = [], []
    for name in names:
        try:
            found.append(shown_run(name, labels.get(name)))
        except (RunError, ValueError, OSError):
            lost.append(name)
    return found, lost


def curves(
    records: Sequence[ShownRun],
    *,
    key: str,
    title: str,
    mark: int | None = None,
    height: int = 340,
    group: str = "",
    bar: bool = True,
    reveal: str = "",
    on_pick: OnEvent | None = None,
    on_change: OnEvent | None = None,
    on_hover: OnEvent | None = None,
) -> None:
    """Draws the curves of `records`, the first of which leads the cursor; components of one `group` share it.

    bar: whether the axes can be chosen here; all curves of a page have the same.
    reveal: what the visitor has just put here, such as a run: the browser scrolls to the curves, once for each.

    The callbacks get {"run": id, "step": n}: `on_pick` for a click, `on_hover` where the pointer rests, {} when it has
    left; `on_change` also "kind": "ended", "state", "snapshot", or "silent" when no row came.
    """
    known = {one.id for one in records}
    header = {"runs": [vars(one) for one in records], "title": title, "mark": mark, "height": height, "group": group}

    def listener(then: OnEvent | None, left: bool = False) -> OnEvent:
        def act(happened: dict[str, Any]) -> None:
            valid = happened.get("run") in known and isinstance(happened.get("step"), int)
            if then and (valid or left):
                then(happened if valid else {})

        return act

    _curves(
        key=key,
        data=components.pack(header | {"hover": on_hover is not None, "bar": bar, "reveal": reveal}),
        on_pick_change=listener(on_pick),
        on_change_change=listener(on_change),
        on_hover_change=listener(on_hover, left=True),
    )
