"""Steering a run from the browser that started it: pause, one step, resume, stop, learning rate, when to end."""

import time
from collections.abc import Callable

import streamlit as st

from core import jobs
from core.model import list_checkpoints
from core.training import TrainConfig
from core.training.disk import control
from core.training.disk.folder import RunError
from core.training.disk.rows import last_row
from pages.ui import state
from pages.ui.literal import literal
from pages.ui.training.owner import key as owner_key

FACTORS = {"÷ 10": 0.1, "÷ 2": 0.5, "× 2": 2.0, "× 10": 10.0}
SENTENCE = 200  # characters of the visitor's text that are shown at first
ENDED = ("stopped", "interrupted", "failed")


def wait_until_settled(run_id: str, was: jobs.Status) -> None:
    """Waits, a second or two at most, until a run does what it was asked to: the buttons then show how it stands."""
    for _ in range(40):
        now = jobs.status(run_id)
        if (now.state, now.step) != (was.state, was.step) and now.state != "running":
            return
        time.sleep(0.05)


def attempt(act: Callable[..., object], run_id: str, *arguments: object, **named: object) -> None:
    """A callback's deed on a run; why it was refused is shown beside the buttons."""
    st.session_state["steer_error"] = None
    try:
        was = jobs.status(run_id)
        act(run_id, *arguments, **named)
        if act in (jobs.pause, jobs.step):
            wait_until_settled(run_id, was)
    except (RunError, ValueError) as error:
        st.session_state["steer_error"] = literal(str(error))
    except OSError:
        st.session_state["steer_error"] = "The run's folder could not be written."


def steer(run_id: str) -> None:
    """The buttons of one run, in a row of its own height, whatever may be pressed now."""
    try:
        now, mine = jobs.status(run_id), jobs.owns(run_id, owner_key())
    except (RunError, ValueError):
        return
    if now.state == "damaged":
        st.warning(literal(f"This run is damaged: {now.message}. What can be read of it is shown."))
        return
    key = owner_key()
    going, waits = now.state in ("running", "paused", "queued"), now.state == "paused"
    with st.container(horizontal=True, vertical_alignment="center"):
        if waits or now.state in ENDED:
            st.button(
                "Resume", on_click=attempt, args=(jobs.resume, run_id, key), disabled=not mine, key="steer_resume"
            )
        else:
            off = not mine or now.state != "running"
            st.button("Pause", on_click=attempt, args=(jobs.pause, run_id, key), disabled=off, key="steer_pause")
        off = not mine or not waits
        st.button("One step", on_click=attempt, args=(jobs.step, run_id, key), disabled=off, key="steer_step")
        off = not mine or not going
        st.button("Stop", on_click=attempt, args=(jobs.stop, run_id, key), disabled=off, key="steer_stop")
        with st.popover("Learning rate", disabled=off or now.state == "queued"):
            rate(run_id, key)
        with st.popover("End when …", disabled=off or now.state == "queued"):
            conditions(run_id, key)
        opened = {"model": run_id, "step": None, "layer": None, "head": None}
        if mine and (sentence := first_sentence(run_id)):
            opened |= {"text": sentence, "cursor": None}
        ready = run_id in list_checkpoints()
        st.button("Open on every page", on_click=_open, kwargs=opened, disabled=not ready, key="steer_open")
        if not mine:
            st.caption(
                "Started in another browser: you can watch, but only that browser can steer it.", width="content"
            )
    if message := st.session_state.get("steer_error"):
        st.warning(message)
    if now.state == "interrupted":
        st.warning("The run's process ended unexpectedly. Resume goes on from what it saved last.")
        if now.message:
            st.caption("The end of its output:")
            st.code(now.message.splitlines()[-1][:400], language=None, wrap_lines=True)


def first_sentence(run_id: str) -> str:
    """The beginning of the visitor's text that a run learns from, to the end of a sentence; "" where there is none."""
    path = jobs.existing_folder(run_id) / "corpus.txt"
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        start = state.clean(file.read(SENTENCE)).strip()
    end = max(start.rfind(mark) for mark in (". ", "! ", "? ", ".\n", "!\n", "?\n"))
    return start[: end + 1] if end > 0 else start


def _open(**values: object) -> None:
    state.update(**values)
    st.rerun()


def rate(run_id: str, key: str) -> None:
    """Another peak of the learning rate from the next step on; the curve marks where."""
    peak = peak_now(run_id)
    st.markdown(f"Its peak is now **{peak:.3g}**; the schedule goes on from there.")
    with st.container(horizontal=True):
        for label, factor in FACTORS.items():
            act = (jobs.set_learning_rate, run_id, peak * factor, key)
            st.button(label, on_click=attempt, args=act, key=f"steer_rate_{factor}")


def peak_now(run_id: str) -> float:
    """The peak that the visitor last asked for, or else the one that the run started with."""
    folder = jobs.existing_folder(run_id)
    return float(control.read(folder).get("lr") or TrainConfig.load(folder / "train.json").peak_lr)


def conditions(run_id: str, key: str) -> None:
    """Ends of its own choosing, for a run that goes on."""
    loss = st.number_input(
        "Held-out loss is down to", 0.01, 20.0, value=None, placeholder="never", key="steer_loss", persist_state="page"
    )
    patience = st.number_input(
        "Evaluations without improvement",
        1,
        100,
        value=None,
        placeholder="never",
        key="steer_patience",
        persist_state="page",
    )
    act = {"target_loss": loss, "patience": patience}
    st.button("Set", on_click=attempt, args=(jobs.stop_when, run_id, key), kwargs=act, key="steer_conditions")
    seen = last_row(jobs.existing_folder(run_id) / "metrics.jsonl").get("val_loss_per_token")
    if seen is not None:
        st.caption(f"At its last evaluation: {seen:.3f} nats per token.")
