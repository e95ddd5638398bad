"""The curve of a fine-tuning while it goes on, with the buttons that steer it."""

from dataclasses import replace

import streamlit as st

from core import jobs
from pages.ui import state
from pages.ui.caption import truth
from pages.ui.code import Code
from pages.ui.finetuning import runs
from pages.ui.finetuning.form import choose_run
from pages.ui.names import title
from pages.ui.training.curves import curves, metrics, shown_runs
from pages.ui.training.steer import steer


def watch() -> None:
    """The run on show: its curve, counted from where the teaching began."""
    run = choose_run()
    if run is None:
        st.info("Nothing has been taught yet. Press Teach above: the curve appears here, and what it changed below.")
        return
    config = runs.config_of(run)
    steer(run)
    found, _ = shown_runs([run], {run: title(run)})
    if not found or config is None:
        st.warning("The files of this run cannot be read.")
        return
    records = [replace(found[0], since=config.first_step)]
    curves(
        records,
        key="taught_curves",
        title="Loss while it is taught",
        reveal=st.session_state.pop("teach_reveal", ""),
        on_pick=_picked,
        on_change=_changed,
    )
    held = f"{config.eval_documents} held-out chats" + (" and texts" if config.replay else "")
    code = Code().with_import("core.model", "checkpoint_folder").with_import("core.training.disk.rows", "read_rows")
    code = code.then(f"rows = read_rows(checkpoint_folder({run!r}) / 'metrics.jsonl')")
    call = "[(row['step'], row['val_loss_per_token']) for row in rows if 'val_loss_per_token' in row]"
    code = code.gives(call, lambda: _held_out(run))
    counts = "every token" if config.data.get("mask") == "all" else "the tokens that the assistant says"
    truth("metrics.jsonl", (), f"nats for each token that counts: {counts}; measured on {held} at most", code, "taught")


def _held_out(run: str) -> list[tuple[int, float]]:
    rows = metrics(jobs.run_folder(run))
    return [(row["step"], row["val_loss_per_token"]) for row in rows if "val_loss_per_token" in row]


def _picked(happened: dict[str, object]) -> None:
    """A click on the curve opens the model at the kept step nearest to it, on every page."""
    name, asked = str(happened["run"]), int(str(happened["step"]))
    steps = runs.steps_of(name)
    if steps:
        state.update(model=name, layer=0, head=0, step=min(steps, key=lambda step: abs(step - asked)))
        st.rerun()


def _changed(happened: dict[str, object]) -> None:
    """A run that has ended has something to show everywhere on the page."""
    if happened.get("kind") == "ended" or happened["run"] == state.get("model"):
        st.rerun()
