"""What a model writes after a prompt, from a bounded cache, and the Python that writes it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.ui import cache
from pages.ui.code import Code
from pages.ui.view import View

if TYPE_CHECKING:
    from core.text import Tokenizer

END = "<|end|>"


@dataclass(frozen=True)
class Written:
    """`text` is what was written after the prompt, without what ended it; `ended`: whether it came to an end. ids: the
    prompt and all of that; start: how many are of the prompt."""

    text: str
    ended: bool
    ids: tuple[int, ...]
    start: int
    code: Code


def stops(tokenizer: "Tokenizer") -> set[int]:
    """The tokens that end a text or a turn."""
    return {tokenizer.eot, *(id for name, id in tokenizer.special_tokens.items() if name == END)}


@st.cache_data(max_entries=128, show_spinner=False)
def _ids(
    name: str, step: int, stamp: tuple[int, ...], interventions: str, ids: tuple[int, ...], count: int,
    temperature: float, seed: int,
) -> tuple[int, ...]:  # fmt: skip
    from core.generation import Sampler, generate

    found = cache.checkpoint(name, step, interventions)
    steps = generate(found.model, ids, Sampler(temperature=temperature), count, seed, stop=stops(found.tokenizer))
    return tuple(token.id for token in steps)


def write(view: View, prompt: str, count: int, *, temperature: float = 0.0, seed: int = 0) -> Written | None:
    """The continuation of a prompt, which begins a document; names of special tokens in it are these tokens. None, with
    a message, where the prompt leaves no room."""
    tokenizer = view.tokenizer
    ids = (tokenizer.eot, *tokenizer.encode(prompt, special=True))
    if len(ids) >= view.description.config.context_length:
        st.warning(f"That is longer than the {view.description.config.context_length:,} tokens that this model reads.")
        return None
    assert view.checkpoint  # or the page has ended with a message
    new = _ids(
        view.name, view.step, cache.stamp(view.name), view.interventions, ids, count, temperature, seed
    )  # fmt: skip
    ended = bool(new) and new[-1] in stops(tokenizer)
    text = tokenizer.decode(new[:-1] if ended else new)
    stop = "{tokenizer.eot, *(i for name, i in tokenizer.special_tokens.items() if name == '<|end|>')}"
    code = (
        view.code.with_import("core.generation", "Sampler", "generate")
        .then(
            f"ids = [tokenizer.eot, *tokenizer.encode({prompt!r}, special=True)]",
            f"stop = {stop}",
            f"steps = generate(checkpoint.model, ids, Sampler(temperature={temperature}), {count}, {seed}, stop=stop)",
        )
        .gives("[step.id for step in steps]", new)
    )
    return Written(text, ended, (*ids, *new), len(ids), code)
