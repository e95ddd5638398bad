"""A story from a beginning or a wish, read back: what it states, whether that is so, where it contradicts itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import background, state
from pages.ui.caption import truth, what_you_see
from pages.ui.literal import literal
from pages.ui.uses import able
from pages.ui.uses.send import send
from pages.ui.uses.strip import strip
from pages.ui.uses.written import END, write
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.uses.story import Reading

BEGINNING = "One morning, Brigid was in the park."
WISH = "Write a story about Brigid and a kite."
HELPER = "You are a helpful assistant."
LONGEST, MOST = 600, 220  # characters of a beginning, tokens of a story


def story() -> None:
    """The editor, the story sentence by sentence, and what the grammar reads in it."""
    view = current()
    able.say_other_world(view)
    wish, text, seed = _editor(view)
    prompt = f"<|system|>{HELPER}<|end|><|user|>{text}<|end|><|assistant|>" if wish else text
    written = write(view, prompt, MOST, temperature=1.0, seed=seed)
    if written is None:
        return
    told = written.text.strip() if wish else f"{text}{written.text}".strip()
    if able.knows_tinyland(view):
        _read(view, prompt, told, len(prompt) if wish else 0)
    else:
        st.text(told)
        send(view, told, "story")
    if not written.ended:
        st.caption(f"It was cut off after {MOST} tokens, or where the context is full.")
    strip(view, written.ids, "story")
    note = f"drawn from the model's own distribution, temperature 1, seed {seed}: the same seed tells the same story"
    truth("generate(…)", (len(written.ids) - written.start,), note, written.code, key="uses-story")
    what_you_see(
        "The story is read back by the grammar that writes Tinyland's stories. It keeps book: who is where, who holds "
        "what, which places lie side by side. A sentence that cannot stand where it stands is :orange[marked], and the "
        "rule that it breaks is the one without which the reading could go on. The model keeps no such book: all that "
        "it has is the text so far, and attention."
    )


def _editor(view: View) -> tuple[bool, str, int]:
    left, middle, right = st.columns([2, 5, 2], vertical_alignment="bottom")
    left.segmented_control("Write from", required=True, on_change=_turn, wrap=True, **state.control("story_from"))
    wish = state.get("story_from") == "a wish"
    if wish and not able.has_chat_tokens(view):
        st.info("A wish is said in a chat, and this model has no tokens for chats: it can only go on with a beginning.")
        wish = False
    elif wish and not view.description.taught_chats:
        st.info("A wish is said in a chat, and this model was not taught any: expect anything but what was asked for.")
    example = WISH if wish else BEGINNING
    if not state.get("story_text"):
        state.assume(story_text=example)
    label = "Your wish" if wish else "A beginning, in whole sentences"
    middle.text_input(label, max_chars=LONGEST, on_change=_typed, **state.control("story_text"))
    right.button("Another story", on_click=_another, key="story_another", width="stretch")
    text = state.clean(state.get("story_text"))[:LONGEST].replace("\n", " ").strip()
    return wish, text or example, state.get("story_seed")


def _typed() -> None:
    state.update(story_text=state.clean(st.session_state["story_text"] or "")[:LONGEST])


def _turn() -> None:
    state.update(story_text="")


def _another() -> None:
    state.update(story_seed=(state.get("story_seed") + 1) % 10_000)


def _read(view: View, prompt: str, told: str, offset: int) -> None:
    """`offset`: the characters of the text for other pages that stand before the story."""

    def work(_report: background.Report) -> "Reading":
        from core.uses.story import read

        return read(told)

    found = background.compute(("uses story", told), work, "Reading the story", height=240)
    if found is None:
        return
    from core.uses.question import at_character
    from core.uses.story import sentences

    st.markdown(_marked(told, sentences(told), found))
    for problem in found.problems:
        st.markdown(f":orange[✗] “{literal(told[problem.start : problem.end])}”: {problem.why}.")
    whole = f"{prompt}{told}{END}" if offset else told
    if found.problems:
        question = at_character(view.tokenizer, whole, offset + found.problems[0].at)
        send(view, whole, "story_wrong", question, why="See the choice of the word that cannot stand there on")
    else:
        end = "" if found.finished else " It has no ending yet."
        st.markdown(f":green[✓] Tinyland could have told this: nothing in it contradicts itself or the world.{end}")
    left, right = st.columns(2)
    left.markdown(_facts(found))
    right.markdown(_state(found))
    send(view, whole, "story", why="Take the story to")


def _marked(told: str, places: Sequence[tuple[int, int]], found: "Reading") -> str:
    """The story as Markdown, with its sentences that cannot be."""
    wrong = {problem.start for problem in found.problems}
    shown = [literal(told[start:end]) for start, end in places]
    marked = [f":orange-background[{s}]" if p[0] in wrong else s for s, p in zip(shown, places, strict=True)]
    return "> " + " ".join(marked)


def _facts(found: "Reading") -> str:
    if not found.facts:
        return "**Facts of the world that it states:** none. What happens in a story is nowhere else to be looked up."
    lines = [
        f"- {':green[✓ true]' if fact.true else ':orange[✗ false]'}: "
        f"{literal(fact.subject)}, {literal(fact.relation)}: {literal(fact.value)}"
        for fact in found.facts
    ]
    return "\n".join(["**Facts of the world that it states**", "", *lines])


def _state(found: "Reading") -> str:
    people = [f"- {literal(name)}: in the {literal(place)}" for name, place in found.people]
    things = [f"- the {literal(thing)}: {literal(where)}" for thing, where in found.things]
    until = "as far as it was read" if any(not p.rule for p in found.problems) else "in the end"
    return "\n".join([f"**Who and what is where {until}**", "", *(people + things or ["- nobody yet"])])
