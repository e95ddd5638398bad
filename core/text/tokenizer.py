"""`Tokenizer`: a `tiktoken.Encoding` with special tokens, byte offsets and a JSON form of its own."""

import base64
import binascii
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import regex
import tiktoken

from core.files import write_atomically
from core.text import bpe as bpe_module
from core.text import tiktoken_privates
from core.text.bpe import Bpe, Merge, well_formed
from core.text.errors import TokenizerError
from core.text.rank_files import load_encoding

ENDOFTEXT = "<|endoftext|>"
SPECIAL_TOKENS = (ENDOFTEXT, "<|system|>", "<|user|>", "<|assistant|>", "<|end|>")
T = TypeVar("T")
_FORMAT = "glassbox-tokenizer-1"
OTHER_FORMATS: "dict[str, Callable[[Mapping[str, Any]], Tokenizer]]" = {}  # what reads the JSON form of another kind
_LONG_BLANK = regex.compile(r"\s{100000}")


@dataclass(frozen=True)
class Piece:
    """One token of a text. `start` and `end` are byte offsets into the text's UTF-8 form: its bytes are [start:end]."""

    id: int
    bytes: bytes
    start: int
    end: int

    @property
    def text(self) -> str | None:
        """The token as text, None when its bytes are not whole UTF-8 characters (part of an emoji, for example)."""
        try:
            return self.bytes.decode("utf-8")
        except UnicodeDecodeError:
            return None


class Tokenizer:
    """Text to token ids and back, for our own vocabularies and the public ones.

    In every method a str with lone surrogates (which has no UTF-8 form) is taken with U+FFFD in their place.
    With `special=False` strings such as "<|endoftext|>" are ordinary text; with `special=True` they are one token each.
    """

    def __init__(self, encoding: tiktoken.Encoding, bpe: Bpe | None = None) -> None:
        """Wrap an encoding; `bpe` is the training it came from, None for a public one. It must have <|endoftext|>."""
        self.encoding = encoding
        self.bpe = bpe
        self.name: str = encoding.name
        self.vocab_size: int = encoding.n_vocab  # highest id + 1
        self.special_tokens: dict[str, int] = tiktoken_privates.special_tokens(encoding)
        self.pattern: str = tiktoken_privates.pattern(encoding)
        self.ranks: dict[bytes, int] = tiktoken_privates.ranks(encoding)
        if ENDOFTEXT not in self.special_tokens:
            raise TokenizerError(f"the tokenizer {self.name!r} lacks the special token {ENDOFTEXT}")
        self.eot: int = self.special_tokens[ENDOFTEXT]
        self.stops: tuple[int, ...] = (self.eot,)  # what ends a text

    def __repr__(self) -> str:
        trained = "" if self.bpe is None else f", {len(self.bpe.merges):,} merges"
        return f"Tokenizer({self.name!r}: {self.vocab_size:,} ids, {len(self.special_tokens)} of them special{trained})"

    @classmethod
    def from_bpe(cls, bpe: Bpe, name: str, special_tokens: Iterable[str] = SPECIAL_TOKENS) -> "Tokenizer":
        """A trained vocabulary; the special tokens get the ids after the last rank, in the given order."""
        special = {token: len(bpe.ranks) + i for i, token in enumerate(dict.fromkeys(special_tokens))}
        encoding = tiktoken.Encoding(name, pat_str=bpe.pattern, mergeable_ranks=dict(bpe.ranks), special_tokens=special)
        return cls(encoding, bpe)

    @classmethod
    def byte_tokenizer(cls, name: str = "bytes") -> "Tokenizer":
        """The 256 bytes and the special tokens: nothing to train."""
        return cls.from_bpe(Bpe.from_merges(()), name)

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text."""
        text = well_formed(text)
        if _LONG_BLANK.search(text):
            return self._encode_by_chunk(text, special)
        if special:
            return self.encoding.encode(text, allowed_special="all")
        return self.encoding.encode_ordinary(text)

    def _encode_by_chunk(self, text: str, special: bool) -> list[int]:
        """The same ids without tiktoken's pattern matcher, whose stack overflows within a million spaces in a row."""
        names = "|".join(map(regex.escape, self.special_tokens))
        ids: list[int] = []
        for part in regex.split(f"({names})", text) if special else [text]:
            if special and part in self.special_tokens:
                ids.append(self.special_tokens[part])
                continue
            for chunk in self.split(part):
                ids += tiktoken_privates.ids_of_chunk(self.encoding, chunk.encode("utf-8"))
        return ids

    def encode_batch(self, texts: Iterable[str], *, special: bool = False) -> list[list[int]]:
        """The ids of each text. One thread: handing short documents to a pool costs more than encoding them."""
        return [self.encode(text, special=special) for text in texts]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids; bytes that are not UTF-8 become U+FFFD. TokenizerError for an unknown id."""
        return self.decode_bytes(ids).decode("utf-8", errors="replace")

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of the ids. TokenizerError for an id out of the vocabulary."""
        ids = [int(i) for i in ids]
        try:
            return self.encoding.decode_bytes(ids)
        except (KeyError, OverflowError):
            return b"".join(map(self.token_bytes, ids))  # raises, and names the id

    def token_bytes(self, id: int) -> bytes:
        """The bytes of one token; a special token's are its name. TokenizerError for an id out of the vocabulary."""
        try:
            return self.encoding.decode_single_token_bytes(int(id))
        except (KeyError, OverflowError):
            raise TokenizerError(f"the tokenizer {self.name!r} has no token {int(id)}") from None

    def pieces(self, text: str, *, special: bool = False) -> list[Piece]:
        """The tokens of a text with their bytes and byte offsets; their bytes joined are the text's UTF-8 form."""
        return self.locate(self.encode(text, special=special))

    def locate(self, ids: Iterable[int]) -> list[Piece]:
        """The tokens with their bytes and byte offsets in the text that they spell. TokenizerError: no such id."""
        pieces, start = [], 0
        for id in ids:
            token = self.token_bytes(id)
            pieces.append(Piece(id, token, start, start + len(token)))
            start += len(token)
        return pieces

    def split(self, text: str) -> list[str]:
        """The chunks that the pattern cuts a text into; no token crosses two of them."""
        return bpe_module.split(text, self.pattern)

    def replay(self, chunk: str) -> list[list[bytes]]:
        """The successive splittings of one chunk, from bytes to tokens; see `core.text.bpe.replay`."""
        return bpe_module.replay(self.ranks, well_formed(chunk).encode("utf-8"))

    def to_json(self) -> dict[str, Any]:
        """A JSON-able dict that `from_json` reads. A public encoding gives its name only."""
        if self.bpe is None:
            return {"format": _FORMAT, "public": self.name}
        ranks = self.bpe.ranks
        by_rank = sorted(ranks, key=ranks.__getitem__)
        return {
            "format": _FORMAT,
            "name": self.name,
            "pattern": self.pattern,
            "special_tokens": sorted(self.special_tokens, key=self.special_tokens.__getitem__),
            "tokens": [base64.b64encode(token).decode("ascii") for token in by_rank],  # token i has rank i
            "merges": [[ranks[m.left], ranks[m.right], m.rank, m.count] for m in self.bpe.merges],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Tokenizer":
        """The tokenizer that `to_json` described. TokenizerError, which says what is wrong, for anything else."""
        if isinstance(data, Mapping) and data.get("format") in OTHER_FORMATS:
            return OTHER_FORMATS[str(data["format"])](data)
        if not isinstance(data, Mapping) or data.get("format") != _FORMAT:
            raise TokenizerError(f'not a Glassbox tokenizer: the field "format" is not {_FORMAT!r}')
        if "public" in data:
            return cls(load_encoding(_field(data, "public", str)))
        tokens = _read_tokens(_field(data, "tokens", list))
        special = _field(data, "special_tokens", list)
        if not all(isinstance(token, str) and token for token in special) or len(set(special)) < len(special):
            raise TokenizerError("the special tokens of the tokenizer must be distinct, non-empty strings")
        merges = tuple(_read_merge(tokens, entry) for entry in _field(data, "merges", list))
        trained = Bpe({token: rank for rank, token in enumerate(tokens)}, merges, _field(data, "pattern", str))
        try:
            return cls.from_bpe(trained, _field(data, "name", str), special)
        except TokenizerError:
            raise
        except ValueError as error:  # tiktoken: the pattern does not compile
            raise TokenizerError(f"the tokenizer cannot be built: {error}") from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `to_json` to a file, which appears whole or not at all."""
        write_atomically(Path(path), json.dumps(self.to_json()).encode("utf-8"))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Tokenizer":
        """Read a file that `save` wrote. TokenizerError when it is missing or damaged."""
        where = f"{Path(path).parent.name}/{Path(path).name}"
        try:
            data = json.loads(Path(path).read_bytes())
        except OSError as error:
            raise TokenizerError(f"cannot read the tokenizer {where}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise TokenizerError(f"the tokenizer {where} is not JSON: {error}") from None
        return cls.from_json(data)


def _field(data: Mapping[str, Any], name: str, kind: type[T]) -> T:
    found = data.get(name)
    if not isinstance(found, kind):
        raise TokenizerError(f'the field "{name}" of the tokenizer is missing or not a {kind.__name__}')
    return found


def _read_tokens(encoded: list[Any]) -> list[bytes]:
    """The tokens by rank: valid base64, distinct, none empty, all 256 bytes among them."""
    try:
        tokens = [base64.b64decode(token, validate=True) for token in encoded]
    except (TypeError, ValueError, binascii.Error):
        raise TokenizerError("a token of the tokenizer is not base64") from None
    if not all(tokens) or len(set(tokens)) < len(tokens):
        raise TokenizerError("the tokenizer has an empty token, or one token twice")
    missing = {bytes([byte]) for byte in range(256)} - set(tokens)
    if missing:
        raise TokenizerError(f"the tokenizer lacks {len(missing)} of the 256 single bytes: it cannot spell every text")
    return tokens


def _read_merge(tokens: list[bytes], entry: object) -> Merge:
    """A merge from [left, right, rank, count], whose tokens must be in the vocabulary and fit together."""
    if isinstance(entry, list) and len(entry) == 4 and all(type(number) is int for number in entry):
        left, right, rank, count = entry
        in_range = max(left, right) < rank < len(tokens) and min(left, right, count) >= 0
        if in_range and tokens[left] + tokens[right] == tokens[rank]:
            return Merge(tokens[left], tokens[right], rank, count)
    raise TokenizerError(f"the tokenizer has a merge that does not fit its tokens: {entry!r}")
