"""What the model writes after the visitor's text or after a pinned token, for the strip of stage 5.

The page asks here when it is drawn; when a token is pinned, the strip asks by the route `written` of app.py, which
answers in a third of the time that a fragment takes to be drawn.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from core.model import checkpoint_folder
from pages.ui import cache, components
from pages.ui.state import PROPERTIES
from pages.ui.text import Chip, chips, start_chip
from pages.ui.view import View

NEW = 12  # tokens written
TAIL = 6  # tokens of the text shown before them


def strip(name: str, step: int, interventions: str, ids: Sequence[int]) -> tuple[list[Chip], list[float | None]]:
    """The last tokens of `ids` and those written after them, greedily; and the probabilities of the latter."""
    tokenizer = cache.description(name, step).tokenizer
    made = cache.continuation(name, step, tuple(ids), NEW, interventions)
    read = chips(tokenizer, list(ids[-TAIL:]))
    if len(ids) <= TAIL:
        read[0] = start_chip(tokenizer)
    written = chips(tokenizer, [id for id, _ in made])
    return [*read, *written], [None] * len(read) + [probability for _, probability in made]


def source(view: View) -> components.Source:
    """Where the browser asks for the strip of `view` up to any of its tokens."""
    query = urlencode({"model": view.name, "step": view.step, "interventions": view.interventions, "ids": ""})
    return components.Source(f"written?{query}", view.ids)


def answer(query: Mapping[str, str]) -> dict[str, Any]:
    """What the route answers. Raises ValueError, with a sentence for people, for a query that no page of ours makes."""
    name, step = query.get("model", ""), PROPERTIES["step"].parse(query.get("step", ""))
    checkpoint_folder(name)
    description = cache.description(name, step)
    asked = query.get("ids", "").split(",")
    if not 1 <= len(asked) <= description.config.context_length:
        raise ValueError(f"a text has 1 to {description.config.context_length} tokens")
    size = description.tokenizer.vocab_size
    if not all(raw.isascii() and raw.isdigit() and len(raw) < 10 and int(raw) < size for raw in asked):
        raise ValueError(f"a token is a number from 0 to {size - 1}")
    interventions = PROPERTIES["interventions"].parse(query.get("interventions", ""))
    return components.chips_of(*strip(name, step, interventions, [int(raw) for raw in asked]))
