"""Which model teaching begins from, which runs have taught one, and which of them is on show."""

from typing import TYPE_CHECKING

import streamlit as st

from core import jobs
from core.model.folders import weight_files
from core.training import TrainConfig
from core.training.disk.folder import RunError
from pages.ui import cache, state
from pages.ui.literal import literal
from pages.ui.names import title
from pages.ui.training.owner import key as owner_key

if TYPE_CHECKING:
    from core.model import Description

LISTED = 40


def config_of(run: str) -> TrainConfig | None:
    """The settings of a run that taught chats; None for any other."""
    try:
        config = TrainConfig.load(jobs.existing_folder(run) / "train.json")
    except (RunError, ValueError):
        return None
    return config if config.stage == "sft" else None


def that_taught() -> list[str]:
    """The runs that taught chats, the newest first."""
    return [run for run in jobs.list_runs()[:LISTED] if config_of(run)]


def steps_of(run: str) -> list[int]:
    """The steps whose weights a run has kept."""
    try:
        return list(weight_files(jobs.existing_folder(run)))
    except (RunError, ValueError, OSError):
        return []


def has_weights(run: str) -> bool:
    """Whether the run has got beyond the model that it began from."""
    config = config_of(run)
    return bool(config and any(step > config.first_step for step in steps_of(run)))


def _usual() -> list[str]:
    """The runs of this browser that go on from the model in the sidebar, or are it, the newest first."""
    model, found = state.get("model"), []
    for run in that_taught():
        config = config_of(run)
        related = run == model or (config and (config.parent or {}).get("checkpoint") == model)
        if related and jobs.owns(run, owner_key()):
            found.append(run)
    return found


def on_show() -> str | None:
    """The run on show that has taught something: the one that was chosen, or else the newest usual one."""
    run = state.get("taught")
    candidates = [run] if run else _usual()
    return next((one for one in candidates if jobs.RUN_ID.fullmatch(one) and has_weights(one)), None)


def on_stage() -> str | None:
    """The run whose curve is shown, whether it has weights yet or not."""
    run = state.get("taught")
    if run and config_of(run):
        return str(run)
    return next(iter(_usual()), None)


def before(run: str) -> "Description":
    """The model that a run began from, as the run's own folder keeps it. Raises CheckpointError."""
    config = config_of(run)
    return cache.description(run, config.first_step if config else None)


def shown_base() -> "Description | None":
    """What is called "before" on the page: of the run on show, or else the model to be taught."""
    run = on_show()
    return before(run) if run else base()


def base() -> "Description | None":
    """The model that is taught, at the step where teaching begins. None, with a message, where it cannot be read."""
    name = state.get("model")
    try:
        return cache.description(name, begin_at(name))
    except ValueError as error:
        st.error(f"The model {literal(title(name))} cannot be read. {literal(error)}")
        return None


def begins(name: str) -> dict[int, str]:
    """The steps that teaching may begin from: the ends of the stages, and the step in the sidebar."""
    known = cache.description(name)
    found: dict[int, str] = {}
    called = {"pretrain": "the base", "sft": "after fine-tuning", "preference": "after feedback"}
    for stage, end in known.ends.items():
        if own := [step for step in known.steps if step <= end]:
            found.setdefault(own[-1], called.get(stage, stage))
    here = state.get("step")
    if here in known.steps:
        found.setdefault(here, "as in the sidebar")
    return found


def begin_at(name: str) -> int:
    """The chosen one of these steps; else the base, the end of pre-training."""
    found = begins(name)
    asked = state.get("begin_at")
    return asked if asked in found else next(iter(found))
