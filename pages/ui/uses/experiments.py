"""The three experiments of the page Uses."""

import streamlit as st

from pages.ui.caption import try_it
from pages.ui.uses.program import HARD


def uses_experiments() -> None:
    """Three cards side by side."""
    first, second, third = st.columns(3)
    with first:
        try_it(
            "It was shown functions called with 0 to 10. What will it say of 12 * 12?",
            "Go to the section of programs and see. Twelve times twelve is a call that it has never read, and "
            "nothing in it multiplies: it has learned which digits follow which. If it is right, it found a rule "
            "that holds further than its examples; if it is wrong, the mistake looks like a result all the same.",
            label="Ask for 12 * 12",
            key="uses_hard",
            update={"program_text": HARD},
        )
    with second:
        try_it(
            "“The kite hugs the beetle.”: can it translate a sentence that makes no sense?",
            "A kite cannot hug, and no sentence that it has read says so. The grammar reads only animals and people as "
            "those who act, so the sentence cannot be checked; the words can, below. Does the model keep to the words, "
            "or does it write what would have been likelier?",
            label="Translate nonsense",
            key="uses_nonsense",
            update={"translate_from": "English", "translate_text": "The kite hugs the beetle."},
        )
    with third:
        try_it(
            "“Nobody was in the park but Brigid.” Will a friend be there in the next sentence?",
            "Draw a few stories. Somebody who understands the sentence cannot have the friend there too. The rule "
            "that the reading names is “together”. How often the model forgets it depends on the texts that it "
            "learned from: stories that broke this rule taught it to do so.",
            label="Begin alone",
            key="uses_alone",
            update={"story_from": "a beginning", "story_text": "Nobody was in the park but Brigid."},
        )
