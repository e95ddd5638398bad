"""Whether a model would write exactly what stands in a text, at many places of many texts at once.

Greedy decoding writes a text exactly if, and only if, each of its tokens is the likeliest after all that stands before
it: so one forward pass over the texts as they are tells what decoding would give, token for token.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from core.analysis.skills.cases import Share, of_clusters
from core.memory import LOGITS
from core.model import Transformer
from core.model.padding import pad
from core.text import Piece, Tokenizer
from core.text.tinyland import Document, Span

BATCH_TOKENS = 8192


@dataclass(frozen=True)
class Passage:
    """Tokens [first, last] of a text that should be written, and the bytes of which one should begin what comes next
    (empty: anything may). `beyond` bytes of the last token are no longer asked for: the full stop at the end of an
    answer and the new line after it can be one token."""

    first: int
    last: int
    ends: tuple[bytes, ...] = ()
    beyond: int = 0


@dataclass(frozen=True)
class Asked:
    """A text: ids (T,), its start token first, and the passages of it that are asked for."""

    ids: tuple[int, ...]
    passages: tuple[Passage, ...]


def ask(tokenizer: Tokenizer, text: str, spans: Iterable[Span], *, closed: bool = True) -> Asked:
    """The spans of a text as passages, each to be followed by the character that follows it there; a new line, or the
    end of the text, by either of these (whether another question follows is no part of the answer). Not `closed`: by
    anything."""
    pieces, passages = tokenizer.pieces(text, special=True), []
    for span in spans:
        inside = tokens_of(pieces, text, span)
        after = text[span.end : span.end + 1]
        ends = (b"\n", b"<|") if after in ("", "\n") else (after.encode(),)
        beyond = max(0, pieces[inside[-1] - 1].end - len(text[: span.end].encode()))
        passages.append(Passage(inside[0], inside[-1], ends, beyond) if closed else Passage(inside[0], inside[-1]))
    return Asked((tokenizer.eot, *(piece.id for piece in pieces)), tuple(passages))


def tokens_of(pieces: Sequence[Piece], text: str, span: Span) -> list[int]:
    """The tokens that share a byte with the span of the text that was cut into `pieces`; 0 is the start token."""
    start, end = len(text[: span.start].encode()), len(text[: span.end].encode())
    return [i for i, piece in enumerate(pieces, start=1) if piece.start < end and piece.end > start]


def those_that_fit(asked: Iterable[Asked], longest: int) -> list[Asked]:
    """The texts that a model of this context can read, and say what comes next."""
    return [one for one in asked if len(one.ids) <= longest]


def would_write(model: Transformer, tokenizer: Tokenizer, asked: Sequence[Asked]) -> list[list[bool]]:
    """For each text, whether each of its passages would be written exactly, up to what ends it."""
    return [
        [_is_written(tokenizer, one, passage, likeliest) for passage in one.passages]
        for one, likeliest in zip(asked, likeliest_tokens(model, [one.ids for one in asked]), strict=True)
    ]


def share_written(model: Transformer, tokenizer: Tokenizer, documents: Iterable[Document]) -> Share:
    """Of all answers in the documents that the model can read, those that it would write."""
    asked = those_that_fit((ask(tokenizer, d.text, d.answers) for d in documents), model.config.context_length)
    return of_clusters(would_write(model, tokenizer, asked))


def _is_written(tokenizer: Tokenizer, asked: Asked, passage: Passage, likeliest: Sequence[int]) -> bool:
    """An answer and what ends it can be one token or two, in the text and as the model writes it: both are right."""
    *wanted, last = asked.ids[passage.first : passage.last + 1]
    *written, final = likeliest[passage.first - 1 : passage.last]
    if not passage.ends or written != wanted:
        return [*written, final] == [*wanted, last]
    asked_for, said = tokenizer.token_bytes(last), tokenizer.token_bytes(final)
    asked_for = asked_for[: len(asked_for) - passage.beyond]
    if final == last and not passage.beyond:
        said += tokenizer.token_bytes(likeliest[passage.last])
    return said == asked_for or said.startswith(tuple(asked_for + end for end in passage.ends))


@torch.inference_mode()
def likeliest_tokens(model: Transformer, texts: Sequence[Sequence[int]]) -> list[list[int]]:
    """The likeliest token after each position of each text."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    found: list[list[int]] = [[] for _ in texts]
    most = min(BATCH_TOKENS, LOGITS // model.config.vocab_size)  # tokens
    while order:
        size = max(1, most // len(texts[order[-1]]))
        rows, order = order[-size:], order[:-size]
        ids = pad(texts[i] for i in rows).to(model.device)  # (B, T)
        likeliest = model(ids).argmax(dim=-1).tolist()  # (B, T)
        for i, row in zip(rows, likeliest, strict=True):
            found[i] = row[: len(texts[i])]
    return found
