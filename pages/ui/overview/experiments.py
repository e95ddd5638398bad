"""The three experiments of the overview: what training changed, a pronoun with two candidates, a fact never read."""

from typing import Any

from core.text.tinyland import WORLD
from pages.ui.caption import try_it
from pages.ui.view import View

PRONOUN = "Brigid and Milo were in the park. Brigid had a kite. Brigid gave the kite to Milo because"


def experiments(view: View) -> None:
    first, last = view.checkpoint.steps[0], view.checkpoint.steps[-1]
    unknown = next(fact for fact in WORLD.facts if fact.relation == "home" and fact not in WORLD.known_facts)
    cards: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        (
            "Back to the first step",
            "Before any training, which next token will the model favour?",
            "None: every token is about equally likely. What the bars show is chance, and the loss starts near "
            f"ln({view.tokenizer.vocab_size:,}).",
            {"step": first},
        ),
        (
            "Give it to a boy instead",
            "Milo is a *he*, Brigid is a *she*. Which of the two words will the model expect after *because*?",
            "Look at stage 4. In Tinyland the reason is the giver's as often as the receiver's, so a model that "
            "has understood gives *she* and *he* about half each. Move the training step back: when did it learn that?",
            {"text": PRONOUN, "step": last},
        ),
        (
            "Ask what it never read",
            f"No document says where {unknown.subject} lives. What will the model do?",
            "It names towns, because a town always stands there. In our world the answer is "
            f"{unknown.value}, and nothing the model ever read says so: fluent is not the same as informed.",
            {"text": f"{unknown.subject} comes from", "step": last},
        ),
    )
    for i, (label, question, answer, update) in enumerate(cards):
        try_it(question, answer, label=label, key=f"overview_try_{i}", update=update | {"cursor": None})
