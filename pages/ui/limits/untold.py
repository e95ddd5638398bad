"""Facts about people: those that were told, and those that no text tells. Does the model know which are which?"""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import limits as figures
from core.figures.labels import percent
from pages.ui import components
from pages.ui.caption import truth, what_you_see
from pages.ui.limits.data import interval_of_mean, measured, part_code, shares_of
from pages.ui.literal import literal
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.limits.untold import Untold

GROUPS = ("told", "never told,<br>but asked for", "never told,<br>nor asked for")  # by feedback


def untold() -> None:
    """Shares of right, unknown and wrong by whether a fact was told; beside it all that was asked about one person."""
    from core.analysis.limits.untold import ASKED

    view = current()
    if not view.description.has_read("entry"):
        st.info("This model has read no facts about Tinyland's people. Choose Tinyland, and a step at which it has.")
        return
    found = measured(view, "untold", "Asking about people", 420)
    if found is None:
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        by_group(view, found)
    with right:
        one_person(found)
    what_you_see(
        f"Tinyland tells of {len(found.group) // len(ASKED)} people where they live, what they do and what they like, "
        f"but of {np.count_nonzero(found.group)} of them it withholds one of the three. The dotted line is how sure "
        "the model is of the home, job or food that it would name: where it lies low, it **could** know that it does "
        "not know. Only feedback teaches it to say so, and it asks for half of what is withheld. The last bar is the "
        "test: did it learn to doubt, or only **whom** to doubt? Compare the steps at which reading, fine-tuning and "
        "feedback end."
    )


def by_group(view: View, found: "Untold") -> None:
    """The main figure."""
    masks = [found.group == group for group in range(len(GROUPS))]
    names = [f"{name}<br>n = {mask.sum()}" for name, mask in zip(GROUPS, masks, strict=True)]
    shares = shares_of(found.verdict, masks)
    sure = [interval_of_mean(found.sure[mask]) for mask in masks]
    components.plot(
        figures.verdicts(names, shares, sure, "a fact about somebody", "answer"), key="limits_untold",
        height=400,
        title="Right, unknown and wrong answers about people, by whether a text told the fact",
    )  # fmt: skip
    code = part_code(view, "untold").with_import("numpy")
    said = "[float(numpy.mean(untold.verdict[untold.group == g] == 'wrong')) for g in range(3)]"
    truth(
        "untold.verdict",
        (len(found.group),),
        f"the likeliest of all towns, jobs or foods and “I do not know”, of {len(found.group):,} questions; the bars "
        "of the line are 95 % intervals",
        code.gives(said, shares["wrong"]),
    )


def one_person(found: "Untold") -> None:
    """What was asked about somebody, what it says, and how sure it is."""
    from core.analysis.limits.untold import ASKED, HELD_OUT, NOT_SAID, TOLD, facts, values

    asked = list(facts())
    names = list(dict.fromkeys(name for name, *_ in asked))
    doubted = next(name for name, _, _, group in asked if group == HELD_OUT)
    chosen = st.selectbox(
        "Whom shall we ask about?", names, index=names.index(doubted), key="limits_untold_person",
        persist_state="session",
    )  # fmt: skip
    rows = [
        (
            ASKED[relation][1][0].removeprefix("{} "),
            "I do not know" if said == NOT_SAID else str(values(relation)[said]),
            str(values(relation)[true]),
            "yes" if group == TOLD else "no",
            literal(percent(sure).replace(" ", "\u00a0")),
        )
        for (name, relation, true, group), said, sure in zip(asked, found.said, found.sure, strict=True)
        if name == chosen
    ]
    heads = (chosen, "it says", "truth", "told", "sure")
    st.table(dict(zip(heads, zip(*rows, strict=True), strict=True)), hide_index=True)
    st.caption("How sure it is of the one that it would name, if it had to name one.")
