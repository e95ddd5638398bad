"""How models learn: the record of the chosen one, a lab that trains new ones, and what goes wrong when it does."""

import streamlit as st

from pages.ui import cache, state
from pages.ui.caption import page_header
from pages.ui.names import labels, title
from pages.ui.opened import missing
from pages.ui.sections import section, stage
from pages.ui.training import stage as on_stage
from pages.ui.training.curves import curves
from pages.ui.training.explanations import explain, record_experiments
from pages.ui.training.failures import gallery, is_undiagnosed
from pages.ui.training.fork import forking
from pages.ui.training.form import form
from pages.ui.training.owner import remember
from pages.ui.training.runs import all_runs
from pages.ui.training.scaling import ladder
from pages.ui.training.steer import steer
from pages.ui.training.update import slow_motion


def record() -> None:
    model = state.get("model")
    runs = on_stage.runs()
    names = labels(runs) | {"": f"{title(model)} (the model in the sidebar)"}
    state.relabelled("run", names[state.get("run")])
    st.selectbox(
        "Run on show",
        ["", *runs],
        format_func=lambda run: names.get(run, run),
        on_change=st.rerun,  # the whole page is about it
        **state.control("run"),
    )
    if not state.get("run") and cache.is_opened(model):
        return missing("How it learned", "Choose Tinyland in the sidebar, or a run above, or train a model below.")
    records = on_stage.runs_on_stage(model)
    if not records:
        return
    if state.get("run"):
        steer(state.get("run"))
    curves(
        records,
        key="curves",
        title="Training and held-out loss",
        mark=state.get("step") if records[0].id == model else None,
        reveal=st.session_state.pop("training_reveal", ""),
        on_pick=on_stage.on_pick,
        on_change=on_stage.on_change,
        on_hover=on_stage.on_hover("curves"),
    )
    if not is_undiagnosed(title(records[0].id)):
        on_stage.lesson(records[0])
    on_stage.rows_truth(records, "curves")
    on_stage.thumbnails(on_stage.nearest(records, "curves"), "training_heads", "curves")
    explain()


page_header("How did the model learn?", "By being wrong, a little less each time.")
remember()
stage(record)
section("Train one yourself", "train", form, height=900)
section("All runs", "runs", all_runs, height=160)
section("Fork a run: the same again, with one change", "fork", forking, height=120)
section("One update, in slow motion", "update", slow_motion, height=160)
section("Broken on purpose", "broken", gallery, height=420)
section("What would a larger model reach?", "scaling", ladder, height=260)
section("Try", "try", record_experiments, height=120)
