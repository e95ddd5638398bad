"""The visitor's text on its way to the model: limits, and chips that show what cannot be seen. Text is data, always."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.text import Piece, Tokenizer
from pages.ui.literal import literal
from pages.ui.state import DEFAULT_TEXT, clean

MAX_CHARS = 20_000  # more is cut when it arrives: enough for every model here, and no page freezes
EMPTY = "There are no words in the box, so the model reads an example. Type a sentence of your own."


@dataclass(frozen=True)
class Chip:
    """One token as the strip shows it: a visible label, its id if it has one, its bytes in hex, an explanation."""

    label: str
    id: int | None = None
    hex: str = ""
    note: str = ""
    special: bool = False


@dataclass(frozen=True)
class Prepared:
    """A text as the model reads it: ids start with the end-of-text token, because every document in training does."""

    text: str
    ids: tuple[int, ...]
    chips: tuple[Chip, ...]  # one per id
    messages: tuple[str, ...]
    python: str  # the expression that gives the ids, for whoever has `tokenizer`

    @property
    def labels(self) -> list[str]:
        return [chip.label for chip in self.chips]


def visible(text: str) -> str:
    """`text` with a raised dot for a space, ↵ for a line end, ⇥ for a tab, and a picture for each control character."""
    if text.isascii() and text.isprintable():  # the maps show hundreds of words in every run
        return text.replace(" ", "·")
    marks = {" ": "·", "\n": "↵", "\t": "⇥", "\x7f": "␡"}
    return "".join(marks.get(c) or (chr(0x2400 + ord(c)) if c < " " else _visible(c)) for c in text)


def _visible(char: str) -> str:
    """Invisible and direction-changing characters as their code point: a strip must not be turned around by one."""
    return f"⟨U+{ord(char):04X}⟩" if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cn") else char


def chip(piece: Piece) -> Chip:
    """The chip of one piece. Bytes that are only part of a character show as ⟨E2 82⟩."""
    digits = piece.bytes.hex(" ").upper()
    if piece.text is None:
        return Chip(f"⟨{digits}⟩", piece.id, digits, "part of a character")
    return Chip(visible(piece.text), piece.id, digits)


def chips(tokenizer: Tokenizer, ids: Sequence[int]) -> list[Chip]:
    """Chips for any ids, for instance generated ones; special tokens show their name."""
    names = {id: name for name, id in tokenizer.special_tokens.items()}
    made = []
    for id in ids:
        if id in names:
            made.append(Chip(names[id], id, note="special token", special=True))
        else:
            made.append(chip(_piece(id, tokenizer.token_bytes(id))))
    return made


def _piece(id: int, data: bytes) -> Piece:
    return Piece(id=id, bytes=data, start=0, end=len(data))


def start_chip(tokenizer: Tokenizer) -> Chip:
    return Chip("start", tokenizer.eot, note="end-of-text token: every document begins after one", special=True)


def special_names(text: str, tokenizer: Tokenizer) -> list[str]:
    """The special tokens whose names stand in a text."""
    return [name for name in tokenizer.special_tokens if name in text] if "<|" in text else []


@lru_cache(maxsize=32)  # a run of a page asks for the same text several times
def prepare(
    raw: str | None, tokenizer: Tokenizer, context_length: int, special: bool = False, shown: int | None = None
) -> Prepared:
    """Ids and chips of a text, cut to what the model can read, with a message for each thing that was changed.

    `special`: names of special tokens in the text are these tokens, and not their letters. `shown`: the most tokens of
    which the pages can show every number; None: as many as it reads.
    """
    messages = []
    text = whole = clean(raw or "")
    if not text.strip():
        text = whole = DEFAULT_TEXT
        messages.append(EMPTY)
    if len(text) > MAX_CHARS:
        messages.append(f"Only the first {MAX_CHARS:,} of {len(text):,} characters are used.")
        text = text[:MAX_CHARS]
    special = special and bool(special_names(text, tokenizer))
    pieces = tokenizer.pieces(text, special=special)
    room = min(context_length, shown or context_length) - 1
    if len(pieces) > room:
        who = "this model reads" if room == context_length - 1 else "the pages show a model of this size with"
        where = text.encode()[: pieces[room].start].decode("utf-8", "ignore")[-30:]
        where = "".join(c for c in where if not unicodedata.combining(c))  # a pile of accents would cover the page
        messages.append(
            f"The text has {len(pieces):,} tokens and {who} {room:,} at a time: "
            f"it was cut after token {room:,}" + (f", after “…{literal(where)}”." if where.strip() else ".")
        )
        text = text.encode()[: pieces[room].start].decode("utf-8", "ignore")
        pieces = pieces[:room]
    ids = (tokenizer.eot, *(piece.id for piece in pieces))
    made = (start_chip(tokenizer), *(chips(tokenizer, ids[1:]) if special else map(chip, pieces)))
    return Prepared(text, ids, made, tuple(messages), _python(text, whole, ids[1:], tokenizer, special))


def _python(text: str, whole: str, ids: tuple[int, ...], tokenizer: Tokenizer, special: bool) -> str:
    """Python that gives the start token and `ids`. A text cut inside a character or a chunk has other ids by itself: it
    is written a little longer, and its ids cut."""
    also = ", special=True" if special else ""
    if text == whole:
        return f"[tokenizer.eot, *tokenizer.encode({text!r}{also})]"
    for more in (0, 8, 40, 200):
        longer = whole[: len(text) + more]
        found = tokenizer.encode(longer, special=special)
        if tuple(found[: len(ids)]) == ids:
            end = "" if len(found) == len(ids) else f"[:{len(ids)}]"
            return f"[tokenizer.eot, *tokenizer.encode({longer!r}{also}){end}]"
    return repr([tokenizer.eot, *ids])
