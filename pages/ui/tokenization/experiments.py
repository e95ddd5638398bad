"""The experiments of the tokenization page. Every number in an answer is counted when the page is drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.text import PUBLIC_ENCODINGS
from pages.ui import tokenizers
from pages.ui.caption import try_it
from pages.ui.text import chip
from pages.ui.view import current

if TYPE_CHECKING:
    from core.model import Description

KEYS = (tokenizers.MODEL, *PUBLIC_ENCODINGS)


@dataclass(frozen=True)
class Counter:
    """Counts and shows the tokens of our own sample texts (never of the visitor's: this goes into Markdown)."""

    description: "Description"

    def count(self, key: str, text: str) -> int:
        return tokenizers.cut(key, self.description, text).total

    def counts(self, text: str) -> str:
        """ "3 here, 4 in GPT-2, …" """
        return ", ".join(f"**{self.count(key, text)}** by {tokenizers.TITLES[key]}" for key in KEYS)

    def as_code(self, key: str, text: str) -> str:
        """The tokens of a text with bars between them, as code."""
        return f"`{' | '.join(chip(piece).label for piece in tokenizers.cut(key, self.description, text).pieces)}`"

    def ids(self, key: str, text: str) -> list[int]:
        return [piece.id for piece in tokenizers.cut(key, self.description, text).pieces]


@dataclass(frozen=True)
class Experiment:
    name: str
    label: str
    text: str
    question: str
    answer: Callable[[Counter], str]
    tokenizer: str = tokenizers.MODEL


LONG = "antidisestablishmentarianism"
CODE = "def sign(x):\n        if x < 0:\n                return -1\n        return 1\n"
TWINS = ("paypal", "раураl")  # the second has Cyrillic letters
PROMPT = "The capital of France is"
EXPERIMENTS = (
    Experiment(
        "numbers",
        "Add two numbers",
        "1234 + 98766 = 100000",
        "To add on paper you write the units below the units. Do GPT-4's tokens of 1234 and 98766 line up that way?",
        lambda c: (
            f"No. It takes three digits at a time from the left: {c.as_code('cl100k_base', '1234')} and "
            f"{c.as_code('cl100k_base', '98766')}, so the last parts have one digit and two. GPT-2 has pieces of "
            f"any length: {c.as_code('gpt2', '1234')} and {c.as_code('gpt2', '98766')}."
        ),
        "cl100k_base",
    ),
    Experiment(
        "trailing",
        "Leave a space at the end",
        PROMPT + " ",
        "A prompt ends in a space. Does that only add one token that says nothing?",
        lambda c: (
            f"It is one token more ({c.count('gpt2', PROMPT)}, then {c.count('gpt2', PROMPT + ' ')} in GPT-2), but not "
            "a harmless one. In running text the space belongs to the next word: "
            f"{c.as_code('gpt2', PROMPT + ' Paris')}. After a lone space the "
            "model cannot say ` Paris` any more, only `Paris`, which it rarely met there."
        ),
        "gpt2",
    ),
    Experiment(
        "capitals",
        "Shout",
        "hello Hello HELLO hELLO",
        "Four ways to write one word. Does shouting it cost more tokens?",
        lambda c: (
            f"`hello` is {c.counts('hello')}; `HELLO` is {c.counts('HELLO')}. Each spelling is learned on its own, and "
            "a rare spelling stays in pieces."
        ),
        "gpt2",
    ),
    Experiment(
        "code",
        "Indent some code",
        CODE,
        "This code is indented by 8 and 16 spaces. Which of GPT-2 and GPT-4 was made with code in mind?",
        lambda c: (
            f"The same four lines: {c.counts(CODE)}. GPT-2 spends a token on nearly every space; GPT-4 has tokens for "
            "long runs of spaces."
        ),
        "gpt2",
    ),
    Experiment(
        "start",
        "Say a word twice",
        "park in the park",
        "Is “park” at the start the same token as “park” further on?",
        lambda c: (
            f"Not for GPT-2: ids {c.ids('gpt2', 'park')} at the start and {c.ids('gpt2', ' park')} after a space, for "
            "the space is part of the token. In this model it is "
            f"{c.as_code(tokenizers.MODEL, 'park in the park')}. What the "
            "model learns about the one it must learn again for the other."
        ),
    ),
    Experiment(
        "rare",
        "Use a rare word",
        f"The {LONG} of the baker.",
        f"How many tokens is “{LONG}”, and would a word-level tokenizer know it?",
        lambda c: (
            f"{c.counts(LONG).capitalize()}. A word-level tokenizer has no entry for it and can only say “unknown”; "
            "pieces can always spell it, down to single bytes if need be."
        ),
    ),
    Experiment(
        "twins",
        "Compare two look-alikes",
        " ".join(TWINS),
        "Two words that look the same. Do they get the same tokens?",
        lambda c: (
            f"No: GPT-4 makes {c.as_code('cl100k_base', TWINS[0])} of the first and "
            f"{c.as_code('cl100k_base', TWINS[1])} of the second, most of whose letters are "
            "Cyrillic. To the model they have nothing in common."
        ),
        "cl100k_base",
    ),
    Experiment(
        "emoji",
        "Break an emoji",
        "👩‍👩‍👧",
        "A family emoji is one character on the screen. How many bytes does a tokenizer have to spell?",
        lambda c: (
            "18: three people of 4 bytes each, and two invisible joiners of 3. A tokenizer trained on few emoji "
            f"spells them byte by byte: {c.counts('👩‍👩‍👧')}."
        ),
    ),
)


def tokenization_experiments() -> None:
    """A card for each, two beside one another."""
    counter = Counter(current().description)
    try:
        answers = [experiment.answer(counter) for experiment in EXPERIMENTS]
    except ValueError:
        st.warning(tokenizers.MISSING)
        return
    columns = st.columns(2, gap="medium")
    for i, (experiment, answer) in enumerate(zip(EXPERIMENTS, answers, strict=True)):
        with columns[i % 2]:
            try_it(
                experiment.question,
                answer,
                label=experiment.label,
                key=f"tokenization_{experiment.name}",
                update={"text": experiment.text, "cursor": None, "tokenizer": experiment.tokenizer},
            )
