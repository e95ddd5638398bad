"""A browser of failures: what was asked, what was written, the word in question, and the pages that explain it."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.literal import literal
from pages.ui.text import chips
from pages.ui.uses.data import code, found
from pages.ui.uses.send import send
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.uses.question import Question
    from core.uses.skills import Answer, Found

AROUND = 24  # tokens that are shown on both sides of the word in question


def failures() -> None:
    """Choose a use, then one of its failures."""
    view = current()
    skills = found(view, asks=False)
    if skills is None:
        return
    st.segmented_control("Use", required=True, wrap=True, on_change=_go, args=(0,), **state.control("use"))
    wrong = [(one, answer) for one in skills if one.use == state.get("use") for answer in one.failures]
    if not wrong:
        _none([one for one in skills if one.use == state.get("use")])
        return
    number = state.get("failure") % len(wrong)
    skill, answer = wrong[number]
    left, middle, right = st.columns([1, 1, 6], vertical_alignment="center")
    left.button("Before", key="failure_before", on_click=_go, args=((number - 1) % len(wrong),), width="stretch")
    middle.button("Next", key="failure_next", on_click=_go, args=((number + 1) % len(wrong),), width="stretch")
    right.markdown(f"Failure {number + 1} of {len(wrong)} that are kept: **{skill.name}**")
    _one(view, answer)
    truth(
        "found[…].failures",
        (len(wrong),),
        "the first failures of each skill, in the order of the cases",
        code(view).gives(
            f"[answer.said for one in found if one.use == {skill.use!r} for answer in one.failures]",
            [answer.said for _, answer in wrong],
        ),
        key="uses-failures",
    )
    what_you_see(
        "Below the prompt stand what the model wrote and what would have been right. The pages open with this text, "
        "the pin on the **token after which the wrong word was chosen**: on *Attention* you see where it looked just "
        "then, on *Inside* which layer preferred the wrong word to the right one, on *Experiments* which part, "
        "switched off, changes its mind."
    )


def _go(number: int) -> None:
    state.update(failure=number)


def _none(skills: "list[Found]") -> None:
    if not skills:
        st.info("By its card this model has not learned this use, so nothing of it was asked.")
        return
    cases = sum(one.share.n for one in skills)
    st.success(f"No failure in {cases:,} cases. That does not mean that there is none: see the intervals above.")


def _one(view: View, answer: "Answer") -> None:
    from core.uses.question import at_character
    from core.uses.skills import word_in_question

    text = answer.prompt + answer.said
    place = min(word_in_question(answer), max(len(text) - 1, 0))
    wanted = answer.prompt + answer.expected if answer.expected else None
    question = at_character(view.tokenizer, text, place, wanted)
    _strip(view, question)
    left, right = st.columns(2)
    with left:
        st.caption("The model wrote")
        st.code(answer.said or " ", language=None, wrap_lines=True)
    with right:
        st.caption("Right would be" if answer.expected else "What is wrong")
        if answer.expected:
            st.code(answer.expected, language=None, wrap_lines=True)
        else:
            st.markdown(_why(answer))
    send(view, text, "failure", question, why="See the choice of the wrong word on")


def _strip(view: View, question: "Question") -> None:
    """The tokens around the word in question, which is pinned."""
    ids = [view.tokenizer.eot, *view.tokenizer.encode(question.text, special=True)]
    start = max(0, question.cursor + 1 - 3 * AROUND)
    shown = ids[start : question.cursor + 1 + AROUND]
    st.session_state["failure_strip_pin"] = question.cursor + 1 - start
    components.tokens(chips(view.tokenizer, shown), key="failure_strip", shared=False, title="The word in question")


def _why(answer: "Answer") -> str:
    """What the story or the program breaks, in words."""
    from core.uses import program, story

    text = (answer.prompt + answer.said).removesuffix("<|endoftext|>")
    if answer.prompt == "def":
        try:
            found = program.read(text)
        except program.ProgramError as error:
            return f"It does not run: {literal(error)}."
        wrong = [f"{found.name}({c.argument}) gives {c.computed}" for c in found.calls if not c.right]
        return f"{literal('; '.join(wrong))}." if wrong else "It has no call."
    tale = text.rpartition("<|assistant|>")[2].removesuffix("<|end|>")
    said = [f"- “{literal(tale[p.start : p.end])}”: {p.why}" for p in story.read(tale).problems]
    if not said and tale != text:
        return "It is a story, but not the one that was wished for: another person, thing or place, or another length."
    return "\n".join(said) if said else "It does not come to an end."
