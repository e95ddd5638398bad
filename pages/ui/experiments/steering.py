"""Steering: a direction, a layer, a strength; the text before and after; and the strength at which it breaks."""

from typing import Any

import streamlit as st

from core.analysis.interventions.values import Steer, check
from core.figures import experiments as figures
from core.text.tinyland import lexicon
from pages.ui import cache, components, interventions, state
from pages.ui.caption import truth
from pages.ui.code import Code
from pages.ui.experiments.stage import NEW, end_change, strip
from pages.ui.literal import literal
from pages.ui.view import View, current

OPENINGS, TOKENS = 12, 40  # stories that are begun at each strength, and tokens written of each
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


@st.cache_resource(max_entries=64, show_spinner="Finding the direction …")
def _direction(name: str, step: int, stamp: tuple[int, ...], layer: int, plus: str, minus: str | None) -> Any:  # noqa: ANN401 (a tensor: pages import no torch)
    """The direction (D,) in the plain model."""
    from core.analysis.interventions.intervene import direction_of

    return direction_of(Steer(layer, 1.0, plus, minus), cache.plain_checkpoint(name, step))


@st.cache_data(max_entries=128, show_spinner=False)
def _continuation(
    name: str, step: int, stamp: tuple[int, ...], steer: Steer, ids: tuple[int, ...]
) -> list[tuple[int, float]]:
    """What the steered model writes, greedily."""
    from core.analysis.interventions.intervene import Intervened, steering_edit
    from core.generation import Sampler, generate

    direction = _direction(name, step, stamp, steer.layer, steer.plus, steer.minus)
    model = Intervened(
        cache.plain_checkpoint(name, step).model, [steering_edit(steer.layer, steer.strength * direction)]
    )
    made = generate(model, ids, Sampler(temperature=0), NEW, seed=0, stop=(ids[0],))
    return [(token.id, token.raw_probability) for token in made]


def steering() -> None:
    """Controls beside the two continuations; below, the search for the strength at which it breaks."""
    st.markdown(
        "A direction is added to the residual stream at every position. A little of it steers the text towards a kind "
        "of word or a style; too much, and the text falls apart. The model here is the one as it was trained."
    )
    view = current()
    stamp, layers = cache.files_stamp(view.name), view.description.config.n_layers
    controls, result = st.columns([3, 7], gap="medium")
    with controls:
        made = _controls(layers)
    with result:
        if made is None:
            st.caption("Two prompts make a direction: write both.")
            return
        try:
            check(made, view.description.config, view.tokenizer)
            direction = _direction(view.name, view.step, stamp, made.layer, made.plus, made.minus)
        except ValueError as error:
            st.warning(f"There is no such direction: {literal(error)}.")
            return
        unsteered = cache.continuation(view.name, view.step, view.ids, NEW, "")
        strip(view, unsteered, "Unsteered", "steer_before")
        steered = _continuation(view.name, view.step, stamp, made, view.ids)
        strip(view, steered, "Steered", "steer_after")
        if [id for id, _ in steered] == [id for id, _ in unsteered]:
            st.caption("The same words still, with other probabilities: more strength, or another layer, changes them.")
        code = _direction_code(view, made).with_import("core.generation", "Sampler", "generate")
        code = code.then(
            f"steered = intervene(checkpoint, {str(made)!r})",
            f"steps = generate(steered.model, ids, Sampler(temperature=0), {NEW}, seed=0, stop=ids[:1])",
        ).gives("direction, [(step.id, step.raw_probability) for step in steps]", (direction, steered))
        note = f"it is added at every position; the direction is {float(direction.norm()):.1f} long"
        truth("strength × direction", tuple(direction.shape), note, code)
        st.button("Keep it on for every page", key="keep_steer", on_click=_keep, args=(made,))
    _search_breaking_point(view, made, direction)


def _keep(made: Steer) -> None:
    end_change(interventions.switch(made))


def _controls(layers: int) -> Steer | None:
    st.segmented_control("Towards", wrap=True, **state.control("steer_by"))
    plus, minus = state.get("steer_kind"), None
    if state.get("steer_by") == "two prompts":
        st.text_input("Towards this prompt", max_chars=200, **state.control("steer_plus"))
        st.text_input("Away from this prompt", max_chars=200, **state.control("steer_minus"))
        plus, minus = state.get("steer_plus").strip(), state.get("steer_minus").strip()
    else:
        kinds = sorted(lexicon.CATEGORIES)
        st.selectbox("Words of this kind", **state.choice("steer_kind", kinds, "animals"))
        plus = state.get("steer_kind")
    if state.get("steer_layer") >= layers:
        state.assume(steer_layer=layers - 1)
    if layers > 1:
        st.slider("At layer", **state.control("steer_layer") | {"max_value": layers - 1})
    st.slider(
        "Strength", help="1 adds the whole difference; below 0 steers away from it.", **state.control("steer_strength")
    )
    layer, strength = state.get("steer_layer"), float(state.get("steer_strength"))
    return Steer(layer, strength, plus, minus) if plus and minus != "" else None


def _search_breaking_point(view: View, made: Steer, direction: Any) -> None:  # noqa: ANN401 (a tensor)
    """Writes at one strength after another until the text falls apart, and shows where."""
    from core.analysis.interventions.steering import BROKEN, breaks_between, openings, write_steered

    key = (view.name, view.step, cache.files_stamp(view.name), made.layer, made.plus, made.minus)
    if st.button("Find the strength at which it breaks", key="find_break"):
        st.session_state["experiments_break"] = (key, [])
    asked, written = st.session_state.get("experiments_break", (None, []))
    if asked != key:
        return
    plain = cache.plain_checkpoint(view.name, view.step)
    if len(written) < len(STRENGTHS):
        progress, begun = st.progress(0.0, text="Writing unsteered …"), openings(plain, OPENINGS)
        category = made.plus if made.minus is None else None
        written.clear()
        for one in write_steered(plain, made.layer, direction, begun, TOKENS, category, STRENGTHS):
            written.append(one)
            progress.progress(len(written) / len(STRENGTHS), text=f"Written at strength {one.strength:g}")
        progress.empty()
    broken = breaks_between(written)
    at = [one.strength for one in written]
    if broken:
        st.markdown(f"It breaks between strength **{broken[0]:g}** and **{broken[1]:g}**.")
    else:
        st.markdown(f"Up to strength {at[-1]:g} it does not break.")
    st.caption(
        f"Broken means: the unsteered model finds the text more than {BROKEN:g} nat a token more surprising than what "
        "it writes unsteered. That line is our choice; the curves are measured."
    )
    left, right = st.columns(2)
    with left:
        figure = figures.by_strength(at, [one.nats for one in written], "nats a token", "prediction", False, broken)
        components.plot(figure, key="nats", height=260, title="Surprise of the unsteered model by strength")
        code = _breaking_code(view, made).gives("[one.nats for one in written]", [one.nats for one in written])
        truth("surprise(model, prompts, rows)", (len(at),), f"the mean of {OPENINGS} texts, with 95 % intervals", code)
    with right:
        figure = figures.by_strength(at, [one.read for one in written], "share read", "token", True, broken)
        components.plot(figure, key="read", height=260, title="Share that Tinyland's grammar can read, by strength")
        code = _breaking_code(view, made).gives("[one.read for one in written]", [one.read for one in written])
        truth("read_share(start, text)", (len(at),), "how far the grammar can follow the new text", code)
    chosen = st.select_slider("Read what it wrote at strength", at, key="broken_at", persist_state="page")
    one = written[at.index(chosen)]
    if one.mentions:
        st.caption(f"{one.mentions[0]:.1f} words of the kind it is steered towards, per hundred tokens.")
    st.text(one.texts[0].strip() or "(nothing)")


def _direction_code(view: View, made: Steer) -> Code:
    """The plain model and the direction in it."""
    module = "core.analysis.interventions"
    code = view.untouched.with_import(f"{module}.intervene", "direction_of", "intervene").with_import(
        f"{module}.values", "Steer"
    )
    return code.with_lines(f"direction = direction_of({Steer(made.layer, 1.0, made.plus, made.minus)!r}, checkpoint)")


def _breaking_code(view: View, made: Steer) -> Code:
    """What is written at each strength."""
    category = repr(made.plus) if made.minus is None else "None"
    code = _direction_code(view, made).with_import("core.analysis.interventions.steering", "openings", "write_steered")
    call = f"write_steered(checkpoint, {made.layer}, direction, begun, {TOKENS}, {category}, {STRENGTHS})"
    return code.with_lines(f"begun = openings(checkpoint, {OPENINGS})", f"written = list({call})")
