"""Forks: the same past and the same data, one change, and two dashboards that share a cursor."""

from typing import Any

import streamlit as st

from core import jobs
from core.training import TrainConfig
from core.training.config import OPTIMIZERS
from core.training.disk.folder import RunError
from core.training.schedule import SCHEDULES
from pages.ui import state
from pages.ui.literal import literal
from pages.ui.names import title
from pages.ui.training import stage
from pages.ui.training.curves import curves, kept_steps, shown_runs
from pages.ui.training.owner import key as owner_key
from pages.ui.training.settings import key as setting

CHANGES = {
    "rate": "another learning rate",
    "optimizer": "another optimizer",
    "schedule": "another schedule",
    "clip": "another gradient clipping",
    "weight_decay": "another weight decay",
    "causal": "no causal mask",
    "seconds": "more time",
    "nothing": "nothing at all",
}
TIMES = {"÷ 10": 0.1, "÷ 3": 1 / 3, "× 3": 3.0, "× 10": 10.0, "× 100": 100.0}


def forking() -> None:
    """The form of a fork of the run on the stage; and where that run is a fork itself, both dashboards."""
    run = state.get("run")
    if not run:
        st.info("Choose one of the runs at the top of the page, or train one: then you can fork it here.")
        return
    try:
        folder, parent = jobs.existing_folder(run), jobs.record(run).parent
        config = TrainConfig.load(folder / "train.json")
    except (RunError, ValueError):
        st.warning("The files of this run cannot be read.")
        return
    steps = kept_steps(folder)
    if parent:
        dashboards(parent, run)
    if len(steps) < 2:
        st.info("Its snapshots come as it learns: when there are two or more, you can fork it here.")
        return
    form(run, steps, config)


def form(run: str, steps: tuple[int, ...], config: TrainConfig) -> None:
    """Where to fork, and the one change."""
    options = [step for step in steps if step < config.steps]
    where, what, how = st.columns([2, 2, 2], vertical_alignment="bottom", gap="large")
    key = _at(run)
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[len(options) // 2]
    label = f"Leave {literal(title(run))} after step"
    where.select_slider(label, options, key=key, persist_state="page", format_func=lambda n: f"{n:,}")
    change = what.selectbox(
        "and change", list(CHANGES), format_func=CHANGES.__getitem__, key=setting("fork_change"), persist_state="page"
    )
    with how:
        control(change, config)
    st.button("Fork", on_click=_fork, args=(run, config), type="primary")
    st.caption("Both read the same documents in the same order, so what differs afterwards comes from the change.")
    if message := st.session_state.pop("fork_error", None):
        st.warning(message)


def control(change: str, config: TrainConfig) -> None:
    """The control of one kind of change."""
    key, options = _key(change), choices(change, config)
    if st.session_state.get(key) != (value := chosen(change, config)):
        st.session_state[key] = value
    kept: dict[str, Any] = {"key": key, "persist_state": "page"}
    if options:
        name = {"rate": "Learning rate", "optimizer": "Optimizer", "schedule": "Schedule"}[change]
        st.selectbox(name, options, **kept)
    elif change == "clip":
        st.number_input("Gradient clipping: largest norm", 0.01, 1e6, **kept)
    elif change == "weight_decay":
        st.slider("Weight decay", 0.0, 1.0, **kept)
    elif change == "seconds":
        st.number_input("Seconds in all", 5.0, 900.0, **kept)


def choices(change: str, config: TrainConfig) -> list[str]:
    """What a change is chosen from; empty for a number, and for a change that has no more to say."""
    if change == "rate":
        return list(TIMES)
    if change == "optimizer":
        return [one for one in OPTIMIZERS if one != config.optimizer]
    return [one for one in SCHEDULES if one != config.schedule] if change == "schedule" else []


def usual(change: str, config: TrainConfig) -> Any:  # noqa: ANN401 (what its control holds)
    """What the control of a change holds at first."""
    if change == "rate":
        return "× 10"
    if options := choices(change, config):
        return options[0]
    return {"clip": 1000.0, "weight_decay": 0.1, "seconds": min(900.0, 2 * (config.seconds or 60.0))}.get(change)


def chosen(change: str, config: TrainConfig) -> Any:  # noqa: ANN401 (as `usual`)
    """What the control of a change holds, also one that was not drawn yet, or was drawn for a run of other settings."""
    value, options = st.session_state.get(_key(change)), choices(change, config)
    return usual(change, config) if value is None or (options and value not in options) else value


def fields(change: str, value: Any, config: TrainConfig) -> dict[str, Any]:  # noqa: ANN401 (as `usual`)
    """The settings of a run that a change sets."""
    if change == "rate":
        return {one: getattr(config, one) * TIMES[value] for one in {f"{config.optimizer}_lr", "adamw_lr"}}
    if change == "causal":
        return {"causal": False}
    return {} if change == "nothing" else {change: value}


def _key(change: str) -> str:
    return f"fork_{change}"


def _at(run: str) -> str:
    return f"fork_at_{run}"


def _fork(run: str, config: TrainConfig) -> None:
    """With what the form holds at the press."""
    change, at = st.session_state[setting("fork_change")], st.session_state[_at(run)]
    changes = fields(change, chosen(change, config), config)
    try:
        made = jobs.fork(run, at, changes, owner_key(), name=f"{title(run)[:40]}, from step {at:,}")
    except (RunError, ValueError) as error:
        st.session_state["fork_error"] = f"Not forked: {literal(str(error))}."
    except OSError:
        st.session_state["fork_error"] = "Not forked: its folder or its process could not be made."
    else:
        stage.show(made)
        st.rerun()


def dashboards(parent: dict[str, Any], run: str) -> None:
    """The two runs side by side; pointing at a step of one shows the same step of the other."""
    words = ", ".join(f"{name} = {value}" for name, value in parent.get("changes", {}).items()) or "nothing"
    st.markdown(f"This run left its parent after step **{parent['step']:,}**. Changed: {literal(words)}.")
    names = ("the parent", "the fork")
    records, _ = shown_runs([parent["run"], run], dict(zip((parent["run"], run), names, strict=True)))
    for column, record in zip(st.columns(2, gap="medium"), records, strict=False):
        with column:
            curves(
                [record], key=f"curves of {record.label}", title=f"Curves of {record.label}", group="fork", height=260,
                bar=False, on_pick=stage.on_pick, on_change=stage.on_change, on_hover=stage.on_hover("fork"),
            )  # fmt: skip
            stage.rows_truth([record], f"curves of {record.label}")
            stage.thumbnails(record, f"heads of {record.label}", "fork")
    st.caption("Point at a step of one to see the same step of the other. The axes are those of the stage.")
    if len(records) < 2:
        st.caption("The other one is not here any more.")
