"""Each classic tip as an experiment: predict first, then see what was measured; and the visitor's own record."""

from contextlib import suppress
from dataclasses import replace

import streamlit as st

from core.lab.predictions import Prediction, predictions_file, read_predictions, write_predictions
from pages.ui import near, state
from pages.ui.caption import truth
from pages.ui.literal import literal
from pages.ui.prompting.data import NO_CHATS, NO_GAMES, chats, measured, part_code
from pages.ui.training import owner
from pages.ui.view import View, current

GUESSES = {"helps": "It helps", "no clear difference": "No clear difference", "hurts": "It hurts"}


def tips() -> None:
    """A tip, three guesses, the measurement, and how often the visitor was right."""
    from core.prompting.tips import TIPS

    view = current()
    if not view.description.has_read("game"):
        st.info(NO_GAMES)
        return
    usable = [tip for tip in TIPS if chats(view) or not tip.needs_chats]
    number = state.get("tip") % len(usable)
    tip = usable[number]
    with st.container(border=True):
        st.markdown(f"**Tip {number + 1} of {len(usable)}: “{tip.said}.”**")
        tries = f", {tip.tries} samples instead of one" if tip.tries else ""
        st.markdown(f"The task: *{tip.task}*. First *{tip.without}*, then *{tip.following}*{tries}. Does it help?")
        kept = _kept()
        name = f"{view.name} {view.step} {tip.said}"
        if name not in kept:
            with st.container(horizontal=True):
                for guess, label in GUESSES.items():
                    st.button(label, key=f"guess_{guess}", on_click=_guess, args=(name, Prediction(tip.said, guess)))
        else:
            _answer(view, number, kept[name], name)
        st.button("Next tip", key="next_tip", on_click=_next, args=((number + 1) % len(usable),), type="tertiary")
    _record()
    owner.remember()
    if len(usable) < len(TIPS):
        st.caption(NO_CHATS)


def _answer(view: View, number: int, made: Prediction, name: str) -> None:
    """What was measured, beside the guess."""
    from core.prompting.tips import TIPS, effect, verdict

    tip = [one for one in TIPS if chats(view) or not one.needs_chats][number]
    part = f"laboratory {tip.task}"
    found = measured(view, part, "Try it", "about a minute", 120)
    if found is None or tip.following not in found.tried or tip.without not in found.tried:
        return
    gain, low, high = found_effect = effect(tip, found)
    was = verdict(found_effect)
    if made.measured != was:
        _keep(name, replace(made, measured=was))
    otherwise = GUESSES.get(made.guess, "").lower()
    hit = ":green[You were right.]" if was == made.guess else f":orange[You guessed otherwise:] {otherwise}."
    spread = "" if tip.tries else f" (95 % interval {100 * low:+.0f} to {100 * high:+.0f})"
    st.markdown(f"**{GUESSES[was]}**: {100 * gain:+.0f} points{spread}. {hit}")
    code = part_code(view, part).with_import("core.prompting.tips", "TIPS", "effect")
    truth(
        "effect(tip, found)", (3,),
        f"the same {len(found.tried[tip.following].right)} cases and seeds; {view.name} at step {view.step:,}",
        code.gives(f"effect(TIPS[{TIPS.index(tip)}], found)", found_effect),
    )  # fmt: skip


def _record() -> None:
    """How the visitor did so far."""
    kept = [one for one in _kept().values() if one.measured]
    if not kept:
        st.caption("Your predictions are kept here: this browser finds them again.")
        return
    right = sum(one.guess == one.measured for one in kept)
    rows = [f"| {literal(one.said)} | {literal(one.guess)} | {literal(one.measured)} |" for one in kept]
    st.markdown(f"**Your record: {right} of {len(kept)} right.**")
    st.markdown("\n".join(["| Tip | you | measured |", "| --- | --- | --- |", *rows]))


def _kept() -> dict[str, Prediction]:
    """By name: this visitor's, with those of earlier visits once the browser has said whose it is."""
    key = owner.key()
    if st.session_state.get("predictions_of") != key:
        earlier = read_predictions(predictions_file(key))
        st.session_state["predictions"] = earlier | st.session_state.get("predictions", {})
        st.session_state["predictions_of"] = key
    kept: dict[str, Prediction] = st.session_state["predictions"]
    return kept


def _keep(name: str, made: Prediction) -> None:
    kept = _kept()
    kept[name] = made
    with suppress(OSError):  # a full disk: then they last as long as the visit
        write_predictions(predictions_file(owner.key()), kept)


def _guess(name: str, made: Prediction) -> None:
    _keep(name, made)
    near.follow()


def _next(number: int) -> None:
    near.update(tip=number)
