"""The prompt laboratory: prompts on the same cases and the same seeds, scored, paired, and counted in tokens."""

from typing import TYPE_CHECKING

import streamlit as st

from core.figures import prompting as figures
from core.figures.labels import percent
from pages.ui import background, cache, components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.literal import literal
from pages.ui.prompting.data import NO_CHATS, chats, measured, part_code
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.prompting.laboratory import Tried

OWN = "your own prompt"
MOST = 4  # prompts side by side


def laboratory() -> None:
    """The task, its prompts, the visitor's own, and how each did."""
    view = current()
    if view.description.read.get("kind") != "tinyland":
        st.info("The right answers are known of Tinyland alone: choose a model that learned from it.")
        return
    task = st.segmented_control("The task", wrap=True, **state.control("lab_task"), required=True)
    part = f"laboratory {task}"
    found = measured(view, part, "Try the prompts", "about a minute", 480)
    if found is None:
        return
    tried = dict(found.tried)
    if own := _own(view, task, next(iter(tried.values()))):
        tried[OWN] = own
    chosen = _chosen(task, tried)
    left, right = st.columns([3, 2], gap="large")
    with left:
        components.plot(
            figures.rates(list(chosen), [one.rate for one in chosen.values()]), key="lab_rates",
            height=110 + 52 * len(chosen), title="Share of cases done right by each prompt",
        )  # fmt: skip
        first = next(iter(chosen))
        code = part_code(view, part).gives(f"found.tried[{first!r}].rate", chosen[first].rate)
        if first != OWN:
            truth(
                "found.tried[prompt].rate", (3,), f"{_cases(chosen)}; right is what is {_judged(task)}; bars are 95 % "
                f"intervals (Wilson); {view.name} at step {view.step:,}", code,
            )  # fmt: skip
    with right:
        _as_read(chosen)
    _table(chosen)
    if not chats(view):
        st.caption(NO_CHATS)
    what_you_see(
        "Each prompt did the same cases with the same random numbers, so two prompts differ in nothing but their "
        "words. The **difference** is paired, case by case: its interval is narrower than the bars suggest. "
        "**pass@4** is the chance that one of four samples at temperature 1 is right, **pass^4** that all four are: "
        "what you need depends on whether somebody checks the answers."
    )


def _cases(tried: "dict[str, Tried]") -> str:
    one = next(iter(tried.values()))
    return f"The same {len(one.right)} cases for every prompt, {one.repeats} samples of each"


def _judged(task: str) -> str:
    from core.prompting.tasks import TASKS

    return TASKS[task].judged


def _own(view: View, task: str, other: "Tried") -> "Tried | None":
    """The visitor's own template on the same cases and seeds as another prompt."""
    from core.prompting.tasks import TASKS, TemplateError, check

    example = next(iter(TASKS[task].prompts.values()))
    told = "{case} is where the case stands; {4 examples} writes what follows it for each example, with its answer."
    template = st.text_area("Your own prompt", **state.control("own_prompt"), height=90, help=told, placeholder=example)
    if not template.strip():
        return None
    try:
        check(template)
    except TemplateError as error:
        st.warning(literal(error))
        return None
    checkpoint, counts = view.checkpoint, (len(other.right), other.repeats)

    def work(_report: background.Report) -> "Tried | str":
        from core.prompting.laboratory import attempt

        try:
            return attempt(checkpoint, task, template, *counts)
        except ValueError as error:
            return str(error)

    key = ("prompting own", view.name, view.step, cache.stamp(view.name), task, template, counts)
    found = background.compute(key, work, "Trying your prompt")
    if isinstance(found, str):
        st.warning(literal(f"This prompt cannot be used: {found}."))
        return None
    return found


def _chosen(task: str, tried: "dict[str, Tried]") -> "dict[str, Tried]":
    """Two to four of the prompts, those that the visitor wants side by side."""
    names = list(tried)
    picked = st.multiselect(
        "Side by side", names, default=names[-MOST:], max_selections=MOST, key=f"lab_side {task} {OWN in tried}"
    )
    if len(picked) < 2:
        st.caption("Choose two at least; until then all are shown.")
        picked = names[-MOST:]
    return {name: tried[name] for name in picked}


def _table(tried: "dict[str, Tried]") -> None:
    """Everything that was counted, a line for each prompt."""
    (first, base), *_ = tried.items()
    n = base.repeats
    heads = ("prompt", "right", f"less “{first}”", f"pass@{n}", f"pass^{n}", "tokens read", "written", "ms")
    rows = []
    for name, one in tried.items():
        gain, low, high = one.minus(base)
        paired = "" if one is base else f"{100 * gain:+.0f} points ({100 * low:+.0f} to {100 * high:+.0f})"
        shares = (percent(one.ever(n)), percent(one.always(n)))
        counted = (f"{one.tokens:.0f}", f"{one.written:.1f}", f"{1000 * one.seconds:.0f}")
        rows.append((name, percent(one.rate[0]), paired, *shares, *counted))
    st.dataframe(dict(zip(heads, zip(*rows, strict=True), strict=True)), hide_index=True, width="stretch")


def _as_read(tried: "dict[str, Tried]") -> None:
    """The first case, as the model read it, and what it said."""
    name = st.selectbox("The first case, as the model reads it", list(tried), key=f"lab_read {hash(tuple(tried))}")
    one = tried[name]
    st.code(one.prompt, language=None, wrap_lines=True)
    st.markdown("It says, greedily: " + (":green[right]" if one.right[0] else ":orange[wrong]"))
    st.text(one.said or "(nothing)")
