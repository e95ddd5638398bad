"""The three experiments of the overview: what training changed, a pronoun with two candidates, a fact never read.

The numbers in the answers are those of the model that is shown, at the step that is shown.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from core.figures.labels import percent
from core.text.tinyland import WORLD
from pages.ui import cache
from pages.ui.caption import NATS, try_it
from pages.ui.opened import from_elsewhere
from pages.ui.text import prepare
from pages.ui.view import View

PRONOUN = "One day, Brigid and Samir were in the park. Brigid had a kite. Brigid gave the kite to Samir because"
UNKNOWN = next(fact for fact in WORLD.facts if fact.relation == "home" and fact not in WORLD.known_facts)
HOME = f"{UNKNOWN.subject} comes from"
TOWN_TOKENS = 6  # written, to see which town it names


def _ids(view: View, text: str) -> tuple[int, ...]:
    return prepare(text, view.tokenizer, view.description.config.context_length).ids


def explain_untrained(view: View) -> str:
    """How even the distribution is, and the loss on the visitor's text beside that of a fair guess."""
    size, best = view.tokenizer.vocab_size, float(view.trace.probs[-1].max())
    losses = [-math.log(p) for p in view.probabilities if p is not None]
    answer = f"Hardly any. If all {size:,} tokens were equally likely, each would get {percent(1 / size)}"
    if view.step == view.description.steps[0]:
        answer += f"; the likeliest now has {percent(best)}"
        if int(view.trace.probs[-1].argmax()) == view.ids[-1]:
            answer += ", and it is the token just read, because the layers have not learned to replace it yet"
    answer += f". A model that knows nothing has a loss of ln({size:,}) = {math.log(size):.1f} nats per token"
    if losses:
        answer += f"; at step {view.step:,} this one has {sum(losses) / len(losses):.1f} on your text"
    return f"{answer}. {NATS}"


def pronoun(view: View) -> str:
    """What this model gives "she" and "he" where both are as likely in Tinyland."""
    probs = cache.trace(view.name, view.step, _ids(view, PRONOUN)).probs[-1].numpy()  # (V,)
    she, he = (percent(float(probs[view.tokenizer.encode(word)[0]])) for word in (" she", " he"))
    return (
        f"Look at stage 4: at step {view.step:,} *she* gets **{she}** and *he* **{he}**. In Tinyland the reason is the "
        "giver's as often as the receiver's, so nobody can know yet, and half each would be right. Move the training "
        "step: when did it learn that one of these two words must come?"
    )


def never_read(view: View) -> str:
    """Which town the model names where it can know none."""
    made = cache.continuation(view.name, view.step, _ids(view, HOME), TOWN_TOKENS)
    written = view.tokenizer.decode([id for id, _ in made]).strip()
    named = next((town.name for town in WORLD.towns if written.startswith(town.name)), None)
    ending = f"In our world the answer is {UNKNOWN.value}, and nothing that the model ever read says so."
    if named is None:
        return f"At step {view.step:,} it does not name a town of Tinyland. Move the training step on. {ending}"
    sure = percent(float(np.prod([p for _, p in made[: len(view.tokenizer.encode(f" {named}"))]])))
    right = "It has guessed right!" if named == UNKNOWN.value else "Fluent is not the same as informed."
    return f"It names a town, **{named}**, and gives it {sure}: a town always stands there. {ending} {right}"


def overview_experiments(view: View) -> None:
    if from_elsewhere(view.description.card):
        return
    first, last = view.description.steps[0], view.description.steps[-1]
    cards: tuple[tuple[str, str, Callable[[View], str], dict[str, Any]], ...] = (
        (
            "Back to the first step",
            "Before any training, which next token will the model favour?",
            explain_untrained,
            {"step": first},
        ),
        (
            "Give it to a boy instead",
            "Samir is a *he*, Brigid is a *she*. Which of the two words will the model expect after *because*?",
            pronoun,
            {"text": PRONOUN, "step": last},
        ),
        (
            "Ask something it never read",
            f"No document says where {UNKNOWN.subject} lives. What will the model do?",
            never_read,
            {"text": HOME, "step": last},
        ),
    )
    for i, (label, question, answer, update) in enumerate(cards):
        key = f"overview_try_{i}"
        try_it(question, partial(answer, view), label=label, key=key, update=update | {"cursor": None})
