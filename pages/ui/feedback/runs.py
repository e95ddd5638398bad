"""Which runs learned from comparisons, and which of them is on show."""

import streamlit as st

from core import jobs
from core.model.folders import weight_files
from core.training.config import TrainConfig
from core.training.disk.folder import RunError
from core.training.disk.rows import Row
from pages.ui import near, run_choice, state
from pages.ui.training.curves import metrics
from pages.ui.training.owner import key as owner_key

LISTED = 40


def config_of(run: str) -> TrainConfig | None:
    """The settings of a run that learned from comparisons; None for any other."""
    try:
        config = TrainConfig.load(jobs.existing_folder(run) / "train.json")
    except (RunError, ValueError):
        return None
    compared = config.stage == "preference" and config.preference.get("reward", "truth") != "truth"
    return config if compared else None


def shaped() -> list[str]:
    """The runs that learned from comparisons, the newest first."""
    return [run for run in jobs.list_runs()[:LISTED] if config_of(run)]


def on_show() -> str | None:
    """The run that was chosen, or else the newest of this browser."""
    asked = state.get("shaped")
    if asked and jobs.RUN_ID.fullmatch(asked) and config_of(asked):
        return str(asked)
    return next((run for run in shaped() if jobs.owns(run, owner_key())), None)


def with_weights() -> tuple[str, TrainConfig] | None:
    """The run on show, once it has weights of its own."""
    run = on_show()
    config = config_of(run) if run else None
    if run is None or config is None:
        return None
    try:
        steps = list(weight_files(jobs.existing_folder(run)))
    except (RunError, ValueError, OSError):
        return None
    return (run, config) if any(step > config.first_step for step in steps) else None


def rows_of(run: str, config: TrainConfig) -> list[Row]:
    """What a run wrote since it began."""
    return [row for row in metrics(jobs.run_folder(run)) if row["step"] >= config.first_step]


def choose() -> str | None:
    """Which of these runs is on show; None where there is none."""
    found = shaped()
    return run_choice.choose(found, on_show() if found else None, "shaped_choice", _chosen)


def _chosen() -> None:
    near.update(shaped=st.session_state["shaped_choice"] or "")
