"""Arithmetic with words: a − b + c, one by hand, and every analogy that Tinyland knows the answer to."""

import numpy as np
import streamlit as st

from core.analysis.embeddings import analogies
from core.analysis.embeddings.analogies import Family, Result
from core.analysis.embeddings.words import words
from core.analysis.skills.cases import Share
from core.figures import embeddings_words as figures
from core.figures.labels import percent
from pages.ui import background, components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.embeddings import data
from pages.ui.text import chips
from pages.ui.view import View, current

SHOWN = 10
INPUTS = ("vector_a", "vector_b", "vector_c")


def results_of(view: View) -> list[Result] | None:
    model, tokenizer = view.checkpoint.model, view.tokenizer

    def work(report: background.Report) -> list[Result]:
        rows = model.embed.weight.detach().numpy()
        return analogies.measure_all(rows, analogies.families(tokenizer), report)

    return background.compute(data.key(view, "analogies", view.step), work, "Trying every analogy")


def choices(view: View, results: list[Result]) -> dict[str, int]:
    """The words that a, b and c may be: those on the map and those of any relation; with their ids."""
    wanted = set(words(view.tokenizer).ids).union(*(set(sum(result.family.pairs, ())) for result in results))
    return {text: id for text, id in analogies.single_tokens(view.tokenizer).items() if id in wanted}


def settle(single: dict[str, int], results: list[Result]) -> Result:
    """Puts the chosen relation and words right, for another model may not have them; returns the relation's result."""
    by_name = {result.family.name: result for result in results}
    if state.get("relation") not in by_name:
        best = max(results, key=lambda result: result.right.rate - result.baseline.rate)
        # Words of another model go with its relation; a link may have words alone.
        words_too = dict.fromkeys(INPUTS, "") if state.get("relation") else {}
        state.assume(relation=best.family.name, **words_too)
    result = by_name[state.get("relation")]
    if any(state.get(name) not in single for name in INPUTS):
        state.assume(**example(result, single, 0))
    return result


def example(result: Result, single: dict[str, int], number: int) -> dict[str, str]:
    """a, b and c of analogy `number` of the relation, those that come out right first."""
    texts = {id: text for text, id in single.items()}
    order = np.argsort(result.ranks, kind="stable")
    row = result.analogies[order[number % len(order)]]
    return {name: texts[int(id)] for name, id in zip(INPUTS, row, strict=False)}


def another(result: Result, single: dict[str, int]) -> None:
    number = st.session_state.get("analogy_number", 0) + 7
    st.session_state["analogy_number"] = number
    state.update_quietly(**example(result, single, number))


def right_answer(family: Family, a: int, b: int, c: int) -> int | None:
    """The right answer by Tinyland, if a and b are a pair of the family and c has one."""
    pairs = dict(family.pairs)
    return pairs.get(c) if pairs.get(b) == a else None


def by_hand(view: View, result: Result, single: dict[str, int]) -> None:
    options = sorted(single, key=str.lower)
    for column, name, label in zip(st.columns(3), INPUTS, ("a", "− b", "+ c"), strict=True):
        column.selectbox(label, options, **state.control(name))
    a, b, c = (single[state.get(name)] for name in INPUTS)
    rows = data.unit_rows(view)
    if rows is None:
        return
    scores = analogies.answer(rows, a, b, c)
    order = [int(id) for id in np.argsort(-scores, kind="stable")[:SHOWN]]
    right = right_answer(result.family, a, b, c)
    if right is not None and right not in order:
        order = [*order[:-1], right]
    kinds = ["given" if id in (a, b, c) else "expected" if id == right else "" for id in order]
    labels = [chip.label for chip in chips(view.tokenizer, order)]
    figure = figures.candidates(labels, [float(scores[id]) for id in order], kinds)
    components.plot(figure, key="analogy", height=340, title="Tokens nearest to a minus b plus c")
    if right is None:
        st.caption("Tinyland has no right answer to this one.")
    else:
        row = np.array([[a, b, c, right]])
        rank = int(analogies.ranks(rows, (rows[a] - rows[b] + rows[c])[None], row)[0])
        plain = int(analogies.ranks(rows, rows[c][None], row)[0])
        st.caption(
            f"The answer that Tinyland expects has rank **{rank:,}** of {len(rows) - 3:,}, the three given words left "
            f"out. Nearest to c without any arithmetic, its rank is {plain:,}."
        )
    code = view.untouched.with_import("core.analysis.embeddings.analogies", "answer", "unit")
    code = code.then("rows = unit(checkpoint.model.embed.weight.detach().numpy())")
    code = code.gives(f"answer(rows, {a}, {b}, {c})[{order}]", scores[order])
    truth(
        "cosine(embed.weight, a − b + c)",
        rows.shape,
        "every vector was brought to length 1 first; the words that you gave are grey",
        code,
    )


def triple(share: Share) -> tuple[float, float, float]:
    return (share.rate, *share.interval)


def all_of_them(view: View, results: list[Result], chosen: Result) -> None:
    ordered = sorted(results, key=lambda result: -result.right.rate)
    figure = figures.success(
        [result.family.name for result in ordered],
        [triple(result.right) for result in ordered],
        [triple(result.baseline) for result in ordered],
        [triple(result.nearest_of_kind) for result in ordered],
        [result.chance for result in ordered],
    )

    def on_click(event: components.PlotEvent) -> None:
        if isinstance(event.y, (int, float)):
            at = min(max(round(event.y), 0), len(ordered) - 1)
            state.update(relation=ordered[at].family.name, **dict.fromkeys(INPUTS, ""))

    components.plot(
        figure, key="analogies", height=120 + 34 * len(ordered), title="Success of each relation", on_click=on_click
    )
    n = len(chosen.ranks)
    sample = f"{n:,} analogies" if n == chosen.total else f"a sample of {n:,} of {chosen.total:,} analogies"
    code = view.untouched.with_import("core.analysis.embeddings.analogies", "families", "measure_all")
    code = code.then("matrix = checkpoint.model.embed.weight.detach().numpy()").gives(
        "[(r.family.name, r.right.rate, r.baseline.rate, r.nearest_of_kind.rate, r.chance)\n"
        " for r in measure_all(matrix, families(tokenizer))]",
        [(r.family.name, r.right.rate, r.baseline.rate, r.nearest_of_kind.rate, r.chance) for r in results],
    )
    total = sum(len(result.ranks) for result in results)
    truth(
        "analogies",
        (total, 4),
        f"the bars are 95 % intervals (Wilson); “{chosen.family.name}” was measured on {sample}",
        code,
    )


def section() -> None:
    view = current()
    results = results_of(view)
    if results is None:
        return
    if not results:
        st.info("This model has too few whole words of Tinyland as tokens for analogies.")
        return
    single = choices(view, results)
    result = settle(single, results)
    left, right = st.columns([5, 6], gap="medium")
    with left:
        choice, button = st.columns([2, 1], vertical_alignment="bottom")
        choice.selectbox(
            "Relation",
            [one.family.name for one in results],
            **state.control("relation"),
            on_change=lambda: state.update_quietly(**dict.fromkeys(INPUTS, "")),
        )
        button.button("Another example", on_click=another, args=(result, single), width="stretch", key="analogy_next")
        by_hand(view, result, single)
    with right:
        all_of_them(view, results, result)
    what_you_see(
        "**a − b + c**: take what *a* has and *b* lacks, and add it to *c*. If a relation were one direction in "
        "space, the same for every pair, this would always land on the answer. The dots say how often it does, with "
        "every analogy that Tinyland can mark. The other marks need no arithmetic at all: for "
        f"“{result.family.name}” the sum is right in **{percent(result.right.rate)}**, the word of the right kind that "
        f"lies nearest to *c* in **{percent(result.nearest_of_kind.rate)}**, a random one in "
        f"**{percent(result.chance)}**. Where those do as well, the sum proves nothing."
    )
