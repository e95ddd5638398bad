"""The three experiments of the page Limits."""

import streamlit as st

from pages.ui.caption import try_it
from pages.ui.view import current


def limits_experiments() -> None:
    """Three cards side by side."""
    description = current().description
    read = description.ends.get("pretrain", description.stages[0].last_step)
    first, second, third = st.columns(3)
    with first:
        try_it(
            "How sure is the model of the birthday of somebody who does not exist?",
            "Look at the first bar of the first figure, and at the dotted line over it. A name made of familiar parts "
            "looks to the model like any other: it names a date all the same, with the certainty of a guess that it "
            "has learned to make. Nothing inside it says “this person is new to me” unless training made "
            "it worth saying.",
            label="Ask about nobody",
            key="limits_nobody",
            update={"told": "nobody"},
        )
    with second:
        try_it(
            "Before it was taught to chat, did the model know better when it was wrong?",
            "Compare the reliability diagram at the two steps. Reading alone rewards honest probabilities: whoever "
            "says 80 % too often pays for it at each token. Fine-tuning shows it only answers, never doubts; feedback "
            "can bring “I do not know” back, where wrong answers are graded worse than none.",
            label="Go to the end of reading",
            key="limits_reading",
            update={"step": read},
        )
    with third:
        try_it(
            "If no question may be answered unless the model is 90 % sure, how many are left, and how many of these "
            "are wrong?",
            "The mark on the curve of risk and coverage shows both. Where certainty is honest, a high bar leaves few "
            "wrong answers; what remains wrong is what the model believes firmly and falsely.",
            label="Ask for 90 %",
            key="limits_ninety",
            update={"limits_threshold": 0.9},
        )
