"""Broken on purpose: runs that learn badly, each beside a sound twin, to be diagnosed before the reveal."""

import streamlit as st

from core import jobs
from core.lab.failures import FAILURES, Failure
from core.training.disk.folder import RunError
from pages.ui.literal import literal
from pages.ui.training import stage
from pages.ui.training.curves import curves, shown_runs
from pages.ui.training.differences import differences
from pages.ui.training.memorisation import memorisation
from pages.ui.training.owner import key as owner_key

CASES = {  # letters say nothing about what is wrong, nor does their order
    "A": "dead", "B": "no_mask", "C": "rate_too_high", "D": "overfitting", "E": "no_positions", "F": "too_few_tokens",
    "G": "no_warm_up",
}  # fmt: skip
ANSWERS = sorted(failure.title for failure in FAILURES.values())
SICK, SOUND = "case {}", "case {}, its sound twin"


def gallery() -> None:
    """One case: its two runs, the diagnosis, and the reveal."""
    st.markdown(
        "Runs that learn badly, each beside a sound twin. Look at the curves, make your diagnosis, then check it."
    )
    letter = st.segmented_control(
        "Case", list(CASES), default="A", required=True, key="failure_case", persist_state="page", wrap=True
    )
    case = FAILURES[CASES[letter]]
    found = [runs_called(name.format(letter)) for name in (SICK, SOUND)]
    st.markdown(f"**Case {letter}.** {case.symptom}")
    st.button(
        "Run it and its twin" if not all(found) else "Run both again", on_click=_begin, args=(letter, case),
        type="secondary" if all(found) else "primary", key="failure_run",
    )  # fmt: skip
    if message := st.session_state.pop("failure_error", None):
        st.warning(message)
    names = [name for name in found if name]
    if names:
        records, _ = shown_runs(names, dict(zip(names, (f"case {letter}", "its sound twin"), strict=False)))
        if records:
            title, key = f"Curves of case {letter} and its twin", "failure_curves"
            curves(
                records,
                key=key,
                title=title,
                height=280,
                on_pick=stage.on_pick,
                on_change=stage.on_change,
                on_hover=stage.on_hover(key),
            )
            stage.rows_truth(records, key)
            stage.thumbnails(stage.nearest(records, key), "failure_heads", key)
        if case.measure == "memorisation" and case.text:
            memorisation(dict(zip(names, ("this case", "its twin"), strict=False)), case.text, "failure_heart")
    diagnosis(letter, case, names)


def runs_called(name: str) -> str | None:
    """The newest run of a name that this browser started."""
    for run in jobs.list_runs():
        try:
            if jobs.record(run).name == name and jobs.owns(run, owner_key()):
                return run
        except RunError:
            continue
    return None


def _begin(letter: str, case: Failure) -> None:
    try:
        for name, config in ((SICK, case.broken), (SOUND, case.sound)):
            jobs.start(config, owner_key(), text=case.text, name=name.format(letter))
    except (RunError, ValueError) as error:
        st.session_state["failure_error"] = f"Not started: {literal(str(error))}."
    except OSError:
        st.session_state["failure_error"] = "Not started: a folder or a process could not be made."
    st.session_state.pop(f"failure_told_{letter}", None)


def is_undiagnosed(name: str) -> bool:
    """Whether a run of this name belongs to a case of which this visitor has not seen the reveal."""
    letters = [letter for letter in CASES if name in (SICK.format(letter), SOUND.format(letter))]
    return any(f"failure_told_{letter}" not in st.session_state for letter in letters)


def diagnosis(letter: str, case: Failure, names: list[str]) -> None:
    """The question, and after an answer what it was, why, what helps, and what differed."""
    answered = f"failure_told_{letter}"
    with st.container(border=True):
        answer = st.radio(
            "What is wrong with it?", ANSWERS, index=None, key=f"failure_answer_{letter}", persist_state="page"
        )

        def tell() -> None:
            st.session_state[answered] = answer

        st.button("This is my diagnosis", on_click=tell, disabled=answer is None, key=f"failure_tell_{letter}")
        if answered not in st.session_state:
            return
        right = st.session_state[answered] == case.title
        st.markdown(f"**{'Yes.' if right else 'No:'} {case.title}.** {case.cause}")
        st.markdown(f"**What helps.** {case.remedy}")
        if len(names) == 2:
            words = [
                f"{name}: {values[0]} here, {values[1]} in the twin" for name, values in differences(names).items()
            ]
            st.caption("What differs in the settings: " + literal("; ".join(words)))
