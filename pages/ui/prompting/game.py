"""One rule game: the prompt as it stands, what the model makes of the case, and what the Bayesian does."""

import numpy as np
import streamlit as st

from core.figures import limits as figures
from core.figures.labels import percent
from pages.ui import cache, components, near, state
from pages.ui.caption import truth, what_you_see
from pages.ui.prompting.data import NO_GAMES
from pages.ui.prompting.examples import FAMILIES
from pages.ui.view import View, current

KINDS = {"right": "right", "with wrong outcomes": "wrong", "of other rules": "irrelevant"}
SHOWN = 6  # outcomes


@st.cache_data(max_entries=128, show_spinner=False)
def _asked(
    name: str, step: int, stamp: tuple[int, ...], family: str, number: int, k: int, kind: str, order: int
) -> tuple[str, str, list[str], list[float], list[float]]:
    """(prompt, outcome, outcomes that are possible, the model's probability of each, the Bayesian's)."""
    from core.prompting.one import probabilities, shown

    checkpoint = cache.checkpoint(name, step)
    one = shown(family, number, k, kind, order)
    outcomes, model, bayesian = probabilities(checkpoint, one, SHOWN)
    return one.prompt(), one.outcome, outcomes, model, bayesian


def one_game() -> None:
    """The controls, the prompt, and both distributions."""
    view = current()
    if not view.description.has_read("game"):
        st.info(NO_GAMES)
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        k = st.slider("Examples", **state.control("shots"))
        kind = st.radio("They are", **state.control("examples_are"))
        with st.container(horizontal=True):
            st.button("Another game", on_click=_next, args=("game_number",), key="another_game")
            st.button("Another order", on_click=_next, args=("game_order",), key="another_order", disabled=k < 2)
    family = FAMILIES[state.get("rule_family")]
    choice = (family, state.get("game_number"), k, KINDS[kind], state.get("game_order"))
    try:
        prompt, outcome, outcomes, model, bayesian = _asked(view.name, view.step, cache.stamp(view.name), *choice)
    except ValueError as error:
        st.info(f"This game cannot be asked of this model: {error}.")
        return
    with left:
        st.code(prompt, language=None, wrap_lines=True)
    with right:
        components.plot(
            figures.beside(outcomes, bayesian, model), key="one_game", height=64 + 46 * len(outcomes),
            title="What may come of the case, by the Bayesian and by the model",
        )  # fmt: skip
        said = "finds it likeliest" if np.argmax(model) == outcomes.index(outcome) else "does not find it likeliest"
        st.markdown("The rule makes this of the case:")
        st.text(outcome)
        st.markdown(f"The model gives it {percent(model[outcomes.index(outcome)])} and {said} of these.")
        _truth(view, choice, model)
    what_you_see(
        "The bars of the truth are what the exact Bayesian believes after these pairs; after pairs that no rule could "
        "have written he believes nothing. Watch how one more example moves both, and how another order moves the "
        "model alone."
    )


def _truth(view: View, choice: tuple[str, int, int, str, int], model: list[float]) -> None:
    code = view.code.with_import("core.prompting.one", "probabilities", "shown")
    code = code.gives(f"probabilities(checkpoint, shown{choice!r}, {SHOWN})[1]", model)
    truth("probabilities(checkpoint, game, n)[1]", (len(model),), "the whole outcome, its end included", code)


def _next(name: str) -> None:
    near.update(**{name: (state.get(name) + 1) % 10_000})
