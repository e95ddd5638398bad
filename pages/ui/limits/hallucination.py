"""The stage: birthdays told often, once, never, of people who do not exist; and one person at a time."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import limits as figures
from pages.ui import components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.limits.data import NO_BIRTHDAYS, groups, interval_of_mean, measured, part_code, shares_of
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.limits.recall import Recall

TOP = 7  # answers that are drawn
TOLD = {"nobody": -1, "never": 0, "once": 1, "4 times": 4, "16 times": 16, "1,024 times": 1024}


def hallucination() -> None:
    """Shares of right, unknown and wrong by how often a birthday was told; beside it the answers about one person."""
    from core.analysis.skills.chats import registers_read

    view = current()
    if not view.description.has_read("birthday"):
        st.info(NO_BIRTHDAYS)
        return
    recall = measured(view, "recall", "Asking for birthdays", 420)
    if recall is None:
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        by_count(view, recall)
    with right:
        one_person(view, recall)
    told = registers_read(view.description)
    times = told.count(told[-1]) if told else 0
    each = f", in each of {times} parts of its reading" if times > 1 else ""
    how = "is asked in a chat" if recall.chat else "ends a sentence, because it was not taught to chat yet"
    what_you_see(
        "A birthday cannot be guessed: it was read or it was not. Each bar is a group of people whose birthday the "
        f"training text told so often{each}. :green[Green] answers are right, :orange[orange] ones are **invented**, "
        f"and the dotted line is how sure the model is of the date it would name. The model {how}; move "
        "*Training step* past fine-tuning and feedback to see what they change."
    )


def by_count(view: View, recall: "Recall") -> None:
    """The main figure."""
    names, masks = zip(*groups(recall), strict=True)
    shares = shares_of(recall.verdict, masks)
    sure = [interval_of_mean(recall.confidence[mask]) for mask in masks]
    components.plot(
        figures.verdicts(names, shares, sure, "how often the birthday was told", "date"), key="limits_verdicts",
        height=420,
        title="Right, unknown and wrong answers by how often a birthday was told",
    )  # fmt: skip
    counts = sorted(set(recall.count.tolist()))
    code = part_code(view, "recall").with_import("numpy")
    said = f"[float(numpy.mean(recall.verdict[recall.count == n] == 'right')) for n in {counts}]"
    truth(
        "recall.verdict",
        (len(recall.names),),
        f"the likeliest of the 365 dates and “I do not know”, of {len(recall.names):,} people; the bars of the line "
        "are 95 % intervals",
        code.gives(said, shares["right"]),
    )


def one_person(view: View, recall: "Recall") -> None:
    """The likeliest answers about somebody, the true one in green."""
    from core.text.tinyland.birthdays import DATES

    st.segmented_control("Told", required=True, wrap=True, **state.control("told"))
    told = TOLD[state.get("told")]
    rows = np.flatnonzero(recall.count == told)
    people = [recall.names[i] for i in rows]
    chosen = st.selectbox("Whose birthday?", people, key=f"limits_person_{told}", persist_state="session")
    row = int(rows[people.index(chosen)])
    probs = recall.probs[row]
    best = np.argsort(-probs, kind="stable")[:TOP]
    named = [*DATES, "I do not know"]
    colours = [
        figures.VERDICTS["right" if i == recall.true[row] else "unknown" if i == len(DATES) else "wrong"] for i in best
    ]
    components.plot(
        figures.answers([named[i] for i in best], probs[best], colours), key="limits_person", height=250,
        title="The likeliest answers about this person",
    )  # fmt: skip
    true = recall.true[row]
    known = f"In truth: {DATES[true]}." if true >= 0 else "In truth: nobody is called so."
    st.caption(f"{known} Entropy over the meanings of all answers: {recall.entropy[row]:.2f} nats (365 even: 5.90).")
    code = part_code(view, "recall")
    truth(
        f"recall.probs[{row}]",
        (len(named),),
        "the exact probability of each answer, worked out over all of them",
        code.gives(f"recall.probs[{row}]", probs),
    )
