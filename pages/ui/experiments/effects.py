"""What each part alone does to this text and to the word that comes next, and whether a change moved that word."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.analysis.interventions.values import How, Part
from core.figures.labels import change, percent
from core.text import Tokenizer
from pages.ui import cache
from pages.ui.literal import literal
from pages.ui.text import chips
from pages.ui.view import View


@dataclass(frozen=True)
class Effects:
    """base: the plain model's loss on the text, nats per token; effects[i]: how much that grows without part i;
    answer, answers[i]: the likeliest next token at the position in question, with all parts and without part i."""

    base: float
    effects: list[float]
    answer: int
    answers: list[int]

    def flips(self, i: int) -> bool:
        return self.answers[i] != self.answer

    def limit(self, parts: Sequence[Part], kind: str) -> float:
        """The largest effect among parts of this kind, which is the end of their scale."""
        return max([0.01, *(abs(e) for part, e in zip(parts, self.effects, strict=True) if part.kind == kind)])


@st.cache_data(max_entries=64, show_spinner="Measuring what each part matters for this text …")
def _measure(
    name: str, step: int, stamp: tuple[int, ...], ids: tuple[int, ...], how: How
) -> tuple[float, list[float], list[int], list[list[int]]]:
    from core.analysis.interventions.intervene import all_parts, part_changes

    checkpoint = cache.plain_checkpoint(name, step)
    sample = None if how == "zero" else cache.sample(name, step)
    trace = cache.trace(name, step, ids, "")
    found = part_changes(checkpoint.model, ids, all_parts(checkpoint.config), how, sample, trace)
    grown = (found.losses.mean(dim=1) - found.base.mean()).tolist()
    return float(found.base.mean()), grown, found.answer.tolist(), found.answers.tolist()


def effects(view: View, how: How) -> Effects | None:
    """Those of every part, in the order of `all_parts`; None for a text too short to have a loss."""
    if len(view.ids) < 2:
        return None
    base, grown, answer, answers = _measure(view.name, view.step, cache.files_stamp(view.name), view.ids, how)
    return Effects(base, grown, answer[view.focus], [row[view.focus] for row in answers])


def verdict(tokenizer: Tokenizer, before: np.ndarray, after: np.ndarray, changed: bool) -> str:
    """Whether the likeliest next token is another, and by how much: before, after (V,); Markdown."""
    was, now = int(before.argmax()), int(after.argmax())
    first, second = (f"“{literal(chip.label)}”" for chip in chips(tokenizer, [was, now]))
    if not changed:
        return f"As it is, the likeliest next word is **{first}**, {percent(float(before[was]))}."
    moves = [change(float(before[id]), float(after[id])) for id in (was, now)]
    if was == now:
        return f"The likeliest next word is still **{first}**: {moves[0]}."
    return f"The likeliest next word **changes from {first} to {second}**: {first} {moves[0]}, {second} {moves[1]}."
