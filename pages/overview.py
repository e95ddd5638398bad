"""The whole path of the visitor's sentence: text, tokens, vectors, blocks, distribution, next token."""

from pages.ui.caption import page_header
from pages.ui.overview import stages
from pages.ui.view import View, current


def life(view: View) -> None:
    from pages.ui.overview.experiments import (
        overview_experiments,  # brings Tinyland, for which the stages above need not wait
    )

    words = (
        "All those numbers began as noise and were **learned** step by step. Move *Training step* in the sidebar: "
        "every picture on this page is redrawn with the model as it was then."
    )
    with stages.stage(6, "Where the numbers come from", "mlp", words, "training.py", "Watch a model learn"):
        overview_experiments(view)


page_header(
    "How does a sentence become a next word?",
    "Glassbox shows the whole life of a language model: follow a sentence through it, from top to bottom. Every number "
    "is computed now, by a small model that we trained. It has read nothing but stories and facts of **Tinyland**, a "
    "world of its own: try Brigid, Suki or a kite.",
)
view = current()
stages.tokens(view)
stages.vectors(view)
stages.blocks(view)
stages.distribution(view)
stages.following(view)
life(view)
