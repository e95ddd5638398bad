"""The stage of the training page: one record, or several overlaid, and one cursor through all that happened in it."""

import contextlib
from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import jobs
from core.lab.memorisation import learned_by_heart
from core.model.folders import checkpoint_folder
from core.training import TrainConfig
from core.training.disk.rows import Row
from pages.ui import cache, components, state
from pages.ui.caption import truth
from pages.ui.code import Code, reading_code
from pages.ui.components import OnEvent
from pages.ui.literal import literal
from pages.ui.names import title
from pages.ui.text import prepare
from pages.ui.training.curves import ShownRun, kept_steps, metrics, shown_runs
from pages.ui.which_head import which_head

SHOWN = 30  # runs in the list
THUMBNAILS = 48  # tokens of the text whose attention is drawn small


def runs() -> list[str]:
    """The newest runs, and the chosen one however old it is; puts the property `run` right when there is none such."""
    found, chosen = jobs.list_runs(), state.get("run")
    if chosen and chosen not in found:
        state.note("run", "The link's run is not on this machine.")
        state.update_quietly(run="")
    return found[:SHOWN] + [run for run in found[SHOWN:] if run == chosen]


def runs_on_stage(model: str) -> list[ShownRun]:
    """The record on the stage, the chosen run's or else the model's, and those that the visitor laid over it."""
    first = state.get("run") or model
    names = [first, *(name for name in st.session_state.get("training_overlay", []) if name != first)]
    found, lost = shown_runs(names, {name: title(name) for name in names})
    for _ in lost:
        st.warning("The files of a run cannot be read.")
    if note := st.session_state.pop("training_note", None):
        st.warning(note)
    return found


def show(run: str) -> None:
    """Puts a run that has just been started on the stage, alone, and the stage before the visitor's eyes."""
    state.update(run=run)
    st.session_state["training_overlay"] = []
    st.session_state["training_reveal"] = run


def on_pick(happened: dict[str, Any]) -> None:
    """A click on a curve: every page shows that model at the kept step nearest to it."""
    name, asked = happened["run"], happened["step"]
    steps = kept_steps(checkpoint_folder(name))
    if not steps:
        st.session_state["training_note"] = "No weights of this run have been kept yet."
        return
    if name != state.get("model"):
        state.update(model=name, layer=0, head=0)
    state.update(step=min(steps, key=lambda step: abs(step - asked)))
    st.rerun()


def on_change(happened: dict[str, Any]) -> None:
    """A run ended, kept a snapshot, or fell silent: where the sidebar shows it, the whole page must know."""
    if happened.get("kind") == "ended" or happened["run"] == state.get("model"):
        st.rerun()


def on_hover(key: str) -> OnEvent:
    """A callback that keeps the step under the pointer, in the curves of `key`, for what only Python can draw."""

    def keep(happened: dict[str, Any]) -> None:
        st.session_state[f"{key}_hover"] = happened

    return keep


def nearest(records: Sequence[ShownRun], key: str) -> ShownRun:
    """The record whose curve the pointer is at, in the curves of `key`, or else the first."""
    run = (st.session_state.get(f"{key}_hover") or {}).get("run")
    return next((one for one in records if one.id == run), records[0])


def thumbnails(record: ShownRun, key: str, cursor: str) -> None:
    """All attention heads on the visitor's text, at the kept step nearest to the cursor in the curves `cursor`."""
    name, steps = record.id, record.kept
    if not steps:
        st.caption("Attention appears here when the first snapshot is kept.")
        return
    resting = state.get("step") if name == state.get("model") else None
    happened = st.session_state.get(f"{cursor}_hover") or {}
    wanted = int(happened.get("step", steps[-1] if resting is None else resting))
    step = max((kept for kept in steps if kept <= wanted), default=steps[0])  # the last that had happened
    try:
        description = cache.description(name)
        prepared = prepare(state.get("text"), description.tokenizer, min(description.config.context_length, THUMBNAILS))
        pattern = cache.trace(name, step, prepared.ids).pattern.numpy()  # (L, H, T, T)
    except ValueError as error:  # CheckpointError
        st.warning(f"The weights of step {step:,} cannot be read. {literal(error)}")
        return
    st.markdown(f"**Where it looked at step {step:,}, reading your text**")
    chips = [chip.label for chip in prepared.chips]
    components.heads(pattern, key=key, labels=chips, selected=which_head(description),
                     title=f"Attention heads at step {step:,}")  # fmt: skip
    code = reading_code(name, step, prepared.python, cache.active(name)).gives("trace.pattern", pattern)
    truth("trace.pattern", pattern.shape, f"measured on the first {len(prepared.ids)} tokens of your text", code, key)


def lesson(record: ShownRun) -> None:
    """What a run that has ended teaches, where it learned its text by heart."""
    if record.live:
        return
    with contextlib.suppress(ValueError, OSError):
        rows = metrics(checkpoint_folder(record.id))
        if words := learned_by_heart(rows):
            st.info(words)


def rows_truth(records: Sequence[ShownRun], key: str) -> None:
    """Where the numbers of the curves come from."""
    scored = set()
    for record in records:
        with contextlib.suppress(ValueError, OSError):
            config = TrainConfig.load(checkpoint_folder(record.id) / "train.json")
            unit = {"tinyland": "documents", "text": "windows"}.get(config.data["kind"], "documents and windows")
            scored.add(f"{config.eval_documents} {unit}")
    held_out = f"held out: {' or '.join(sorted(scored))} at most, " if scored else ""
    names = [record.id for record in records]
    code = Code().with_import("core.model", "checkpoint_folder").with_import("core.training.disk.rows", "read_rows")
    read = "read_rows(checkpoint_folder(name) / 'metrics.jsonl')"
    code = code.then(f"rows = {{name: {read} for name in {names}}}").gives(
        "{name: [(row['step'], row.get('loss_per_token'), row.get('val_loss_per_token')) for row in rows[name]]\n"
        " for name in rows}",
        lambda: {one.id: [_losses(row) for row in metrics(checkpoint_folder(one.id))] for one in records},
    )
    note = f"measured in training, {held_out}the floor derived; the samples were drawn at temperature 0.8"
    truth("metrics.jsonl", (), note, code, key)


def _losses(row: Row) -> tuple[int, float | None, float | None]:
    return row["step"], row.get("loss_per_token"), row.get("val_loss_per_token")
