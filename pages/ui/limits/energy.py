"""What was spent here, and a calculator to any scale: operations, hours, kilowatt-hours, CO₂, water and money."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from core.figures import limits as figures
from pages.ui import cache, components
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code, Timed
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.limits.energy import Constant, Cost

MODELS = {  # parameters, tokens, processor
    "This model": None,
    "GPT-3 (2020)": (175e9, 300e9, "V100"),
    "Llama 2 70B (2023)": (70e9, 2e12, "A100"),
    "Llama 3.1 405B (2024)": (405e9, 15.6e12, "H100"),
    "Ten times that": (4e12, 150e12, "H100"),
}


def energy() -> None:
    """Measured here, then the calculator."""
    view = current()
    _here(view)
    _calculator(view)


@st.cache_data(max_entries=64, show_spinner=False)
def _pass(name: str, step: int, stamp: tuple[int, ...], ids: tuple[int, ...]) -> tuple[float, float | None]:
    """(seconds of processor time of one forward pass over these ids, joules by the counters or None)."""
    from core.analysis.limits.meter import measured
    from core.model import run_trace

    model = cache.plain_checkpoint(name, step).model
    run_trace(model, ids)  # warms up
    with measured() as reading:
        for _ in range(5):
            run_trace(model, ids)
    return reading.cpu / 5, None if reading.joules is None else reading.joules / 5


def _here(view: View) -> None:
    """This text, this model's training, this visit."""
    from core.analysis.limits.energy import answering
    from core.analysis.limits.meter import watt_hours

    parameters = view.description.config.parameter_count()["total"]
    seconds, joules = _pass(view.name, view.step, cache.files_stamp(view.name), view.ids)
    st.markdown("### What was spent here")
    watts = _watts()
    text, life = st.columns(2, gap="large")
    with text:
        st.metric("Operations to read your text once", f"{answering(parameters, len(view.ids)) / 1e6:,.0f} million")
        reckoned, low, high = watt_hours(seconds, watts)
        counted = "" if joules is None else f" The counters of the processor say {joules:.2f} J."
        st.markdown(
            f"{len(view.ids)} tokens, {1000 * seconds:.1f} ms of processor time, about **{3600 * reckoned:.2g} J** "
            f"({3600 * low:.2g} to {3600 * high:.2g}).{counted}"
        )
    with life:
        card = view.description.card
        spent = float(card.get("seconds") or 0.0)
        cores = int((card.get("recipe") or {}).get("threads", 1))
        if spent:
            reckoned, low, high = watt_hours(spent * cores, watts)
            st.metric("Operations to train this model", f"{float(card.get('flops', 0)):.2g}")
            st.markdown(
                f"{int(card.get('tokens', 0)):,} tokens in {spent / 60:,.0f} minutes on {cores} cores, about "
                f"**{reckoned:.3g} Wh** ({low:.2g} to {high:.3g}): boiling {reckoned / 110:.2g} litres of water."
            )
        else:
            st.info("The card of this model does not say what its training took.")
    code = (
        view.untouched.with_import("core.analysis.limits.meter", "measured")
        .with_import("core.model", "run_trace")
        .then(
            "with measured() as reading:",
            "    run_trace(checkpoint.model, ids)",
        )
    )
    truth(
        "measured().cpu",
        (),
        f"seconds of processor time, measured now. Watts of a core are assumed ({watts[0]:g}; {watts[1]:g} to "
        f"{watts[2]:g}), because most machines do not let a program read their energy counters",
        code.gives("reading.cpu", Timed(seconds)),
    )


def _watts() -> tuple[float, float, float]:
    """Of a busy core, as a visitor would have it; low and high keep their distance from it."""
    from core.analysis.limits.meter import WATTS

    value, low, high = WATTS
    entered = float(
        st.number_input("Watts of a busy core", 0.1, 500.0, value, format="%.4g", key="energy_watts", width=180,
                        persist_state="session")
    )  # fmt: skip
    st.caption(f"Assumed {value:g}, between {low:g} (a phone) and {high:g} (a workstation); change it if you know.")
    return entered, low * entered / value, high * entered / value


def _calculator(view: View) -> None:
    from core.analysis.limits.energy import ACCELERATORS, ASSUMPTIONS, answering, cost, training

    st.markdown("### To any scale")
    left, right = st.columns([2, 3], gap="large")
    with left:
        model = st.selectbox("Model", list(MODELS), index=1, key="energy_model", persist_state="session")
        work = st.segmented_control("What for?", ["Training", "Answering"], default="Training", required=True,
                                    key="energy_work", persist_state="session")  # fmt: skip
        config = view.description.config
        own = (float(config.parameter_count()["total"]), float(view.description.card.get("tokens") or 1e6),
               "a core of a laptop")  # fmt: skip
        size, tokens, usual = MODELS[model] or own
        parameters = 1e9 * _number("Parameters, in billions", size / 1e9, f"{model}")
        if work == "Training":
            read = 1e9 * _number("Tokens that it reads, in billions", tokens / 1e9, f"{model}")
        else:
            read = 1e6 * _number("Tokens in questions and answers, in millions", 1.0, f"{model}")
        names = list(ACCELERATORS)
        on = st.selectbox("Processor", names, index=names.index(usual), key=f"energy_on {model}")
        constants = _constants(ASSUMPTIONS)
    flops = (training if work == "Training" else answering)(parameters, read)
    found = cost(flops, ACCELERATORS[on], constants)
    with right:
        _results(found, flops, constants, on, training=work == "Training")


def _number(label: str, value: float, of: str) -> float:
    """A positive number of any size; each model keeps its own."""
    entered = st.number_input(label, 1e-9, 1e9, float(value), format="%.6g", key=f"energy {label} {of}")
    return float(entered)


def _constants(known: "Mapping[str, Constant]") -> "dict[str, Constant]":
    """Every assumption, editable, with where it comes from. What is changed keeps its relative low and high."""
    found = {}
    with st.expander("Every assumption, with its source"):
        for name, one in known.items():
            label = f"{one.title}{f' ({one.unit})' if one.unit else ''}".replace("$", "US dollars")
            entered = float(
                st.number_input(label, 1e-4, 1e4, float(one.value), format="%.4g", key=f"energy constant {name}")
            )
            low, high = sorted((one.low, one.high))
            st.caption(f"Between {low:g} and {high:g}: {one.source}.".replace("$", "US dollars"))
            by = entered / one.value
            found[name] = replace(one, value=entered, low=one.low * by, high=one.high * by)
    return found


def _results(found: "Cost", flops: float, constants: "Mapping[str, Constant]", on: str, *, training: bool) -> None:
    from core.analysis.limits.energy import ASSUMPTIONS, EVERYDAY_KWH, PER_ANSWER_WH, PUBLISHED

    marks = {p.name: p.kwh for p in PUBLISHED if p.kwh} if training else {}
    if not training:
        marks = {name: wh / 1000 for name, (wh, _) in PER_ANSWER_WH.items()}
    marks |= {name: EVERYDAY_KWH[name] for name in ("boiling a litre of water", "a household for a year")}
    energy = found.kwh
    components.plot(
        figures.scale([("this", energy.value, energy.low, energy.high)], marks, "kWh"), key="limits_scale", height=260,
        title="Energy on a logarithmic axis, with published figures",
    )  # fmt: skip
    rows = [("Operations", f"{flops:.3g}", ""), *_rows(found)]
    st.dataframe(
        {"what": [r[0] for r in rows], "about": [r[1] for r in rows], "between": [r[2] for r in rows]}, hide_index=True
    )
    code = Code().with_import("core.analysis.limits.energy", "ACCELERATORS", "ASSUMPTIONS", "Constant", "cost")
    changed = {n: c for n, c in constants.items() if c != ASSUMPTIONS[n]}
    more = f" | {changed!r}" if changed else ""
    call = f"cost({flops!r}, ACCELERATORS[{on!r}], ASSUMPTIONS{more}).kwh.value"
    truth(
        "cost(flops, accelerator, constants)",
        (),
        "derived, not measured: 6 operations for each parameter and token of training, 2 of answering; low and high "
        "take every assumption at the end that makes the result small or large",
        code.gives(call, energy.value),
    )
    what_you_see(
        "The blue bar is what the calculator says, as wide as its assumptions are uncertain; diamonds are figures that "
        "others published, and things from home. One answer costs less than boiling a cup of water; what counts is how "
        "many are asked for."
    )


def _rows(found: "Cost") -> list[tuple[str, str, str]]:
    units = (("Hours of a processor", found.hours, ""), ("Energy", found.kwh, " kWh"), ("CO₂", found.co2_kg, " kg"),
             ("Water", found.litres, " L"), ("Price", found.dollars, " US dollars"))  # fmt: skip
    return [(name, f"{_say(of.value)}{unit}", f"{_say(of.low)} to {_say(of.high)}") for name, of, unit in units]


def _say(value: float) -> str:
    """Three digits, with commas."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
