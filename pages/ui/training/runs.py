"""All runs: what became of them, what differs between them, and what their owner may do with each."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.model import ModelConfig, list_checkpoints
from core.training import TrainConfig, jobs
from core.training.export import zip_run
from core.training.runs import RunError
from pages.ui import state
from pages.ui.training import setup
from pages.ui.training.curves import metrics
from pages.ui.training.heart import by_heart
from pages.ui.training.owner import key as owner_key
from pages.ui.training.stage import SHOWN, title

MOST = 5  # runs whose curves may lie over one another
TINY = 20_000  # characters of a text that a small model may learn by heart
PLAIN = {"out", "threads"}  # settings that say nothing about what was trained
FOLLOWS = {"vocab_size", *setup.OWN}  # fields of a model that follow from others where they are not given


def settings(run: str) -> dict[str, Any]:
    """Every setting of a run by name, those of the model as model.NAME; empty when they cannot be read."""
    try:
        values = TrainConfig.load(jobs.existing_folder(run) / "train.json").to_dict()
        given = values.pop("model")
        shape = ModelConfig.from_dict(given | {"vocab_size": values["vocab_size"]}).to_dict()
    except (RunError, ValueError):
        return {}
    values["data"] = {name: value for name, value in values["data"].items() if value is not None}
    model = {f"model.{name}": value for name, value in shape.items() if name in given or name not in FOLLOWS}
    return {name: value for name, value in values.items() if name not in PLAIN} | model


def differences(runs: Sequence[str]) -> dict[str, list[Any]]:
    """The settings that are not the same in all of `runs`, each with its value in every one (None: not set)."""
    all_settings = [settings(run) for run in runs]
    names = dict.fromkeys(name for one in all_settings for name in one)
    table = {name: [one.get(name) for one in all_settings] for name in names}
    return {name: values for name, values in table.items() if any(value != values[0] for value in values)}


def changed(run: str, before: str | None) -> str:
    """What is new in a run: against the one it was forked from, or else the one started before it."""
    parent = jobs.record(run).parent
    if parent:
        words = ", ".join(f"{name} {value}" for name, value in parent.get("changes", {}).items()) or "nothing"
        return f"fork of {title(parent['run'])} at step {parent['step']:,}: {words}"
    if before is None:
        return ""
    return ", ".join(f"{name} {_short(values[1])}" for name, values in differences([before, run]).items()) or "the same"


def _short(value: Any) -> str:
    text = str(value.get("kind")) if isinstance(value, dict) else str(value)
    return text.rsplit("/", 1)[-1] if len(text) > 24 else text


def table(runs: Sequence[str]) -> dict[str, list[Any]]:
    """A row for each run, as st.dataframe takes it."""
    rows: list[dict[str, Any]] = []
    for i, run in enumerate(runs):
        before = runs[i + 1] if i + 1 < len(runs) else None
        scored = [row["val_loss"] for row in metrics(jobs.run_folder(run)) if row.get("val_loss") is not None]
        try:
            now, record, news = jobs.status(run), jobs.record(run), changed(run, before)
        except (RunError, ValueError):
            continue
        rows.append(
            {
                "run": title(run),
                "state": now.state,
                "step": now.step,
                "held-out loss": scored[-1] if scored else None,
                "new in it": news,
                "tags": list(record.tags),
                "minutes ago": round((time.time() - record.created) / 60),
            }
        )
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


@st.fragment(key="training_runs")
def all_runs() -> None:
    """The table; the rows that are ticked lie over one another on the stage."""
    runs = [run for run in jobs.list_runs()[:SHOWN] if settings(run)]
    undo()
    if not runs:
        st.info("No run yet. Set one up above and press Train: it will be kept here.")
        return
    shown = {
        "held-out loss": st.column_config.NumberColumn(format="%.3f", help="nats per token", width=115),
        "new in it": st.column_config.TextColumn(width="large"),
    }
    chosen = [run for run in st.session_state.get("training_overlay", []) if run in runs]
    key = f"training_table_{hash(tuple(runs))}"  # rows are known by number: other runs, another table
    st.dataframe(
        table(runs),
        hide_index=True,
        column_config=shown,
        height=min(38 + 35 * len(runs), 320),
        on_select=lambda: _overlay(runs, key),
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [runs.index(run) for run in chosen]}},
        key=key,
    )
    if not chosen:
        st.caption(f"Tick runs to lay their curves over one another on the stage (at most {MOST}) and to compare them.")
    elif len(chosen) > 1:
        compare(chosen)
    else:
        one(chosen[0])


def _overlay(runs: Sequence[str], key: str) -> None:
    """The ticked rows go to the stage."""
    rows = st.session_state[key]["selection"]["rows"][:MOST]
    chosen = [runs[row] for row in rows if row < len(runs)]
    st.session_state["training_overlay"] = chosen
    if chosen:
        state.update(run=chosen[0])
    st.rerun()


def compare(chosen: Sequence[str]) -> None:
    """What differs in the settings of several runs."""
    found = differences(chosen)
    st.markdown("##### What differs in their settings")
    if not found:
        st.caption("Nothing: only chance and the speed of the machine can tell them apart.")
        return
    columns = {run: f"{i + 1}: {title(run)}" for i, run in enumerate(chosen)}
    cells = {columns[run]: [_short(values[i]) for values in found.values()] for i, run in enumerate(chosen)}
    st.dataframe({"setting": list(found)} | cells, hide_index=True)


def one(run: str) -> None:
    """What can be done with one run; its owner may do more."""
    mine, record = jobs.owns(run, owner_key()), jobs.record(run)
    names = st.columns([2, 3])
    with names[0]:
        st.text_input(
            "Name", record.name, max_chars=60, disabled=not mine, key=f"name_{run}", on_change=_rename, args=(run,)
        )
    with names[1]:
        st.text_input(
            "Tags, with commas between", ", ".join(record.tags), disabled=not mine, key=f"tags_{run}",
            on_change=_tag, args=(run,),
        )  # fmt: skip
    with st.container(horizontal=True):
        file = f"{run}.zip"
        ready = run in list_checkpoints()
        st.download_button(
            "Download as a folder", partial(zipped, run), file, "application/zip", on_click="ignore", disabled=not ready
        )
        st.button("Set up another like it", on_click=like, args=(run,), key=f"like_{run}")
        st.button("Delete", on_click=_delete, args=(run,), disabled=not mine, key=f"delete_{run}")
        if not mine:
            st.caption("Started in another browser: only that one can rename or delete it.", width="content")
    if message := st.session_state.pop("training_runs_error", None):
        st.warning(message)
    text = corpus(run)
    if text and len(text) <= TINY:
        by_heart({run: title(run)}, text, "runs_heart")


def _rename(run: str) -> None:
    _attempt(jobs.rename, run, st.session_state[f"name_{run}"])


def _tag(run: str) -> None:
    _attempt(jobs.tag, run, st.session_state[f"tags_{run}"].split(","))


def _attempt(act: Any, run: str, *values: Any) -> bool:
    try:
        act(run, *values, owner_key())
    except (RunError, OSError) as error:
        st.session_state["training_runs_error"] = state.literal(str(error))
        return False
    return True


def _delete(run: str) -> None:
    """Puts a run aside, where `undo` finds it."""
    name = title(run)
    if not _attempt(jobs.delete, run):
        return
    st.session_state["training_deleted"] = [(run, name), *st.session_state.get("training_deleted", [])][:5]
    st.session_state["training_overlay"] = []
    if state.get("run") == run:
        state.update(run="")
    if state.get("model") == run:
        state.update(model="", step=None, layer=0, head=0)
    st.rerun()


def undo() -> None:
    """A button for each run that this visitor has just deleted."""
    for run, name in st.session_state.get("training_deleted", []):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"{name} was deleted.", width="content")
            st.button("Bring it back", on_click=_undelete, args=(run,), key=f"undelete_{run}")


def _undelete(run: str) -> None:
    if _attempt(jobs.undelete, run):
        kept = [pair for pair in st.session_state["training_deleted"] if pair[0] != run]
        st.session_state["training_deleted"] = kept
        st.rerun()


def like(run: str) -> None:
    """Fills the form with the settings of a run, its text included."""
    setup.copy(TrainConfig.load(jobs.existing_folder(run) / "train.json"), corpus(run))
    st.rerun()


def corpus(run: str) -> str:
    """The visitor's text that a run learns from, "" where there is none."""
    path = jobs.existing_folder(run) / "corpus.txt"
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def zipped(run: str) -> bytes:
    """The checkpoint folder of a run, with its whole life, as a zip file."""
    path = zip_run(run, snapshots=True)
    try:
        return path.read_bytes()
    finally:
        path.unlink()
