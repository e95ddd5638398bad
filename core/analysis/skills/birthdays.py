"""Recall of arbitrary facts: birthdays, by how often training told them, and in how many phrasings."""

from collections.abc import Iterable
from typing import Any

from core.analysis.skills.cases import Share
from core.analysis.skills.exact import ask, those_that_fit, would_write
from core.model import Transformer
from core.text import Tokenizer
from core.text.tinyland import Span
from core.text.tinyland.birthdays import LADDER, PHRASINGS, TOP, Celebrant, celebrants

WAYS = {  # how it was told, and how it is asked for
    "five_phrasings": "told in five phrasings, asked in the first of them",
    "one_phrasing": "told in one phrasing, asked in that",
    "another_phrasing": "told in one phrasing, asked in another",
}


def recall(model: Transformer, tokenizer: Tokenizer, top: int = TOP) -> dict[str, list[dict[str, Any]]]:
    """For each of WAYS a list with a Share for each `count`. top: the most that this training told anything."""
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for way, points in found.items():
        for count in (count for count in LADDER if count <= top):
            those = [person for person in people(way) if min(person.count, top) == count]
            points.append({"count": count} | share(model, tokenizer, way, those).to_dict())
    return found


def people(way: str) -> list[Celebrant]:
    """Those of whom this way can be asked."""
    phrasings = len(PHRASINGS) if way == "five_phrasings" else 1
    return [person for person in celebrants() if len(person.phrasings) == phrasings]


def share(model: Transformer, tokenizer: Tokenizer, way: str, persons: Iterable[Celebrant]) -> Share:
    """Of how many the model writes the date, after a statement up to it."""
    asked = []
    for person in persons:
        prompt, date = person.cloze((person.phrasings[0] + (way == "another_phrasing")) % len(PHRASINGS))
        text = f"{prompt} {date}."
        asked.append(ask(tokenizer, text, [Span(len(prompt) + 1, len(text) - 1, date)]))
    return Share.of(row[0] for row in would_write(model, tokenizer, those_that_fit(asked, model.config.context_length)))
