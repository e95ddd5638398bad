"""Searching and drafting on the sampling page: beams, the best of several draws, and speculative decoding."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from core.figures import sampling_search as figures
from pages.ui import background, cache, components, state
from pages.ui.caption import truth
from pages.ui.opened import from_elsewhere, missing
from pages.ui.sampling.settings import chosen_sampler
from pages.ui.text import chips
from pages.ui.view import View

if TYPE_CHECKING:
    from core.generation.costs import Costs
    from core.generation.speculative import Round


def _names(view: View, ids: set[int]) -> dict[int, str]:
    listed = sorted(ids)
    return {id: chip.label for id, chip in zip(listed, chips(view.tokenizer, listed), strict=True)}


def beams(view: View, end: int) -> None:
    """Beam search as a picture, beside the greedy text and the best of several draws."""
    from core.generation.beam import beam_search, best_of

    left, middle, right = st.columns(3, gap="medium")
    width = left.slider("Beams", **state.control("beams"))
    length = middle.slider("Tokens", **state.control("beam_tokens"))
    draws = right.slider("Draws for best-of-n", **state.control("best_of"))
    model, stop, prompt = view.checkpoint.model, view.tokenizer.stops, view.ids[:end]
    search = beam_search(model, prompt, width, length, stop=stop)
    labels = _names(view, {candidate.id for step in search.steps for candidate in step})
    height = 60 + 34 * max(len(step) for step in search.steps)
    components.plot(
        figures.beams(search, labels), key="beam_search", height=height, title="Beam search, a column per token"
    )
    drawn = best_of(model, prompt, chosen_sampler(), draws, length, state.get("seed"), stop)
    greedy = beam_search(model, prompt, 1, length, stop=stop).beams[0]
    code = (
        view.code.with_import("core.generation", "Sampler")
        .with_import("core.generation.beam", "beam_search", "best_of")
        .then(
            f"model, prompt, stop = checkpoint.model, ids[:{end}], tokenizer.stops",
            f"search = beam_search(model, prompt, {width}, {length}, stop=stop)",
            f"greedy = beam_search(model, prompt, 1, {length}, stop=stop).beams[0]",
            f"drawn = best_of(model, prompt, {chosen_sampler()}, {draws}, {length}, {state.get('seed')}, stop)",
        )
        .gives("search, greedy, drawn", (search, greedy, drawn))
    )
    count = sum(len(step) for step in search.steps)
    truth("search.steps", (count,), f"{count} candidates are shown, the likeliest at each step", code)
    found = [
        (f"the best of {width} beams", search.beams[0].log_prob, search.beams[0].ids),
        ("greedy", greedy.log_prob, greedy.ids),
        *((f"{name} of {draws} draws", mean * len(steps), tuple(step.id for step in steps))
          for name, (mean, steps) in (("the best", drawn[0]), ("the worst", drawn[-1]))),
    ]  # fmt: skip
    table = {
        "text": [view.tokenizer.decode(ids) for _, _, ids in found],
        "found by": [name for name, _, _ in found],
        "log-probability": [f"{score:.2f}" for _, score, _ in found],
        "per token": [f"{score / max(len(ids), 1):.2f}" for _, score, ids in found],
    }
    st.dataframe(table, hide_index=True, width="stretch")


def speculation(view: View, end: int) -> None:
    """An early snapshot drafts, the model checks."""
    earlier = [step for step in view.description.steps if step < view.step]
    if from_elsewhere(view.description.card):
        return missing("An earlier snapshot, which could draft for it,", "Choose Tinyland in the sidebar to try this.")
    if not earlier:
        st.caption("This is the first snapshot of this model: move the training step to the right.")
        return
    left, right = st.columns(2, gap="medium")
    draft = left.select_slider("Draft model (a snapshot)", earlier, earlier[-1], format_func=lambda n: f"{n:,}")
    ahead = right.slider("Tokens drafted at a time", **state.control("drafted"))
    sampler, seed, prompt = chosen_sampler(), state.get("seed"), view.ids[:end]
    model, drafter = view.checkpoint.model, cache.checkpoint(view.name, draft).model
    stop, count = view.tokenizer.stops, 40

    def work(_report: background.Report) -> "tuple[list[Round], Costs, float]":
        from core.generation import generate
        from core.generation.costs import costs, median_seconds
        from core.generation.speculative import speculate

        def draft() -> "list[Round]":
            return list(speculate(model, drafter, prompt, sampler, count, seed, ahead=ahead, stop=stop))

        def draw() -> int:
            return len(list(generate(model, prompt, sampler, count, seed, stop=stop)))

        made, plain = draft(), draw()
        written = sum(len(one.ids) for one in made)
        faster = (median_seconds(draw) / plain) / (median_seconds(draft) / written)
        return made, costs(model, drafter, prompt, ahead), faster

    key = ("speculate", view.name, view.step, cache.stamp(view.name), draft, ahead, sampler, seed, prompt)
    result = background.compute(key, work, "Drafting", height=300)
    if result is None:
        return
    made, spent, faster = result
    ids = {id for one in made for id in (*one.drafted, *one.ids)}
    figure = figures.rounds(made, _names(view, ids))
    components.plot(figure, key="rounds", height=70 + 26 * len(made), title="Drafts that were accepted or rejected")
    written, drafted = sum(len(one.ids) for one in made), sum(len(one.drafted) for one in made)
    taken = sum(one.accepted for one in made)
    a, b, c = st.columns(3)
    a.metric("Drafted tokens accepted", f"{taken} of {drafted}")
    b.metric("Tokens per pass of the model", f"{written / len(made):.2f}")
    c.metric("Speed against plain sampling", f"{faster:.2f} ×", help="Below 1 it is slower.")
    st.markdown(why(made, spent, faster))
    code = view.code.with_import("core.generation", "Sampler").with_import("core.generation.speculative", "speculate")
    early = f"load_checkpoint({view.name!r}, step={draft})"
    early = f"intervene({early}, {view.interventions!r})" if view.interventions else early
    code = code.then(f"draft = {early}.model")
    call = f"speculate(checkpoint.model, draft, ids[:{end}], {sampler}, {count}, {seed}, ahead={ahead}, stop=ids[:1])"
    code = code.gives(f"list({call})", made)
    truth("rounds", (len(made),), "one text; the speed is a median, measured on this machine just now", code)


def why(made: "Sequence[Round]", spent: "Costs", faster: float) -> str:
    """Why drafting is faster or slower than plain drawing here, by what each pass costs, and when it pays; Markdown."""
    rounds = len(made)
    drafts, written = sum(len(one.drafted) for one in made) / rounds, sum(len(one.ids) for one in made) / rounds
    cost = drafts * spent.draft + spent.check
    here = (
        f"**Why it is {'faster' if faster > 1 else 'slower'} here.** One token of the model takes "
        f"{_milliseconds(spent.token)}, one of the draft {_milliseconds(spent.draft)}, and checking {spent.checked} "
        f"tokens at once {_milliseconds(spent.check)}. A round drafts {drafts:.1f} tokens and checks them: "
        f"{_milliseconds(cost)} for {written:.1f} tokens, which the model alone writes in "
        f"{_milliseconds(written * spent.token)}."
    )
    if faster > 1:
        return here
    ideal = spent.speed(made, draft=spent.token / 10, check=spent.token)
    return (
        f"{here} The draft is a snapshot of the same model, so it is not cheaper, and a processor reads several tokens "
        "hardly faster together than one by one. **It pays** where a check costs about as much as a single token, as "
        "on a graphics card, and the draft is much smaller: with a draft at a tenth of the cost, these same drafts "
        f"would make it {ideal:.1f} × as fast, by arithmetic."
    )


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.2g} ms" if seconds < 0.1 else f"{1000 * seconds:.0f} ms"
