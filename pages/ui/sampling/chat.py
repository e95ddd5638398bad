"""A chat with the model: what can be asked in it, questions that it answers right, and words that it cannot place."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import background, cache
from pages.ui.ideas import unknown_note
from pages.ui.sidebar import reads_tinyland
from pages.ui.view import View

if TYPE_CHECKING:
    from core.analysis.skills.chat_questions import Asked

TOPICS = (
    "where somebody lives, what they do, eat, keep as a pet and which colour they like; what a town is famous for and "
    "in which region it lies; capitals; sums; words in Olu"
)
NO_CHATS_YET = (
    "**No chat was read by this step**: what the model says is how somebody answers who only continues text. In the "
    "sidebar, move *Training step* past the beginning of fine-tuning, where the model has such a stage."
)


def offers(view: View, ask: Callable[[str], None]) -> None:
    """Says what can be asked, with questions that this model has just answered right; a press asks one."""
    if not reads_tinyland(view.description.card):
        return
    if not view.description.taught_chats:
        st.caption(NO_CHATS_YET)
    checkpoint = view.checkpoint

    def work(_report: background.Report) -> "list[Asked]":
        from core.analysis.skills import chat_questions

        return chat_questions.ask(checkpoint)

    st.markdown(f"**What you can ask:** {TOPICS}. Stories are not told in chats: continue *the text* for those.")
    key = ("chat questions", view.name, view.step, cache.stamp(view.name))
    asked = background.compute(key, work, "Asking the model")
    if asked is None:
        return
    from core.analysis.skills.chat_questions import questions_to_offer

    right = sum(one.right for one in asked)
    st.caption(f"Asked {len(asked)} such questions just now, it answered {right} right. Among them, to be asked again:")
    with st.container(horizontal=True):
        for number, question in enumerate(questions_to_offer(asked)):
            st.button(question, key=f"chat_offer_{number}", on_click=ask, args=(question,))


def out_of_its_world(view: View, message: str) -> None:
    """Marks a message that no chat of Tinyland has: words that it does not know, or a question that nobody asks."""
    from core.analysis.skills.chat_questions import can_be_asked

    if not message.strip() or not reads_tinyland(view.description.card) or can_be_asked(message):
        return
    st.markdown(
        ":orange[**Out of its world.**] No chat that this model has read asks this, so its answer means little. What "
        "can be asked stands above; spelling and the question mark matter."
    )
    unknown_note(message)


def last_message(view: View, ids: list[int]) -> str:
    """What the visitor said last in a chat of these tokens."""
    special = view.tokenizer.special_tokens
    if special.get("<|user|>") not in ids or "<|end|>" not in special:
        return ""
    start = len(ids) - ids[::-1].index(special["<|user|>"])
    end = next((i for i in range(start, len(ids)) if ids[i] == special["<|end|>"]), len(ids))
    return view.tokenizer.decode(ids[start:end])
