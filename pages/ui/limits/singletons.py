"""The law of what was read once, on a corpus drawn here and now; and what the model knows, in bits."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import limits as figures
from core.figures.labels import percent
from pages.ui import components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.limits.data import groups, measured, part_code
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.limits.recall import Recall

FACTS, ANSWERS = 2000, 365
SIZES = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


@lru_cache(maxsize=64)
def _curves(exponent: float, seed: int) -> tuple[list[float], list[float], list[float]]:
    """For each of SIZES: singleton rate, least errors, and the bound of Kalai and others."""
    from core.analysis.limits.singletons import draw, kalai_bound, least_errors, missing_mass, singleton_rate, zipf

    probs = zipf(FACTS, exponent)
    samples = [draw(probs, size, seed) for size in SIZES]
    rates = [singleton_rate(sample) for sample in samples]
    errors = [least_errors(missing_mass(sample, probs), ANSWERS) for sample in samples]
    bounds = [kalai_bound(rate, size, ANSWERS) for rate, size in zip(rates, SIZES, strict=True)]
    return rates, errors, bounds


def singletons() -> None:
    """Good–Turing against the truth, then the gauge of knowledge."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        if state.get("statements") not in SIZES:
            state.update_quietly(statements=2000)
        size = st.select_slider("Statements in the corpus", SIZES, key="statements", persist_state="session",
                                format_func=lambda n: f"{n:,}")  # fmt: skip
        told = "0: of all people alike. 1: of a few very often, as with words and celebrities."
        exponent = st.slider("How unequal people are", help=told, **state.control("unequal"))
    rates, errors, bounds = _curves(exponent, 0)
    at = SIZES.index(size)
    with left:
        st.metric("Read exactly once", percent(rates[at]))
        st.metric("Errors of the best possible model", percent(errors[at]))
    with right:
        lines = {"errors of the best model that always answers": errors, "statements read once (Good–Turing)": rates,
                 "bound of Kalai et al. 2025": bounds}  # fmt: skip
        components.plot(
            figures.singletons(SIZES, lines, size), key="limits_singletons", height=360,
            title="Facts read once foretell errors",
        )  # fmt: skip
        code = (
            Code()
            .with_import("core.analysis.limits.singletons", "draw", "singleton_rate", "zipf")
            .gives(f"[singleton_rate(draw(zipf({FACTS}, {exponent}), size, 0)) for size in {list(SIZES)}]", rates)
        )
        truth(
            "singleton_rate(draw(zipf(…), size, seed))",
            (len(SIZES),),
            f"drawn here and now: {FACTS:,} people with one of {ANSWERS} birthdays each, no model in it",
            code,
        )
    what_you_see(
        "Statements about people are drawn at random. What was read **exactly once** foretells what was never read: if "
        "a fifth of a corpus stands in it once, about a fifth of the next questions are new. On these even a perfect "
        "memory can only guess, and a model that always answers is wrong. The bound that Kalai and others proved holds "
        "for every model, with a margin so wide that it says something of large corpora only."
    )
    view = current()
    if view.description.has_read("birthday"):
        recall = measured(view, "recall", "Asking for birthdays", 420, asks=False)
        if recall is not None:
            _gauge(view, recall.of(recall.true >= 0))


def _gauge(view: View, recall: "Recall") -> None:
    """Bits of the birthdays that this model can answer."""
    from core.analysis.limits.knowledge import bits_answered, bits_of, ceiling
    from core.text.tinyland.birthdays import LADDER

    st.markdown("### Knowledge in bits")
    rows = np.arange(len(recall.names))
    p = recall.dates[rows, recall.true]
    named = [(name, mask) for name, mask in groups(recall)]
    known = [bits_answered(p[mask], ANSWERS) for _, mask in named]
    there = [bits_of(ANSWERS, int(mask.sum())) for _, mask in named]
    counts = sorted(set(recall.count.tolist()))
    total = bits_of(ANSWERS, sum(LADDER.values()))
    of_all = sum(k / t * bits_of(ANSWERS, LADDER[n]) for k, t, n in zip(known, there, counts, strict=True))
    components.plot(
        figures.knowledge([name for name, _ in named], known, there), key="limits_knowledge", height=300,
        title="Bits that the model can answer, of the bits that the facts hold",
    )  # fmt: skip
    code = (
        part_code(view, "recall")
        .with_import("core.analysis.limits.knowledge", "bits_answered")
        .then(
            "told = recall.of(recall.true >= 0)",
            "p = told.dates[range(len(told.names)), told.true]",
        )
    )
    truth(
        "bits_answered(p, 365)",
        (len(counts),),
        "log₂ 365 = 8.5 bits a birthday, less what is left to guess after asking the model",
        code.gives(f"[bits_answered(p[told.count == n], {ANSWERS}) for n in {counts}]", known),
    )
    parameters = view.description.config.parameter_count()["total"]
    five, one = (_right(recall, ways) for ways in (5, 1))
    st.markdown(
        f"All birthdays of Tinyland hold **{total:,.0f} bits**; the model can answer about **{of_all:,.0f}**. For its "
        f"{parameters:,} parameters the reported ceiling, two bits each, is {ceiling(parameters):,.0f} (Allen-Zhu & Li "
        f"2024): room is not what it lacks, but reading often enough. Told in five phrasings, {percent(five)} are "
        f"right; told in one, {percent(one)}."
    )


def _right(recall: "Recall", ways: int) -> float:
    return float(recall.right_date[recall.phrasings == ways].mean())
