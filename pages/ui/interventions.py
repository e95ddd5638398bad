"""The interventions that are on: kept to what fits the model, switched by the pages, shown as chips that switch off."""

import streamlit as st

from core.analysis.interventions.values import Cut, Intervention, Patch, check_all, parse, show
from pages.ui import cache, components, near, state
from pages.ui.literal import literal
from pages.ui.view import current

_chips = components.component("interventions")


def in_force() -> tuple[Intervention, ...]:
    """The interventions that are on, in their order."""
    return parse(state.get("interventions"))


def settle() -> None:
    """Leaves out what the link or a change of model brought that does not fit, and keeps a message that says so."""
    text = state.get("interventions")
    if not text:
        return
    model = cache.description(state.get("model"), state.get("step"))
    kept: list[Intervention] = []
    misfits: list[str] = []
    try:
        for one in parse(text):
            try:
                check_all([*kept, one], model.config, model.tokenizer)
                kept.append(one)
            except ValueError as error:
                misfits.append(literal(error))
    except ValueError as error:
        misfits.append(literal(error))
    if misfits:
        state.update_quietly(interventions=show(kept))
        state.note("interventions", f"Not every change inside the model could be kept: {'; '.join(misfits)}.")


def switch(one: Intervention) -> str | None:
    """Puts an intervention on, as the last; or off, if it is on. In callbacks, which then have the page run. A message
    when it cannot be added."""
    on = in_force()
    model = cache.description(state.get("model"), state.get("step"))
    after = tuple(other for other in on if other != one) if one in on else (*on, one)
    try:
        check_all(after, model.config, model.tokenizer)
        parse(show(after))
    except ValueError as error:
        return f"This was not added: {literal(error)}."
    state.update(interventions=show(after))
    return None


def chips(length: int, *, key: str) -> None:
    """The interventions as chips, each with a button that takes it out. `length`: T, for those beyond the text."""
    on = in_force()

    def on_remove(event: components.Event) -> None:
        at = event.get("index")
        if isinstance(at, int) and 0 <= at < len(on):
            near.whole(interventions=show(on[:at] + on[at + 1 :]))

    def on_clear(_: components.Event) -> None:
        near.whole(interventions="")

    items = [{"label": one.phrase, "note": _note(one, length)} for one in on]
    data = components.pack({"items": items, "title": "Changes inside the model, in the order in which they act"})
    _chips(key=key, data=data, on_remove_change=on_remove, on_clear_change=on_clear)


def _note(one: Intervention, length: int) -> str:
    last = one.query if isinstance(one, Cut) else one.position if isinstance(one, Patch) else 0
    return "" if last < length else f"no effect: this text ends at position {length - 1}"


def banner() -> None:
    """Says, on the other pages, that the model is not as it was trained; nothing when no intervention is on."""
    if not state.get("interventions"):
        return
    st.space("small")  # below the toolbar
    with st.container(border=True):
        st.markdown(
            ":orange[:material/experiment:] **The inside of this model is being changed.** What this page computes is "
            "computed with the changes; curves recorded in training are not."
        )
        chips(len(current().ids), key="interventions_chips")
        st.page_link("experiments.py", label="Change them", icon=":material/arrow_forward:")
