"""Comparing on the sampling page: several settings on the same seeds, and a measured curve over the temperature."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.figures import sampling as figures
from core.figures.labels import percent
from core.generation import Sampler
from pages.ui import background, cache, components, state
from pages.ui.caption import truth
from pages.ui.sampling.settings import chosen_sampler
from pages.ui.view import View

if TYPE_CHECKING:
    from core.analysis.skills.cases import Share
    from core.analysis.skills.quality import Quality

MINE = "the settings above"
PRESETS: Mapping[str, Sampler] = {
    "greedy": Sampler(temperature=0.0),
    "temperature 0.7": Sampler(temperature=0.7),
    "temperature 1": Sampler(),
    "temperature 1.5": Sampler(temperature=1.5),
    "top-k 10": Sampler(top_k=10),
    "top-p 0.9": Sampler(top_p=0.9),
    "min-p 0.1": Sampler(min_p=0.1),
    "typical-p 0.9": Sampler(typical_p=0.9),
    "frequency penalty 0.5": Sampler(frequency_penalty=0.5),
}
TEMPERATURES = (0.0, 0.3, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0)
TOKENS, DOCUMENTS = 150, 60
NEW = "new documents"


def compare(view: View, end: int) -> None:
    """Two to four settings side by side."""
    left, middle, right = st.columns([5, 3, 2], gap="medium", vertical_alignment="bottom")
    names = left.multiselect(
        "Settings",
        [MINE, *PRESETS],
        default=[MINE, "greedy", "temperature 1.5"],
        max_selections=4,
        wrap=True,
        key="compare_names",
    )
    start = middle.selectbox("Each writes", **state.control("compare_from"))
    count = right.slider("Texts each", **state.control("compare_count"))
    prompt = view.ids[:1] if start == NEW else view.ids[:end]
    chosen = {name: chosen_sampler() if name == MINE else PRESETS[name] for name in names}
    asked = (view.name, view.step, cache.stamp(view.name), tuple(chosen.items()), prompt, count, state.get("seed"))
    st.button("Compare", key="compare_go", on_click=_ask, args=("compare_asked", asked), disabled=len(chosen) < 2)
    if st.session_state.get("compare_asked") != asked:
        st.caption("Choose two to four settings, then press Compare. All of them get the same seeds.")
        return
    checkpoint, seeds = view.checkpoint, range(state.get("seed"), state.get("seed") + count)

    def work(report: background.Report) -> "list[Quality]":
        from core.analysis.skills.quality import measure

        found = []
        for place, (name, sampler) in enumerate(chosen.items()):

            def part(share: float, doing: str, place: int = place, name: str = name) -> None:
                report((place + share) / len(chosen), f"{name}, {doing}")

            found.append(measure(checkpoint, prompt, sampler, seeds, TOKENS, part))
        return found

    found = background.compute(("compare", *asked), work, "Comparing", height=300)
    if found is None:
        return
    st.dataframe(_table(list(chosen), found), hide_index=True, width="stretch")
    samplers = "".join(f"    {sampler},\n" for sampler in chosen.values())
    code = view.code.with_import("core.analysis.skills.quality", "measure").with_import("core.generation", "Sampler")
    code = code.then(f"samplers = [\n{samplers}]", f"prompt = {list(prompt)}")
    call = f"measure(checkpoint, prompt, sampler, {seeds}, {TOKENS})"
    code = code.gives(f"[{call} for sampler in samplers]", found)
    truth(
        "measure(…)",
        (len(found), count),
        f"{count} texts each, of at most {TOKENS} tokens; the intervals are 95 %",
        code,
    )
    for column, name, quality in zip(st.columns(len(found), gap="medium"), chosen, found, strict=True):
        with column, st.container(height=260):
            st.caption(name)
            for text in quality.texts[:6]:
                st.text(text)


def _ask(key: str, asked: object) -> None:
    st.session_state[key] = asked


def _table(names: list[str], found: "list[Quality]") -> dict[str, list[Any]]:
    def share(value: "Share") -> str:
        low, high = value.interval
        return (
            f"{percent(value.rate)} ({100 * low:.0f}–{100 * high:.0f}), n = {value.n:,}" if value.n else "none stated"
        )

    return {
        "setting": names,
        "reads as Tinyland": [share(q.parsed) for q in found],
        "stated facts that are true": [share(q.true) for q in found],
        "distinct 1-, 2-, 3-grams": [" · ".join(percent(d) for d in q.distinct) for q in found],
        "log-probability per token": [f"{q.log_prob:.2f} nats" for q in found],
        "repeated 4-grams": [percent(q.repetition) for q in found],
        "tokens": [f"{q.length:.0f}" for q in found],
    }


def curve(view: View) -> None:
    """Quality and variety against the temperature, measured on new documents."""
    from dataclasses import replace

    sampler = replace(chosen_sampler(), temperature=1.0)
    asked = (view.name, view.step, cache.stamp(view.name), sampler)
    label = f"Measure {len(TEMPERATURES)} temperatures"
    st.button(label, key="curve_go", on_click=_ask, args=("curve_asked", asked))
    if st.session_state.get("curve_asked") != asked:
        st.caption(f"{DOCUMENTS} new documents at each temperature, your other settings as they are.")
        return
    checkpoint = view.checkpoint

    def work(report: background.Report) -> "list[Quality]":
        from core.analysis.skills.quality import curve as measured

        return measured(checkpoint, sampler, TEMPERATURES, range(DOCUMENTS), TOKENS, report)

    found = background.compute(("curve", *asked), work, "Measuring", height=360, slow=True)
    if found is None:
        return

    def interval(share: "Share") -> tuple[float, float, float]:
        return (share.rate, *share.interval)

    parsed, true = [interval(q.parsed) for q in found], [interval(q.true) for q in found]
    varied = [(q.distinct[1], q.distinct[1], q.distinct[1]) for q in found]
    lines = [("reads as Tinyland", parsed), ("stated facts that are true", true), ("distinct 2-grams", varied)]
    left, right = st.columns(2, gap="medium")
    with left:
        figure = figures.shares(TEMPERATURES, lines, "temperature", "share")
        components.plot(figure, key="curve", height=360, title="Form, truth and variety against the temperature")
    with right:
        titles = ("distinct 2-grams", "reads as Tinyland")
        figure = figures.trade(
            [q.distinct[1] for q in found], parsed, [f"{t:g}" for t in TEMPERATURES], titles
        )  # the temperature beside each point
        components.plot(figure, key="trade", height=360, title="Quality against variety, a point for each temperature")
    code = view.code.with_import("core.analysis.skills.quality", "curve").with_import("core.generation", "Sampler")
    code = code.gives(f"curve(checkpoint, {sampler}, {TEMPERATURES}, range({DOCUMENTS}), {TOKENS})", found)
    facts = sum(q.true.n for q in found)
    note = f"{DOCUMENTS} documents at each temperature, {facts:,} stated facts in all; the bars are 95 % intervals"
    truth("curve(…)", (len(TEMPERATURES), DOCUMENTS), note, code)
