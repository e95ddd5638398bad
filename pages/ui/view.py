"""What every page starts from: model, step, text, pinned position, and the interventions that are on."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.ui import cache, state
from pages.ui.code import Code, reading_code
from pages.ui.literal import literal
from pages.ui.text import Chip, prepare

if TYPE_CHECKING:
    from core.model import Checkpoint, Description, Trace
    from core.text import Tokenizer


SHOWN = 60_000_000  # numbers of a trace, 240 MB


@dataclass(frozen=True)
class View:
    """Model `name` at `step`, reading `ids` (T,): the start token and the visitor's text. `cursor`: None or 0..T-1.

    `python` is the expression that gives the ids. `interventions` is the text form of those that are on; `checkpoint`,
    `trace` and `code` have them. `description` is there at once; the first use of `checkpoint` or `trace` on a new
    server waits for torch.
    """

    name: str
    step: int
    description: "Description"
    text: str
    ids: tuple[int, ...]
    chips: tuple[Chip, ...]
    messages: tuple[str, ...]
    cursor: int | None
    interventions: str
    python: str

    @property
    def tokenizer(self) -> "Tokenizer":
        return self.description.tokenizer

    @cached_property
    def checkpoint(self) -> "Checkpoint":
        """The model itself, from the cache. Where its weights cannot be read, the page ends here with a message."""
        try:
            return cache.checkpoint(self.name, self.step, self.interventions)
        except ValueError as error:  # CheckpointError says what to do
            st.error(f"The model {literal(self.name)} cannot be read at step {self.step:,}. {literal(error)}")
            st.stop()

    @cached_property
    def trace(self) -> "Trace":
        """The forward pass of this text, from the cache."""
        assert self.checkpoint  # or the page has ended with a message
        return cache.trace(self.name, self.step, self.ids, self.interventions)

    @property
    def focus(self) -> int:
        """The position that a page is about: the pinned one, else the last."""
        return len(self.ids) - 1 if self.cursor is None else self.cursor

    @property
    def labels(self) -> list[str]:
        """The tokens as axes show them. They may repeat: put positions on the axis and these as its tick text."""
        return [chip.label for chip in self.chips]

    @property
    def probabilities(self) -> list[float | None]:
        """The probability that the model gave to each token before reading it; None for the first."""
        probs = self.trace.probs.numpy()  # (T, V)
        following = probs[np.arange(len(self.ids) - 1), list(self.ids[1:])]  # (T - 1,)
        return [None, *map(float, following)]

    @property
    def code(self) -> Code:
        """What loads this model and traces this text: the head of every "Show code"."""
        return reading_code(self.name, self.step, self.python, self.interventions)

    @property
    def untouched(self) -> Code:
        """As `code`, without the changes inside the model that are on."""
        return replace(self, interventions="").code


def most_shown(description: "Description") -> int:
    """How many tokens of a model made elsewhere are read at a time, so that a trace of them stays within SHOWN."""
    c = description.config
    each = c.n_layers * (6 * c.d_model + 2 * c.d_mlp + 4 * c.n_heads * c.d_head) + 2 * c.vocab_size  # numbers a token
    pairs = 2 * c.n_layers * c.n_heads  # numbers a pair of tokens
    # each · T + pairs · T² = SHOWN
    return max(16, int((math.sqrt(each**2 + 4 * pairs * SHOWN) - each) / (2 * pairs)))


def current() -> View:
    """The view of this run. Cheap: everything heavy comes from the caches."""
    name, step = state.get("model"), state.get("step")
    description = cache.description(name, step)
    special, context = state.get("special") == "tokens", description.config.context_length
    shown = most_shown(description) if cache.is_large(name) else None
    prepared = prepare(state.get("text"), description.tokenizer, context, special, shown)
    cursor = state.get("cursor")
    if cursor is not None and cursor >= len(prepared.ids):
        cursor = None
    return View(
        name,
        description.step,
        description,
        prepared.text,
        prepared.ids,
        prepared.chips,
        prepared.messages,
        cursor,
        cache.active(name),
        prepared.python,
    )
