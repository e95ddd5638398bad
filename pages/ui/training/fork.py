"""Forks: the same past and the same data, one change, and two dashboards that share a cursor."""

from typing import Any

import streamlit as st

from core import jobs
from core.training import TrainConfig
from core.training.config import OPTIMIZERS
from core.training.folder import RunError
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
    key = f"fork_at_{run}"
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[len(options) // 2]
    label = f"Leave {literal(title(run))} after step"
    at = where.select_slider(label, options, key=key, persist_state="page", format_func=lambda n: f"{n:,}")
    change = what.selectbox(
        "and change", list(CHANGES), format_func=CHANGES.__getitem__, key=setting("fork_change"), persist_state="page"
    )
    with how:
        changes = value(change, config)
    st.button("Fork", on_click=_fork, args=(run, at, changes), type="primary")
    st.caption("Both read the same documents in the same order, so what differs afterwards comes from the change.")
    if message := st.session_state.pop("fork_error", None):
        st.warning(message)


def value(change: str, config: TrainConfig) -> dict[str, Any]:
    """The control of one kind of change, and the fields that it sets."""
    name = f"{config.optimizer}_lr"
    if change == "rate":
        times = st.selectbox("Learning rate", list(TIMES), index=3, key="fork_rate", persist_state="page")
        return {one: getattr(config, one) * TIMES[times] for one in {name, "adamw_lr"}}
    if change == "optimizer":
        others = [one for one in OPTIMIZERS if one != config.optimizer]
        return {"optimizer": st.selectbox("Optimizer", others, key="fork_optimizer", persist_state="page")}
    if change == "schedule":
        others = [one for one in SCHEDULES if one != config.schedule]
        return {"schedule": st.selectbox("Schedule", others, key="fork_schedule", persist_state="page")}
    if change == "clip":
        return {
            "clip": st.number_input(
                "Gradient clipping: largest norm", 0.01, 1e6, 1000.0, key="fork_clip", persist_state="page"
            )
        }
    if change == "weight_decay":
        return {"weight_decay": st.slider("Weight decay", 0.0, 1.0, 0.1, key="fork_decay", persist_state="page")}
    if change == "seconds":
        most = config.seconds or 60.0
        return {
            "seconds": st.number_input(
                "Seconds in all", 5.0, 900.0, min(900.0, 2 * most), key="fork_seconds", persist_state="page"
            )
        }
    return {"causal": False} if change == "causal" else {}


def _fork(run: str, at: int, changes: dict[str, Any]) -> None:
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
