"""Why models bluff: the same model, graded once so that guessing costs nothing and once so that it does."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from core import jobs
from core.figures import feedback as figures
from core.training.config import TrainConfig, preset
from core.training.disk.folder import RunError
from core.training.disk.rows import read_rows
from pages.ui import cache, components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.feedback.recorded import COMMAND, PARENT, record
from pages.ui.literal import literal
from pages.ui.training.curves import GOING, curves, shown_runs
from pages.ui.training.owner import key as owner_key

GRADES = {
    "guessing is free (1, 0, 0)": {"right": 1.0, "unknown": 0.0, "wrong": 0.0},
    "wrong answers cost (1, 0, −1)": {"right": 1.0, "unknown": 0.0, "wrong": -1.0},
}
KINDS = {
    "known": "can be known", "unknowable": "cannot be known", "often": "a birthday told often", "once": "told once",
    "never": "never told",
}  # fmt: skip
EXPERIMENTS = dict(zip(GRADES, ("bluff 1/0/0", "bluff 1/0/-1"), strict=True))
HELD_OUT = "held-out questions, answered with the likeliest words"
Rates = dict[str, tuple[float, float, float]]
STEPS, SECONDS = 14, 240.0  # about a minute of one core; in so many most of it has happened


def bluffing() -> None:
    """A button for each grading, the runs, and what their last evaluations say."""
    model = state.get("model")
    begin = taught_step(model)
    if begin is None:
        st.info("This needs a model that was taught to answer: choose one with a fine-tuning stage in the sidebar.")
        return
    st.markdown(
        f"Both begin from the model in the sidebar after its fine-tuning (step {begin:,}). It answers questions that "
        "can be known, and some about people who do not exist, and learns from the grades of its own answers (GRPO)."
    )
    found = {name: run_of(name) for name in GRADES}
    with st.container(horizontal=True):
        for number, (name, grades) in enumerate(GRADES.items()):
            st.button(f"Train: {name}", on_click=_begin, args=(name, grades, model, begin), key=f"bluff_{number}")
    if message := st.session_state.pop("bluff_error", None):
        st.warning(message)
    rates = {name: one for name, run in found.items() if run and (one := measured(run))}
    going = {run: name for name, run in found.items() if run and jobs.status(run).state in GOING}
    if going:
        records, _ = shown_runs(list(going), going)
        curves([replace(one, since=begin) for one in records], key="bluff_curves", title="While they learn to answer",
               height=200, bar=False, on_change=_changed)  # fmt: skip
    if rates:
        _drawn(rates, _code_of_runs([run for name, run in found.items() if run and name in rates], rates), HELD_OUT)
    elif rates := {name: one for name, told in EXPERIMENTS.items() if (one := rates_of(_means(told)))}:
        st.markdown("**Recorded before: means over three seeds, 60 updates each**")
        _drawn(rates, _code_of_record(rates), f"{HELD_OUT}; from {PARENT}; made anew by {COMMAND} --only bluff")
    else:
        return
    what_you_see(
        "Where a wrong answer costs no more than “I do not know”, a guess can only gain: it learns to **bluff**. "
        "Let wrong answers cost, and it abstains where it cannot know, and on birthdays told too rarely to be "
        "remembered. Most tests of models grade the first way (Kalai et al. 2025)."
    )


def _changed(_happened: components.Event) -> None:
    """Nothing more: what a run has come to is drawn because the browser said so."""


def _drawn(rates: dict[str, Rates], code: Code, note: str) -> None:
    components.plot(
        figures.bluffing(rates), key="bluffing", height=90 + 56 * sum(map(len, rates.values())),
        title="How often it bluffs",
    )  # fmt: skip
    truth("row['statistics']", (len(rates), len(next(iter(rates.values()))), 3), note, code)


def _code_of_runs(runs: list[str], rates: dict[str, Rates]) -> Code:
    code = Code().with_import("core.model", "checkpoint_folder").with_import("core.training.disk.rows", "read_rows")
    return code.then(f"runs = {runs}").gives(
        "[[row['statistics'] for row in read_rows(checkpoint_folder(run) / 'metrics.jsonl')\n"
        "  if 'known_right' in row.get('statistics', {})][-1]['unknowable_wrong'] for run in runs]",
        [one[KINDS["unknowable"]][2] for one in rates.values()],
    )


def _code_of_record(rates: dict[str, Rates]) -> Code:
    code = Code().with_import("core.lab.feedback_experiments", "recorded")
    experiments = [EXPERIMENTS[name] for name in rates]
    return code.gives(
        f"[recorded()[name]['unknowable_wrong']['mean'] for name in {experiments}]",
        [one[KINDS["unknowable"]][2] for one in rates.values()],
    )


def taught_step(model: str) -> int | None:
    """The end of a model's fine-tuning; None where it has had none."""
    try:
        known = cache.description(model)
    except ValueError:
        return None
    end = known.ends.get("sft", -1)
    return next((step for step in reversed(known.steps) if step <= end), None)


def run_of(name: str) -> str | None:
    """The newest run of this browser with these grades."""
    for run in jobs.list_runs()[:40]:
        try:
            config = TrainConfig.load(jobs.existing_folder(run) / "train.json")
        except (RunError, ValueError):
            continue
        if config.preference.get("grades") == GRADES[name] and jobs.owns(run, owner_key()):
            return run
    return None


def measured(run: str) -> Rates | None:
    """Those of the last evaluation of a run; None before the first."""
    rows = [row.get("statistics", {}) for row in read_rows(jobs.run_folder(run) / "metrics.jsonl")]
    told = [one for one in rows if "known_right" in one]
    return rates_of(told[-1]) if told else None


def _means(experiment: str) -> dict[str, float]:
    """The recorded means of an experiment; {} where it is not recorded."""
    return {name: one["mean"] for name, one in record().get(experiment, {}).items()}


def rates_of(told: Mapping[str, float]) -> Rates:
    """Rates of right, "I do not know" and wrong, by kind of question; a kind that was not asked is left out."""
    return {
        name: (told[f"{kind}_right"], told.get(f"{kind}_unknown", 0.0), told.get(f"{kind}_wrong", 0.0))
        for kind, name in KINDS.items()
        if f"{kind}_right" in told
    }


def _begin(name: str, grades: dict[str, float], model: str, begin: int) -> None:
    settings = {"method": "grpo", "grades": grades, "prompts": 8, "samples": 8}
    try:
        config = preset(
            "grpo", parent={"checkpoint": model, "step": begin}, preference=settings, steps=STEPS, seconds=SECONDS,
            threads=1, eval_every=STEPS, eval_documents=90, final_eval_documents=90, snapshots=3, replay=0.2,
            batch_tokens=512, adamw_lr=3e-4, schedule="constant", warmup_steps=3,
        )  # fmt: skip
        jobs.start(config, owner_key(), name=f"bluff: {name}"[:60])
    except (RunError, ValueError) as error:
        st.session_state["bluff_error"] = f"Not started: {literal(str(error))}."
    except OSError:
        st.session_state["bluff_error"] = "Not started: its folder or its process could not be made."
