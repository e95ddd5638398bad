"""Two runs that belong together, of which one lacks something: started by a visitor, watched, cancelled."""

from collections.abc import Callable

import streamlit as st

from core import jobs
from core.jobs import RunError
from core.training.config import TrainConfig
from pages.ui.literal import literal
from pages.ui.training.owner import key as owner_key

EVERY = 1.0  # seconds between two looks at the runs
GOING = ("queued", "running", "paused")
Make = Callable[[str], tuple[TrainConfig, str]]  # the settings and the training text of one side


def two_runs(names: dict[str, str], make: Make, key: str, label: str = "Train the two models") -> dict[str, str] | None:
    """The buttons, and the runs of all sides when they have finished. names: of the runs, by side, by which they are
    found again; `key` for what is drawn."""
    found = runs_called(names)
    now = {side: jobs.status(run) for side, run in found.items()}
    states = {side: one.state for side, one in now.items()}
    going = [found[side] for side in found if states[side] in GOING]
    done = len(found) == len(names) and all(one == "finished" for one in states.values())
    short = done and any(one.step < one.steps for one in now.values())
    with st.container(horizontal=True):
        begun = bool(going) or (done and not short)
        st.button(label, on_click=_begin, args=(names, make, key), disabled=begun, key=f"{key}_start")
        st.button("Cancel", on_click=_stop, args=(going,), disabled=not going, key=f"{key}_stop")
    if message := st.session_state.pop(f"{key}_error", None):
        st.warning(message)
    if going:
        st.fragment(_watch, run_every=EVERY)(names, found)
    elif found and not done:
        wrong = [f"{names[side]}: {one}" for side, one in states.items() if one != "finished"]
        st.caption(literal("; ".join(wrong) or "one of them is missing") + ". Press Train to begin again.")
    if short:
        steps = " and ".join(f"{one.step:,}" for one in now.values())
        st.warning(
            f"The machine was too busy: the time was over after {steps} of {next(iter(now.values())).steps:,} updates. "
            "The models below have learned less than they should, and not equally much. Press Train to begin again."
        )
    return found if done else None


def runs_called(names: dict[str, str]) -> dict[str, str]:
    """The newest run of this browser under each name, by side, as far as there is one."""
    sides, found = {name: side for side, name in names.items()}, dict[str, str]()
    for run in jobs.list_runs():
        side = sides.get(jobs.record(run).name)
        if side and side not in found and jobs.owns(run, owner_key()):
            found[side] = run
    return found


def _watch(names: dict[str, str], found: dict[str, str]) -> None:
    now = {side: jobs.status(run) for side, run in found.items()}
    if not any(one.state in GOING for one in now.values()):
        st.rerun()
    for side, one in now.items():
        words = f"waiting, {one.position} in the queue" if one.position else f"step {one.step:,} of {one.steps:,}"
        st.progress(min(one.step / max(one.steps, 1), 1.0), text=literal(f"{names[side]}: {words}"))


def _begin(names: dict[str, str], make: Make, key: str) -> None:
    """In a callback. Where one cannot be started, neither is."""
    begun: list[str] = []
    try:
        for side, name in names.items():
            config, text = make(side)
            begun.append(jobs.start(config, owner_key(), text=text, name=name))
    except (RunError, ValueError, OSError) as error:
        _stop(begun)
        st.session_state[f"{key}_error"] = f"Not started: {literal(str(error))}."


def _stop(runs: list[str]) -> None:
    """Ends them, those that wait first: none of these then takes the place of one that goes."""
    for run in sorted(runs, key=lambda run: jobs.status(run).state != "queued"):
        try:
            jobs.stop(run, owner_key())
        except (RunError, OSError):  # it has ended, or was deleted
            continue
