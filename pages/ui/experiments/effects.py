"""What each part alone does to this text and to the word that comes next, and whether a change moved that word."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.analysis.interventions.values import How, Part
from core.figures.labels import change, percent
from core.text import Tokenizer
from pages.ui import background, cache
from pages.ui.literal import literal
from pages.ui.text import chips
from pages.ui.view import View

if TYPE_CHECKING:
    from core.analysis.interventions.beginnings import Beginnings
    from core.model import ModelConfig

AT_ONCE = 2e11  # operations, some seconds of a core: what takes longer is measured beside the page


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


Measured = tuple[float, list[float], list[int], list[list[int]]]


@st.cache_data(max_entries=64, show_spinner="Measuring what each part matters for this text …")
def _measure(name: str, step: int, stamp: tuple[int, ...], ids: tuple[int, ...], how: How) -> Measured:
    return _measured(name, step, ids, how, lambda *_: None)


def _measured(name: str, step: int, ids: tuple[int, ...], how: How, report: Callable[[float], object]) -> Measured:
    from core.analysis.interventions.intervene import all_parts, part_changes

    checkpoint = cache.plain_checkpoint(name, step)
    sample = None if how == "zero" else cache.sample(name, step)
    trace = cache.trace(name, step, ids, "")
    beginnings = _beginnings((name, step, *cache.files_stamp(name), how))
    known = beginnings.closest(ids)
    found = part_changes(checkpoint.model, ids, all_parts(checkpoint.config), how, sample, trace, report, known)
    beginnings.keep(found)
    grown = (found.losses.mean(dim=1) - found.base.mean()).tolist()
    return float(found.base.mean()), grown, found.answer.tolist(), found.answers.tolist()


@st.cache_resource(max_entries=4, show_spinner=False)
def _beginnings(stamp: tuple[object, ...]) -> "Beginnings":
    """One for each model, step and way of ablating; everybody who looks at it shares it."""
    from core.analysis.interventions.beginnings import Beginnings

    return Beginnings()


def effects(view: View, how: How) -> Effects | None:
    """Those of every part, in the order of `all_parts`; None for a text too short to have a loss, and while they are
    being measured on a model for which that takes long: a bar stands here meanwhile."""
    if len(view.ids) < 2:
        return None
    asked, stamp = (view.name, view.step, view.ids, how), cache.files_stamp(view.name)
    if _operations(view.description.config, len(view.ids)) <= AT_ONCE:
        found: Measured | None = _measure(view.name, view.step, stamp, view.ids, how)
    else:
        label = "Measuring what each part matters for this text"
        found = background.compute(
            ("effects", stamp, *asked),
            lambda report: _measured(*asked, lambda share: report(share, percent(share))),
            label,
            slow=True,
        )
    if found is None:
        return None
    base, grown, answer, answers = found
    return Effects(base, grown, answer[view.focus], [row[view.focus] for row in answers])


def _operations(config: "ModelConfig", T: int) -> float:
    """About how many it takes to read T tokens once without each part: a pass begins at the part's layer."""
    blocks, unembedding = config.weights_per_token()
    return 2.0 * T * config.n_layers * (config.n_heads + 2) * (blocks / 2 + unembedding)


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
