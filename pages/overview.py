"""The whole path of the visitor's sentence: text, tokens, vectors, blocks, distribution, next token."""

from pages.ui.caption import number, page_header
from pages.ui.opened import from_elsewhere
from pages.ui.overview import stages
from pages.ui.sections import section, stage
from pages.ui.view import current


def life() -> None:
    from pages.ui.overview.experiments import (
        overview_experiments,  # brings Tinyland, for which the stages above need not wait
    )

    view = current()
    words = (
        "All those numbers began as noise and were **learned** step by step. Move *Training step* in the sidebar: "
        "every picture on this page is redrawn with the model as it was then."
    )
    if from_elsewhere(view.description.card):
        words = "All those numbers began as noise and were **learned** step by step, elsewhere: only the last is here."
    with stages.beside(words, "training.py", "Watch a model learn"):
        overview_experiments(view)


TINYLAND = (
    "Every number is computed now, by a small model that we trained. It has read nothing but stories and facts about "
    "**Tinyland**, a made-up world: try Brigid, Suki or a kite."
)
ELSEWHERE = "Every number is computed now, by the model that you opened: write what it may have read about."

page_header(
    "How does a sentence become a next word?",
    "Glassbox shows the whole life of a language model: follow a sentence through it, from top to bottom. "
    + (ELSEWHERE if from_elsewhere(current().description.card) else TINYLAND),
)
stage(stages.first)
section("Blocks exchange information", "blocks", stages.blocks, 360, number(3, "attention"))
section("The model predicts the next token", "guess", stages.distribution, 360, number(4, "prediction"))
section("Predictions become text", "following", stages.following, 240, number(5, "prediction"))
section("Where the numbers come from", "life", life, 260, number(6, "mlp"))
