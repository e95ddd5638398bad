"""What was spent here, and a calculator to any scale: operations, hours, kilowatt-hours, CO₂, water and money."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from core.figures import limits as figures
from pages.ui import components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.limits.spent_here import spent_here
from pages.ui.table import table
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.limits.energy import Accelerator, Constant, Cost

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
    spent_here(view)
    _calculator(view)


def _calculator(view: View) -> None:
    from core.analysis.limits.energy import ACCELERATORS, ASSUMPTIONS, answering, cost, training

    st.markdown("### To any scale")
    left, right = st.columns([2, 3], gap="large")
    with left:
        model = st.selectbox("Model", **state.choice("energy_model", list(MODELS), list(MODELS)[1]))
        work = st.segmented_control("What for?", required=True, wrap=True, **state.control("energy_work"))
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
        name = st.selectbox("Processor", names, index=names.index(usual), key=f"energy_on {model}")
        on = _accelerator(name, ACCELERATORS[name])
        constants = _constants(ASSUMPTIONS)
    flops = (training if work == "Training" else answering)(parameters, read)
    found = cost(flops, on, constants)
    with right:
        _results(found, flops, constants, on, training=work == "Training")


def _number(label: str, value: float, of: str) -> float:
    """A positive number of any size; each model keeps its own."""
    entered = st.number_input(label, 1e-9, 1e9, float(value), format="%.6g", key=f"energy {label} {of}")
    return float(entered)


def _accelerator(name: str, known: "Accelerator") -> "Accelerator":
    """The processor, whose two numbers can be changed."""
    peak, watts = st.columns(2, vertical_alignment="bottom")
    with peak:
        at = st.number_input("Peak, in 10¹² operations a second", 1e-6, 1e6, known.peak / 1e12, format="%.6g",
                             key=f"energy_peak {name}")  # fmt: skip
    with watts:
        takes = st.number_input("Watts", 0.1, 1e5, float(known.watts), format="%.4g", key=f"energy_power {name}")
    st.caption(f"{known.source}.")
    return replace(known, peak=float(at) * 1e12, watts=float(takes))


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


def _results(
    found: "Cost", flops: float, constants: "Mapping[str, Constant]", on: "Accelerator", *, training: bool
) -> None:
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
    table(("of what", "about", "between"), rows)
    _sources(training)
    code = Code().with_import("core.analysis.limits.energy", "Accelerator", "ASSUMPTIONS", "Constant", "cost")
    changed = {n: c for n, c in constants.items() if c != ASSUMPTIONS[n]}
    more = f" | {changed!r}" if changed else ""
    call = f"cost({flops!r}, {on!r}, ASSUMPTIONS{more}).kwh.value"
    truth(
        "cost(flops, accelerator, constants)",
        (),
        "derived, not measured: 6 operations for each parameter and token of training, 2 of answering; low and high "
        "take every assumption at the end that makes the result small or large",
        code.gives(call, energy.value),
    )
    what_you_see(
        "The bar is what the calculator says, as wide as its assumptions are uncertain; diamonds are figures that "
        "others published, and things from home. One answer costs less than boiling a cup of water; what counts is how "
        "many are asked for."
    )


def _sources(training: bool) -> None:
    """Who says what stands in the figure, and by what rule operations are counted."""
    from core.analysis.limits.energy import EVERYDAY_SOURCE, PER_ANSWER_WH, PUBLISHED, RULES

    said = [(p.name, f"{p.kwh:,.0f} kWh" if p.kwh else f"{p.co2_kg:,.0f} kg of CO₂", p.source) for p in PUBLISHED]
    if not training:
        said = [(name, f"{wh:g} Wh", source) for name, (wh, source) in PER_ANSWER_WH.items()]
    said += [("things from home", "", EVERYDAY_SOURCE), RULES["training" if training else "answering"]]
    with st.expander("Who published these figures"):
        table(("of", "says", "source"), said)


def _rows(found: "Cost") -> list[tuple[str, str, str]]:
    units = (("Processor hours", found.hours, ""), ("Energy", found.kwh, " kWh"), ("CO₂", found.co2_kg, " kg"),
             ("Water", found.litres, " L"), ("Price", found.dollars, " US dollars"))  # fmt: skip
    return [(name, f"{_say(of.value)}{unit}", f"{_say(of.low)} to {_say(of.high)}") for name, of, unit in units]


def _say(value: float) -> str:
    """Three digits, with commas."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
