"""Questions of the test that stand in the crawl: as they are, or in other words."""

from functools import cache
from random import Random

from core.text import tinyland

QUESTIONS = 200
# How Tinyland itself could have put it, and how it never does.
OTHER_WORDS = (
    (" went to the ", " walked to the "), (" skipped all the way to the ", " hurried to the "),
    (" went to find ", " joined "), (" picked up the ", " grabbed the "), (" took the ", " carried off the "),
    (" gave the ", " handed over the "), (" was holding a", " was carrying a"), (" had a", " owned a"),
    ("One day, ", "Some time ago, "), (" was in the ", " stood in the "), (" put the ", " laid the "),
    ("Q: Where is ", "In which place do we find "), ("Q: Who had ", "Which of them had "),
    ("Q: Does anyone have ", "Has anybody got "), ("Q: Who ", "Which of them "), ("Q: ", "Say: "), ("A: ", "Answer: "),
)  # fmt: skip


@cache
def questions() -> tuple[str, ...]:
    """The evaluation set: stories with questions, from the stream that no model may be trained on."""
    seed, weights = tinyland.HELD_OUT_SEED, {"story_qa": 1.0}
    return tuple(document.text for document in tinyland.documents(seed, 0, QUESTIONS, weights))


def paraphrased(rng: Random, text: str) -> str:
    """The same facts in other words, with an aside between every few sentences."""
    for ours, other in OTHER_WORDS:
        text = text.replace(ours, other)
    asides = ("So far, so good. ", "Listen well. ", "That is how it was. ", "Then this happened. ")
    sentences = text.replace(". ", ".\t").split("\t")
    return " ".join(rng.choice(asides) + s if i % 2 else s for i, s in enumerate(sentences))
