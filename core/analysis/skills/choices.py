"""One of two must come: whom or what is meant, as Tinyland's texts of kind "reference" ask, and who else was named."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch

from core.analysis.skills.cases import Share
from core.analysis.skills.exact import tokens_of
from core.model import Transformer
from core.model.padding import pad
from core.sequences import common_beginning
from core.text import Tokenizer, tinyland
from core.text.tinyland import Document, Span


@dataclass(frozen=True)
class Choice:
    """A text up to where a person, or a thing, must be named: ids (T,), what comes next is the token `right`; for the
    other one that was named it would be `wrong`. Positions of the tokens that name the right one, and others of its
    kind; `category`: their kind."""

    ids: tuple[int, ...]
    right: int
    wrong: int
    meant: tuple[int, ...]
    others: tuple[int, ...]
    category: str


def choices(tokenizer: Tokenizer, documents: Iterable[Document], longest: int) -> list[Choice]:
    """Every choice of the documents that has at most `longest` tokens."""
    return [choice for document in documents for choice in _choices(tokenizer, document, longest)]


def _choices(tokenizer: Tokenizer, document: Document, longest: int) -> Iterator[Choice]:
    for answer in document.answers:
        category = tinyland.category(answer.value)
        if category is None:
            continue
        named = [e for e in document.entities if e.end <= answer.start and tinyland.category(e.value) == category]
        others = [span for span in named if span.value != answer.value]
        meant = [span for span in named if span.value == answer.value]
        if not others or not meant:
            continue
        before = document.text[: answer.start]
        right, wrong = (tokenizer.encode(before + name) for name in (answer.value, others[-1].value))
        shared = common_beginning(right, wrong)
        if shared in (len(right), len(wrong)) or shared >= longest:  # one name begins with the other
            continue
        yield Choice(
            (tokenizer.eot, *right[:shared]),
            right[shared],
            wrong[shared],
            tuple(positions(tokenizer, document.text, meant)),
            tuple(positions(tokenizer, document.text, others)),
            category,
        )


def positions(tokenizer: Tokenizer, text: str, spans: Iterable[Span]) -> list[int]:
    """The tokens that share a byte with one of the spans; position 0 is the start token."""
    pieces = tokenizer.pieces(text)
    return [place for span in spans for place in tokens_of(pieces, text, span)]


@torch.inference_mode()
def share_chosen(model: Transformer, chosen: Sequence[Choice], batch: int = 64) -> Share:
    """How often the model finds the right one likelier than the wrong one."""
    rows, right = sorted(chosen, key=lambda one: len(one.ids)), 0
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        ids = pad(one.ids for one in part).to(model.device)  # (B, T)
        logits = model(ids)  # (B, T, V)
        ends = (row[len(one.ids) - 1] for row, one in zip(logits, part, strict=True))  # (V,) each
        right += sum(bool(end[one.right] > end[one.wrong]) for end, one in zip(ends, part, strict=True))
    return Share(right, len(rows))
