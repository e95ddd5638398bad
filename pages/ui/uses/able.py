"""What the model that is shown had a chance to learn, by its card; and what the page says where it had none."""

import streamlit as st

from pages.ui.sidebar import reads_tinyland
from pages.ui.view import View

NO_CHATS = (
    "**This model has not been taught to chat.** By its card it has only learned to continue text at this step: "
    "there is no stage of fine-tuning (SFT) before it, and no chats among what it read. You can talk to it all the "
    "same, and see what somebody says who only continues. Where the model has such a stage, move *Training step* "
    "past it."
)
NO_TOKENS = (
    "**No chat is possible with this model**: its vocabulary has no tokens that say whose turn it is. It can only "
    "continue a text, as on the page Sampling. Choose Tinyland in the sidebar for a chat."
)
OTHER_WORLD = (
    "This model has not learned from Tinyland, so there is nothing here to check it against. What it writes is shown "
    "all the same."
)


def has_chat_tokens(view: View) -> bool:
    from core.uses.conversation import check

    try:
        check(view.tokenizer)
    except ValueError:
        return False
    return True


def knows_tinyland(view: View) -> bool:
    """Whether Tinyland is what it has read, or was reading in pre-training by this step."""
    return reads_tinyland(view.description.card) or view.description.read.get("kind") == "tinyland"


def say_other_world(view: View) -> None:
    if not knows_tinyland(view):
        st.caption(OTHER_WORLD)
