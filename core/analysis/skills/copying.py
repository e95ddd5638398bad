"""Copying from the context: what a text made up and uses again, token by token, where it leaves no choice.

Tinyland's texts of kinds "once" and "recital" hold names, numbers and verses that stand in no other text. A token of
one that comes again counts when the text before it settles it: all of a register's answer, of a bag or of an echo; of
any other the tokens after the first that only one of the things made up so far goes on with.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.analysis.skills.cases import Share, of_clusters
from core.analysis.skills.exact import likeliest_tokens
from core.model import Transformer
from core.text import Tokenizer
from core.text.tinyland import Document
from core.text.tinyland.coined import Coined, Entry

KINDS = ("names", "numbers", "registers", "recitals")


@dataclass(frozen=True)
class Copy:
    """A stretch [start, end) of a text that stood in it before; `settled`: from its first character on, else only where
    no other of `others` begins as it does. Characters, as in the document."""

    kind: str
    start: int
    end: int
    settled: bool
    others: tuple[str, ...]


def copies(document: Document) -> Iterator[Copy]:
    """Everything in a document that stood in it before."""
    answers = [(span.start, span.end) for span in document.answers]
    made: list[str] = []  # the things made up so far
    for start, end, _, value, form in document.derivation.marks:
        if isinstance(value, Entry):
            if form == "value":
                yield Copy("registers", start, end, True, ())
            elif isinstance(value.key, Coined):
                yield Copy("registers", start, end, False, tuple(made))
        elif form == "bag":
            yield Copy("recitals", start, end, True, ())
        elif isinstance(value, Coined):
            if value in made:
                kind = "recitals" if document.kind == "recital" else "numbers" if value.isdecimal() else "names"
                yield Copy(kind, start, end, kind == "recitals" and (start, end) in answers, tuple(made))
            else:
                made.append(str(value))


def copied_tokens(tokenizer: Tokenizer, document: Document, longest: int) -> list[tuple[int, str]]:
    """The tokens that must be copied, by position (0 is the start token), each with its kind."""
    text, found = document.text, []
    pieces = tokenizer.pieces(text)[: longest - 1]
    bytes_before = [0]
    for character in text:
        bytes_before.append(bytes_before[-1] + len(character.encode()))
    for copy in copies(document):
        start, end = bytes_before[copy.start], bytes_before[copy.end]
        for i, piece in enumerate(pieces, start=1):
            if piece.end <= start or piece.end > end:
                continue
            said = text[copy.start : bytes_before.index(piece.start)] if piece.start > start else ""
            if copy.settled or (said and sum(other.startswith(said) for other in copy.others) == 1):
                found.append((i, copy.kind))
    return found


def measure_copying(model: Transformer, tokenizer: Tokenizer, documents: Iterable[Document]) -> dict[str, Share]:
    """The share of these tokens that the model finds likeliest, by kind, and of all: "everything". The intervals treat
    a document, whose tokens hang together, as one."""
    longest = model.config.context_length
    asked = [(document, copied_tokens(tokenizer, document, longest)) for document in documents]
    asked = [(document, tokens) for document, tokens in asked if tokens]
    texts = [[tokenizer.eot, *tokenizer.encode(document.text)][:longest] for document, _ in asked]
    likeliest = likeliest_tokens(model, texts)
    right = [
        [(kind, row[i - 1] == ids[i]) for i, kind in tokens]
        for ids, row, (_, tokens) in zip(texts, likeliest, asked, strict=True)
    ]
    return {kind: of_clusters(_of_kind(right, kind)) for kind in (*KINDS, "everything")}


def _of_kind(right: Sequence[Sequence[tuple[str, bool]]], kind: str) -> list[list[bool]]:
    rows = [[hit for own, hit in row if kind in (own, "everything")] for row in right]
    return [row for row in rows if row]
