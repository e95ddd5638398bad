"""When two texts count as the same: the S-curve of MinHash with what was measured on it, and what a union wipes out."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.data.score import Rate
from core.figures import data as figures
from core.figures.labels import percent
from pages.ui import background, components, near, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.data import settings

PAGES, BOOKS = 600, 120
RUN = 5  # words or characters of a shingle
SEED = 0
CLUSTERS = ("verified", "union")


@dataclass(frozen=True)
class Measured:
    """What MinHash makes of some texts. points: (similarity, share that met, share of those that are copies)."""

    points: list[tuple[float, Rate, Rate]]
    recall: Rate
    precision: Rate
    left: dict[str, int]
    different: int
    highest: float  # similarity of two texts that are no copies


def alike() -> None:
    st.markdown(
        "No computer can compare every page of the web with every other. **MinHash** keeps a few numbers of each text: "
        "two texts share one as often as they share runs of words. Texts that agree in a whole **band** of these "
        "numbers *meet*, and only those are compared."
    )
    books, runs = state.get("alike_texts") == "books", state.get("alike_runs")
    bands, rows = state.get("alike_bands"), state.get("alike_rows")
    first, second, third, fourth = st.columns([3, 4, 3, 3], gap="medium")
    first.segmented_control("Texts", required=True, wrap=True, **state.control("alike_texts"))
    second.segmented_control(f"Sets of runs of {RUN}", required=True, wrap=True, **state.control("alike_runs"))
    third.slider("Bands", **state.control("alike_bands"))
    fourth.slider("Numbers in a band", **state.control("alike_rows"))
    count = BOOKS if books else PAGES
    both = {kind: measure_texts(books, kind, bands, rows, count) for kind in ("words", "characters")}
    now = both[runs]
    if now is None:
        return
    curve(now, bands, rows, count, books)
    what_you_see(
        "The grey line is the theory: the odds that two texts of this similarity meet. The :blue[blue] points were "
        f"measured: all pairs of {count} {'books' if books else 'pages'} were compared exactly, and each point is the "
        "share of those of about that similarity that met. The :green[green] diamonds say how many of those that met "
        "really are copies, by the labels. More bands find more, longer bands find less by mistake."
    )
    others = both["words"], both["characters"]
    if others[0] and others[1]:
        show_remaining(others[0], others[1], count, bands, rows, books)
    st.button("Use these bands in the pipeline", on_click=_use, args=(bands, rows, runs), key="alike_use")


def _use(bands: int, rows: int, runs: str) -> None:
    for name, value in (("bands", bands), ("rows", rows), ("shingles", runs)):
        settings.tune("near", name, value)


def measure_texts(books: bool, runs: str, bands: int, rows: int, count: int) -> Measured | None:
    def work(report: background.Report) -> Measured:
        from core.data.pairs import count_left, curve, find_meeting, measure, signatures

        what = "books" if books else "pages"
        report(0.1, f"comparing every two of {count} {what} by runs of {runs}")
        pairs = measure(SEED, count, books, runs, RUN)
        report(0.6, f"MinHash of {count} {what}")
        hashes = signatures(pairs, bands * rows)
        meets = find_meeting(hashes, bands, rows)
        points, recall, precision = curve(pairs, meets)
        apart = pairs.similarity[~pairs.alike]
        return Measured(
            [(point.similarity, point.met, point.copies) for point in points],
            recall,
            precision,
            {cluster: count_left(hashes, meets, cluster) for cluster in CLUSTERS},
            pairs.different,
            float(apart.max()) if apart.size else 0.0,
        )

    height = 420 if runs == state.get("alike_runs") else 120
    return background.compute(("alike", books, runs, bands, rows), work, "Comparing all pairs", height=height)


def interval(rate: Rate) -> tuple[float, float, float]:
    return (rate.value, *rate.interval)


def curve(now: Measured, bands: int, rows: int, count: int, books: bool) -> None:
    from core.data.stages.near import caught

    across = np.linspace(0, 1, 101)
    odds = np.array([caught(s, bands, rows) for s in across.tolist()])
    found = [(s, interval(met), f"similarity about {s:.2f}: {met.hits:,} of {met.total:,} pairs met")
             for s, met, _ in now.points]  # fmt: skip
    true = [(s, copies.value, f"of {copies.total:,} that met, {copies.hits:,} are copies")
            for s, _, copies in now.points if copies.total]  # fmt: skip
    threshold = (1 / bands) ** (1 / rows)
    figure = figures.s_curve((across.tolist(), odds.tolist()), found, true, threshold)
    components.plot(
        figure, key="alike_curve", height=360, title="Share of the pairs that meet, against their similarity"
    )
    code = _code(books, state.get("alike_runs"), bands, rows, count).gives(
        "[(point.met, point.copies) for point in points]", [(met, copies) for _, met, copies in now.points]
    )
    recall = f"{percent(now.recall.value)} of all {now.recall.total:,} pairs of copies met" if now.recall.total else (
        "no two of these texts are copies"
    )  # fmt: skip
    precision = f"{percent(now.precision.value)} of the {now.precision.total:,} that met are copies"
    note = f"{recall}; {precision if now.precision.total else 'none met'}; the dashed line is (1/bands)^(1/numbers)"
    truth("curve(pairs, met)", (len(now.points),), note, code)


def _code(books: bool, runs: str, bands: int, rows: int, count: int) -> Code:
    return (
        Code()
        .with_import("core.data.pairs", "curve", "count_left", "measure", "find_meeting", "signatures")
        .with_lines(
            f"pairs = measure({SEED}, {count}, {books}, {runs!r}, {RUN})",
            f"hashes = signatures(pairs, {bands * rows})",
            f"meets = find_meeting(hashes, {bands}, {rows})",
            "points, recall, precision = curve(pairs, meets)",
        )
    )


def show_remaining(words: Measured, characters: Measured, count: int, bands: int, rows: int, books: bool) -> None:
    """Runs of words or characters, verified pairs or a union: what each leaves of the texts."""
    st.markdown("### What is left of them?")
    ways = {
        "words, pairs verified": words.left["verified"],
        "words, union": words.left["union"],
        "characters, pairs verified": characters.left["verified"],
        "characters, union": characters.left["union"],
    }
    figure = figures.remaining(list(ways), list(ways.values()), count, words.different)
    components.plot(figure, key="alike_left", height=170, title="Texts that each way leaves")
    code = _code(books, "characters", bands, rows, count).gives(
        "[count_left(hashes, meets, cluster) for cluster in ('verified', 'union')]", list(characters.left.values())
    )
    what = "books" if books else "pages"
    note = f"of {count} {what}, {words.different} are different (the dotted line); union: whatever shares a band goes"
    truth("count_left(hashes, meets, cluster)", (len(ways),), note, code)
    worst = ways["characters, union"]
    if worst < 0.9 * words.different:
        st.markdown(
            f"**A wipe-out.** With runs of characters even two different {what} are alike by up to "
            f"{percent(characters.highest)}, by words by {percent(words.highest)} at most. Some of them meet by "
            f"chance, and in a union each draws others after it: {worst} of {words.different} different {what} are "
            "left. Verified pairs stop the chain. A public pipeline lost almost all of its books in this way in 2026."
        )
    elif not books:
        values = {"alike_texts": "books", "alike_runs": "characters", "alike_bands": 20, "alike_rows": 5}
        st.button("Try it with books", on_click=near.update, kwargs=values, key="alike_books")
