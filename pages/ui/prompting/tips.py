"""Each classic tip as an experiment: predict first, then see what was measured; and the visitor's own record."""

import streamlit as st

from pages.ui import near, state
from pages.ui.caption import truth
from pages.ui.learned import has_read
from pages.ui.prompting.data import NO_CHATS, NO_GAMES, chats, measured, part_code
from pages.ui.view import View, current

GUESSES = {"helps": "It helps", "no clear difference": "No clear difference", "hurts": "It hurts"}


def tips() -> None:
    """A tip, three guesses, the measurement, and how often the visitor was right."""
    from core.prompting.tips import TIPS

    view = current()
    if not has_read(view, "game"):
        st.info(NO_GAMES)
        return
    usable = [tip for tip in TIPS if chats(view) or not tip.needs_chats]
    number = state.get("tip") % len(usable)
    tip = usable[number]
    with st.container(border=True):
        st.markdown(f"**Tip {number + 1} of {len(usable)}: “{tip.said}.”**")
        tries = f", {tip.tries} samples instead of one" if tip.tries else ""
        st.markdown(f"The task: *{tip.task}*. First *{tip.without}*, then *{tip.following}*{tries}. Does it help?")
        guesses: dict[str, str] = st.session_state.setdefault("tip_guesses", {})
        name = f"{view.name} {view.step} {tip.said}"
        if name not in guesses:
            with st.container(horizontal=True):
                for guess, label in GUESSES.items():
                    st.button(label, key=f"guess_{guess}", on_click=_guess, args=(name, guess))
        else:
            _answer(view, number, guesses[name], name)
        st.button("Next tip", key="next_tip", on_click=_next, args=((number + 1) % len(usable),), type="tertiary")
    _record()
    if len(usable) < len(TIPS):
        st.caption(NO_CHATS)


def _answer(view: View, number: int, guess: str, name: str) -> None:
    """What was measured, beside the guess."""
    from core.prompting.tips import TIPS, effect, verdict

    tip = [one for one in TIPS if chats(view) or not one.needs_chats][number]
    part = f"laboratory {tip.task}"
    found = measured(view, part, "Try it", "about a minute", 120)
    if found is None or tip.following not in found.tried or tip.without not in found.tried:
        return
    gain, low, high = found_effect = effect(tip, found)
    was = verdict(found_effect)
    st.session_state.setdefault("tip_record", {})[name] = (tip.said, guess, was)
    hit = ":green[You were right.]" if was == guess else f":orange[You guessed otherwise:] {GUESSES[guess].lower()}."
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
    kept: dict[str, tuple[str, str, str]] = st.session_state.get("tip_record", {})
    if not kept:
        st.caption("Your predictions are kept here as long as you stay.")
        return
    right = sum(guess == was for _, guess, was in kept.values())
    rows = [f"| {said} | {guess} | {was} |" for said, guess, was in kept.values()]
    st.markdown(f"**Your record: {right} of {len(kept)} right.**")
    st.markdown("\n".join(["| Tip | you | measured |", "| --- | --- | --- |", *rows]))


def _guess(name: str, guess: str) -> None:
    st.session_state["tip_guesses"][name] = guess
    near.follow()


def _next(number: int) -> None:
    near.update(tip=number)
