"""Training runs on the page: their rows, their curves, the form that starts one and the view that watches it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from core.figures import training as figures
from core.model import list_checkpoints
from core.training import jobs, preset
from core.training.runs import RunError, read_rows
from pages.ui import components, state
from pages.ui.caption import truth

Click = Callable[[components.PlotEvent], None] | None
LIMIT = 2  # live runs at a time on this server
SHOWN = 20  # runs in the list
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3)


@st.cache_data(max_entries=16, show_spinner=False)
def _rows(path: str, stamp: tuple[int, int]) -> list[dict[str, Any]]:
    return [row for row in read_rows(Path(path)) if isinstance(row, dict) and isinstance(row.get("step"), int)]


def metrics(folder: Path) -> list[dict[str, Any]]:
    """The rows of a run's metrics.jsonl; none where there is no such file."""
    path = folder / "metrics.jsonl"
    try:
        stat = path.stat()
        return _rows(str(path), (stat.st_mtime_ns, stat.st_size))
    except (OSError, ValueError):
        return []


def curves(
    rows: list[dict[str, Any]], code: str, key: str, log: bool, mark: int | None = None, click: Click = None
) -> None:
    """The figures of `rows` with their truth lines; `code` is what reads the rows."""
    evaluations = [row for row in rows if row.get("val_loss") is not None]
    known = any(row.get("floor") is not None for row in rows)
    code = "from core.figures import training\nfrom core.training.runs import read_rows\n\n" + code
    left, right = st.columns(2, gap="medium") if known else (st.container(), None)
    with left:
        figure = figures.per_token(rows, log=log, mark=mark)
        components.plot(figure, key=f"{key}_token", height=340, title="Loss per token against steps", on_click=click)
        note = f"measured in training, {len(evaluations)} evaluations" + ("; floor derived" if known else "")
        truth("loss, val_loss", (len(rows),), note, f"{code}training.per_token(rows, log={log})")
    if right:
        with right:
            figure = figures.per_document(rows, log=log, mark=mark)
            title = "Held-out loss per document against steps"
            components.plot(figure, key=f"{key}_document", height=340, title=title, on_click=click)
            note = "held-out documents, from their first token"
            truth(
                "val_document_loss, floor", (len(evaluations),), note, f"{code}training.per_document(rows, log={log})"
            )


def _begin() -> None:
    """Starts a run from the form, within bounds whatever the browser sent."""
    asked = st.session_state

    def bounded(name: str, low: int, high: int) -> int:
        return min(max(int(asked[f"live_{name}"]), low), high)

    rate = asked["live_rate"] if asked["live_rate"] in RATES else 0.02
    live = preset("live", seconds=float(bounded("seconds", 20, 90)), steps=bounded("steps", 20, 5000))
    shape = live.model | {"n_layers": bounded("layers", 1, 4), "d_model": bounded("width", 32, 128) // 16 * 16}
    config = replace(live, model=shape, muon_lr=rate, adamw_lr=rate / 2, seed=bounded("seed", 0, 9999))
    try:
        state.update(run=jobs.start(config, limit=LIMIT))
    except jobs.TooManyRuns:
        asked["live_error"] = f"{LIMIT} runs are going, as many as may. Stop one, or wait until one has finished."
    except (RunError, ValueError, OSError):
        asked["live_error"] = "The run could not be started: its folder or its process could not be made."


def _halt(run_id: str) -> None:
    try:
        jobs.stop(run_id)
    except (RunError, OSError):
        st.session_state["live_error"] = "The run could not be stopped; it ends by itself within its seconds."


def _form() -> None:
    with st.form("live", border=True):
        st.slider("Seconds", 20, 90, 45, 5, key="live_seconds")
        st.number_input("Steps at most", 20, 5000, 2000, 10, key="live_steps")
        st.slider("Layers", 1, 4, 2, key="live_layers")
        st.slider("Width", 32, 128, 96, 16, key="live_width", help="Numbers in each token's vector.")
        st.select_slider("Learning rate", RATES, 0.02, key="live_rate", help="How far each step moves the weights.")
        st.number_input("Seed", 0, 9999, 0, key="live_seed", help="Decides the first weights and the documents.")
        st.form_submit_button("Train", on_click=_begin, type="primary", width="stretch")
    if message := st.session_state.pop("live_error", None):
        st.warning(message)


def _described(run_id: str) -> tuple[str, int | None]:
    """The state of a run in a word, and its step."""
    try:
        status = jobs.status(run_id)
    except (RunError, ValueError):
        return "unreadable", None
    return status.state, status.step


def _watch(run_id: str, going: bool) -> None:
    """One run: drawn again every two seconds while it goes on."""
    try:
        status, folder = jobs.status(run_id), jobs.existing_folder(run_id)
    except (RunError, ValueError):
        st.warning("The files of this run cannot be read.")
        return
    if going and status.state != "running":
        st.rerun()  # the whole page: it stops asking, and the sidebar learns of the new model
    rows = metrics(folder)
    last = next((row for row in reversed(rows) if "seconds" in row), {"seconds": 0.0})
    seconds = json.loads((folder / "train.json").read_bytes()).get("seconds") or float("inf")
    done = max(status.step / status.steps, last["seconds"] / seconds)
    words = "preparing its tokenizer and documents" if going and not rows else f"{status.state}, step {status.step:,}"
    st.progress(min(done, 1.0) if going or status.state != "finished" else 1.0, text=words)
    if status.state in ("failed", "interrupted") and status.message:
        st.warning("The run ended early. Its last words:")
        st.code(status.message.splitlines()[-1][:300], language=None, wrap_lines=True)
    with st.container(horizontal=True):
        st.button("Stop", on_click=_halt, args=(run_id,), disabled=status.state != "running", key="live_stop")
        opened = {"model": run_id, "step": None, "layer": 0, "head": 0}
        ready = run_id in list_checkpoints()
        st.button("Open on every page", on_click=state.update, kwargs=opened, disabled=not ready, key="live_open")
    if rows:
        code = f"from core.training import jobs\n\nrows, _ = jobs.read_metrics({run_id!r})\n"
        curves(rows, code, "live", st.session_state.get("training_log", True))


def live() -> None:
    """The form, the list of runs, and the chosen one."""
    st.subheader("Train one yourself", anchor=False)
    st.markdown("A small model, new documents, a minute or so. It learns in a process of its own on this machine.")
    runs = jobs.list_runs()[:SHOWN]
    chosen = state.get("run")
    if chosen and chosen not in runs:
        state.note("run", "The link's run is not on this machine.")
    if chosen not in runs:
        state.update_quietly(run=runs[0] if runs else "")
    left, right = st.columns([3, 7], gap="large")
    with left:
        _form()
    with right:
        if not runs:
            st.info("No run yet. Press Train, and its curve will grow here.")
            return
        st.selectbox("Run", runs, **state.control("run"))
        states = {run: _described(run) for run in runs}
        with st.expander(f"All runs ({len(runs)})"):
            table = {"run": runs, "state": [states[r][0] for r in runs], "step": [states[r][1] for r in runs]}
            st.dataframe(table, hide_index=True)
        run_id = state.get("run")
        going = states[run_id][0] == "running"
        st.fragment(_watch, run_every=2.0 if going else None)(run_id, going)
