"""All runs: what became of them, what differs between them, and what their owner may do with each."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from core import jobs
from core.model import list_checkpoints
from core.runs.elsewhere import Form, obstacle, packed
from core.runs.export import zip_run
from core.runs.records import owned_by, read_record
from core.training import TrainConfig
from core.training.disk.folder import RunError
from pages.ui import state
from pages.ui.literal import literal
from pages.ui.names import name_of, title
from pages.ui.training import setup
from pages.ui.training.curves import metrics
from pages.ui.training.differences import differences, settings, short, what_is_new
from pages.ui.training.failures import is_undiagnosed
from pages.ui.training.memorisation import memorisation
from pages.ui.training.owner import key as owner_key
from pages.ui.training.stage import SHOWN

UNDO = 3  # deleted runs that are offered to be brought back
SECRET = "a case to be diagnosed, below"
MOST = 5  # runs whose curves may lie over one another
TINY = 20_000  # characters of a text that a small model may learn by heart


def table(runs: Sequence[str]) -> dict[str, list[Any]]:
    """A row for each run, as st.dataframe takes it."""
    rows: list[dict[str, Any]] = []
    stages = {run: settings(run).get("stage") for run in runs}  # only runs of one stage have settings to compare
    for i, run in enumerate(runs):
        earlier = (other for other in runs[i + 1 :] if stages[other] == stages[run])
        before = next((other for other in earlier if not is_undiagnosed(title(other))), None)
        scored = [row["val_loss_per_token"] for row in metrics(jobs.run_folder(run)) if "val_loss_per_token" in row]
        try:
            now, record = jobs.status(run), jobs.record(run)
        except RunError:  # it has just been deleted
            continue
        difference = (now.message or "") if now.state == "damaged" else what_is_new(run, before)
        rows.append(
            {
                "run": title(run),
                "state": now.state,
                "step": now.step,
                "held-out loss": scored[-1] if scored else None,
                "changed": SECRET if is_undiagnosed(record.name) else difference,
                "tags": list(record.tags),
                "minutes ago": round((time.time() - record.created) / 60),
            }
        )
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def all_runs() -> None:
    """The table; the rows that are ticked lie over one another on the stage."""
    every, most = jobs.list_runs(), st.session_state.get("training_listed", SHOWN)
    runs = every[:most]
    undo()
    if not runs:
        st.info("No run yet. Set one up above and press Train: it will be kept here.")
        return
    shown = {
        "held-out loss": st.column_config.NumberColumn(format="%.3f", help="nats per token", width=115),
        "changed": st.column_config.TextColumn(width="large"),
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
    if len(every) > most:
        st.button(f"Show older ones ({len(every) - most:,})", on_click=_list_more, args=(most + SHOWN,))
    if not chosen:
        st.caption(
            f"Tick runs to overlay their curves at the top of the page (at most {MOST}) and to compare their settings."
        )
    elif len(chosen) > 1:
        compare(chosen)
    else:
        one(chosen[0])


def _list_more(count: int) -> None:
    st.session_state["training_listed"] = count


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
    st.markdown("### What differs in their settings")
    if any(is_undiagnosed(title(run)) for run in chosen):
        st.caption("One of them is a case below: make your diagnosis first.")
        return
    found = differences(chosen)
    if not found:
        st.caption("Nothing: only chance and the speed of the machine can tell them apart.")
        return
    columns = {run: f"{i + 1}: {title(run)}" for i, run in enumerate(chosen)}
    cells = {columns[run]: [short(values[i]) for values in found.values()] for i, run in enumerate(chosen)}
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
            "Download as a folder",
            partial(zip_bytes, run),
            file,
            "application/zip",
            on_click="ignore",
            disabled=not ready,
        )
        if ready:
            for_other_programs(run)
        known = jobs.status(run).state != "damaged"
        st.button("Copy its settings", on_click=like, args=(run,), disabled=not known, key=f"like_{run}")
        st.button("Delete", on_click=_delete, args=(run,), disabled=not mine, key=f"delete_{run}")
        if not mine:
            st.caption("Started in another browser: only that one can rename or delete it.", width="content")
    if message := st.session_state.pop("training_runs_error", None):
        st.warning(message)
    text = corpus(run)
    if text and len(text) <= TINY:
        memorisation({run: title(run)}, text, "runs_heart")


def for_other_programs(run: str) -> None:
    """A button for each form in which other programs open a run; one that its shape does not have says why."""
    forms: tuple[tuple[Form, str, str, str], ...] = (
        ("transformers", "For transformers", f"{run}-transformers.zip", "A folder for Hugging Face transformers"),
        ("gguf", "As GGUF", f"{run}.gguf", "One file for llama.cpp and the programs built on it"),
    )
    for form, label, file, what in forms:
        why_not = _obstacle(run, form, str(jobs.existing_folder(run)))
        st.download_button(
            label,
            partial(packed, run, form),
            file,
            "application/octet-stream",
            on_click="ignore",
            disabled=bool(why_not),
            help=literal(f"Not for this one: {why_not}.") if why_not else f"{what}, with the weights of the last step.",
            key=f"{form}_{run}",
        )


@st.cache_data(max_entries=64, show_spinner=False)
def _obstacle(run: str, form: Form, stamp: str) -> str:
    return obstacle(run, form)


def _rename(run: str) -> None:
    if _attempt(jobs.rename, run, st.session_state[f"name_{run}"]):
        st.rerun()  # the sidebar and the stage call it so too


def _tag(run: str) -> None:
    _attempt(jobs.tag, run, st.session_state[f"tags_{run}"].split(","))


def _attempt(act: Callable[..., object], run: str, *values: object) -> bool:
    try:
        act(run, *values, owner_key())
    except (RunError, OSError) as error:
        st.session_state["training_runs_error"] = literal(str(error))
        return False
    return True


def _delete(run: str) -> None:
    """Puts a run aside, where `undo` finds it."""
    if not _attempt(jobs.delete, run):
        return
    st.session_state["training_overlay"] = []
    if state.get("run") == run:
        state.update(run="")
    if state.get("model") == run:
        state.update(model="", step=None, layer=0, head=0)
    st.rerun()


def undo() -> None:
    """A button for each run that this visitor has deleted, for a day; of many, the last ones."""
    aside = [(folder.name, read_record(folder)) for folder in jobs.list_deleted()]
    mine = [(run, name_of(run, record)) for run, record in aside if owned_by(record, owner_key())]
    for run, name in mine[:UNDO]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"{name} was deleted.", width="content")
            st.button("Bring it back", on_click=_undelete, args=(run,), key=f"undelete_{run}")


def _undelete(run: str) -> None:
    if _attempt(jobs.undelete, run):
        st.rerun()


def like(run: str) -> None:
    """Fills the form with the settings of a run, its text included."""
    setup.copy(TrainConfig.load(jobs.existing_folder(run) / "train.json"), corpus(run))
    st.rerun()


def corpus(run: str) -> str:
    """The visitor's text that a run learns from, "" where there is none."""
    path = jobs.existing_folder(run) / "corpus.txt"
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def zip_bytes(run: str) -> bytes:
    """The checkpoint folder of a run, with its whole life, as a zip file."""
    return b"".join(zip_run(run, snapshots=True))
