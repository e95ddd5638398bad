"""The tokenizer.json of a model made elsewhere: byte-level BPE (GPT-2, Llama 3, Qwen) and SentencePiece-style BPE with
byte fallback (Llama 2, Mistral, TinyLlama).

The cutting is done by Hugging Face's `tokenizers`, from the very file, so that ids are the model's own. What is added
here is what the pages show: the bytes of each token, where it stands, the chunks, the ranks of its merges.
"""

import contextlib
import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import tokenizers

from core.text.bpe import well_formed
from core.text.chat_template import PLAIN, Frame, Message, frame, render
from core.text.errors import TokenizerError
from core.text.export import CHARACTER_OF_BYTE, to_hugging_face
from core.text.tokenizer import ENDOFTEXT, OTHER_FORMATS, Piece, Tokenizer

LARGEST_FILE = 100_000_000  # bytes; the largest in use has about 30 million
BYTE_OF_CHARACTER = {character: byte for byte, character in CHARACTER_OF_BYTE.items()}
SPACE = "▁"  # SentencePiece's sign for a space
STARTS = ("bos_token", "eos_token")
FORMAT = "glassbox-stock-tokenizer-1"  # of `to_json`


class StockTokenizer(Tokenizer):
    """A tokenizer.json. `eot` is the token that documents begin with: its beginning-of-sequence token where it has one,
    else <|endoftext|>, else the end-of-sequence token. `stops`: the tokens that end a text. `rows`: of the model's
    embedding, of which some may belong to no token.

    SentencePiece puts a space before the first word: it belongs to that token, but `decode`, `pieces` and `locate`
    leave it out at the start of a text.
    """

    def __init__(self, spelled: str, config: Mapping[str, Any], name: str) -> None:
        """`spelled`: what tokenizer.json holds; `config`: tokenizer_config.json. TokenizerError says what is wrong."""
        try:
            self._plain, self._special = (tokenizers.Tokenizer.from_str(spelled) for _ in range(2))
            described = json.loads(spelled)
            kind = described["model"]["type"]
        except Exception as error:  # the library raises a bare Exception for whatever it cannot read
            raise TokenizerError(f"tokenizer.json cannot be read: {str(error)[:200]}") from None
        if kind != "BPE":
            raise TokenizerError(f"tokenizer.json has a model of type {kind}; Glassbox reads BPE")
        for one in (self._plain, self._special):
            one.no_truncation()
            one.no_padding()
        self._plain.encode_special_tokens = True  # "<|endoftext|>" in a text is text
        self._byte_level = "ByteLevel" in _types(described.get("decoder")) | _types(described.get("pre_tokenizer"))
        self._added = {one["content"]: one["id"] for one in described.get("added_tokens") or []}
        self._added_ids = set(self._added.values())
        vocabulary = self._plain.get_vocab(with_added_tokens=True)
        self._names = {id: token for token, id in vocabulary.items()}
        self.name, self.bpe = name, None
        self.vocab_size = self.rows = max(self._names) + 1
        self.special_tokens = {
            one["content"]: one["id"] for one in described.get("added_tokens") or [] if one.get("special")
        }
        self.pattern = _pattern(described.get("pre_tokenizer"))
        self.ranks = self._learn_ranks(described["model"]) if self._byte_level else {}
        self._first_space = not self._byte_level and self._begins_with_space()
        self.eot, self.stops = self._ends(config)
        self.chat_template = _template(config.get("chat_template"))
        self._template_tokens = {
            key: str(value.get("content") if isinstance(value, Mapping) else value)
            for key, value in config.items()
            if key.endswith("_token") and isinstance(value, Mapping | str)
        }

    def __repr__(self) -> str:
        kind = "byte-level BPE" if self._byte_level else "SentencePiece-style BPE"
        return f"StockTokenizer({self.name!r}: {kind}, {self.vocab_size:,} ids)"

    def _learn_ranks(self, model: Mapping[str, Any]) -> dict[bytes, int]:
        """By its bytes, when each token was made: single bytes first, then the merges in their order."""
        merges = [pair.split(" ") if isinstance(pair, str) else pair for pair in model.get("merges") or []]
        singles = (token for token in model["vocab"] if len(token) == 1 and token in BYTE_OF_CHARACTER)
        ranks = {bytes([BYTE_OF_CHARACTER[token]]): rank for rank, token in enumerate(singles)}
        for rank, (left, right) in enumerate(merges, 256):
            ranks.setdefault(self._spell(left) + self._spell(right), rank)
        return ranks

    def _begins_with_space(self) -> bool:
        ids = self._plain.encode("a", add_special_tokens=False).ids
        return bool(ids) and self._names[ids[0]].startswith(SPACE)

    def _ends(self, config: Mapping[str, Any]) -> tuple[int, tuple[int, ...]]:
        known = {name: token_id for name in STARTS if (token_id := self._id_of(config.get(name))) is not None}
        end = self._added.get(ENDOFTEXT)
        start = known.get("bos_token", end if end is not None else known.get("eos_token"))
        if start is None:
            raise TokenizerError("the tokenizer names no token that texts begin or end with (bos_token, eos_token)")
        return start, tuple(dict.fromkeys(i for i in (known.get("eos_token"), end, start) if i is not None))

    def _id_of(self, token: object) -> int | None:
        """The id of a token as tokenizer_config.json names it: a string, or a table with its content."""
        content = token.get("content") if isinstance(token, Mapping) else token
        return self._plain.token_to_id(content) if isinstance(content, str) else None

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        chosen = self._special if special else self._plain
        ids: list[int] = chosen.encode(well_formed(text), add_special_tokens=False).ids
        return ids

    def taught(self) -> "StockTokenizer":
        """The same with a chat template: its own, or else a plain one."""
        if self.chat_template is not None:
            return self
        made, names = copy.copy(self), {id: token for token, id in self._added.items()}
        ends = {"bos_token": names.get(self.eot, ""), "eos_token": names.get(self.stops[0], "")}
        made.chat_template, made._template_tokens = PLAIN, self._template_tokens | ends
        return made

    def encode_chat(self, messages: Sequence[Message], *, prompt: bool = False) -> tuple[list[int], list[bool]]:
        """A conversation as the model's own template writes it, or the plain one where it has none: its ids, and which
        of them the assistant wrote.

        `prompt`: ends where the assistant is to answer. TokenizerError: the template refuses the conversation.
        """
        own_or_plain = self.taught()
        text, spans = render(own_or_plain.chat_template or "", messages, own_or_plain._template_tokens, prompt=prompt)
        made = self._special.encode(well_formed(text), add_special_tokens=False)
        own = [any(first <= a and b <= last and a < b for first, last in spans) for a, b in made.offsets]
        return list(made.ids), own

    def frame(self, system: str = "") -> Frame:
        """What the template writes around the words of a talk. TokenizerError: it refuses such a talk."""
        own_or_plain = self.taught()
        return frame(own_or_plain.chat_template or "", own_or_plain._template_tokens, system)

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        return b"".join(piece.bytes for piece in self.locate(ids))

    def token_bytes(self, id: int) -> bytes:
        token = self._names.get(int(id))
        if token is None and 0 <= int(id) < self.rows:
            return f"<unused {int(id)}>".encode()
        if token is None:
            raise TokenizerError(f"the tokenizer {self.name!r} has no token {int(id)}")
        return token.encode("utf-8") if int(id) in self._added_ids else self._spell(token)

    def _spell(self, token: str) -> bytes:
        if self._byte_level:
            try:
                return bytes(BYTE_OF_CHARACTER[character] for character in token)
            except KeyError:
                return token.encode("utf-8")  # a token that no text can make
        if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
            try:
                return bytes([int(token[3:5], 16)])
            except ValueError:
                pass
        return token.replace(SPACE, " ").encode("utf-8")

    def locate(self, ids: Iterable[int]) -> list[Piece]:
        pieces: list[Piece] = []
        start = 0
        for id in ids:
            data = self.token_bytes(id)
            if self._first_space and not pieces and id not in self._added_ids and data.startswith(b" "):
                data = data[1:]
            pieces.append(Piece(int(id), data, start, start + len(data)))
            start += len(data)
        return pieces

    def split(self, text: str) -> list[str]:
        """The chunks that merges do not cross: the whole text where nothing cuts it before."""
        text, cutter = well_formed(text), self._plain.pre_tokenizer
        if cutter is None or not self._byte_level:
            return [text] if text else []
        ends = [end for _, (_, end) in cutter.pre_tokenize_str(text)]
        borders = [0, *sorted(set(ends) | {len(text)})]
        return [text[a:b] for a, b in pairwise(borders) if a < b]

    def to_json(self) -> dict[str, Any]:
        """Its tokenizer.json as it is, with what its tokenizer_config.json says of chats and of single tokens."""
        return {"format": FORMAT, "name": self.name, "config": self.config, "stops": self.stops, "rows": self.rows,
                "tokenizer": self.spelled}  # fmt: skip

    @property
    def spelled(self) -> dict[str, Any]:
        """What tokenizer.json holds."""
        found: dict[str, Any] = json.loads(self._special.to_str())
        return found

    @property
    def config(self) -> dict[str, Any]:
        """What tokenizer_config.json says of chats and of single tokens."""
        template = {} if self.chat_template is None else {"chat_template": self.chat_template}
        return self._template_tokens | template

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "StockTokenizer":
        """The tokenizer that `to_json` described. TokenizerError, which says what is wrong, for anything else."""
        config, stops, rows = (data.get(name) for name in ("config", "stops", "rows"))
        if not isinstance(config, Mapping) or not isinstance(stops, list | tuple) or type(rows) is not int:
            raise TokenizerError('not a Glassbox tokenizer: the field "config", "stops" or "rows" is missing')
        made = cls(json.dumps(data.get("tokenizer"), ensure_ascii=False), config, str(data.get("name")))
        made.stops, made.rows = tuple(int(id) for id in stops) or made.stops, rows
        return made


OTHER_FORMATS[FORMAT] = StockTokenizer.from_json


def tokenizer_json(tokenizer: Tokenizer) -> dict[str, Any]:
    """What the tokenizer.json of any tokenizer holds. TokenizerError: see `to_hugging_face`."""
    return tokenizer.spelled if isinstance(tokenizer, StockTokenizer) else to_hugging_face(tokenizer)


def load_stock(folder: Path, name: str) -> StockTokenizer:
    """The tokenizer of a folder in Hugging Face's layout. TokenizerError: none, or not one that can be read."""
    path = folder / "tokenizer.json"
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise TokenizerError(f"tokenizer.json has {path.stat().st_size:,} bytes, more than any tokenizer needs")
        spelled = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TokenizerError(
            "tokenizer.json is missing (AutoTokenizer.from_pretrained(…).save_pretrained(folder) writes it)"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise TokenizerError(f"tokenizer.json cannot be read: {error}") from None
    return StockTokenizer(spelled, read_config(folder), name)


def read_config(folder: Path) -> dict[str, Any]:
    """tokenizer_config.json, completed by special_tokens_map.json; {} where neither is there."""
    found: dict[str, Any] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        try:
            read = json.loads((folder / name).read_bytes())
        except FileNotFoundError:
            continue
        except (OSError, ValueError, RecursionError) as error:
            raise TokenizerError(f"{name} cannot be read: {error}") from None
        if not isinstance(read, dict):
            raise TokenizerError(f"{name} must hold a JSON object")
        found |= {key: value for key, value in read.items() if value is not None}
    with contextlib.suppress(OSError, UnicodeDecodeError):  # newer versions write it into a file of its own
        found["chat_template"] = (folder / "chat_template.jinja").read_text(encoding="utf-8")
    return found


def _template(found: object) -> str | None:
    """The chat template of a tokenizer_config.json: a string, or one of several that have names."""
    if isinstance(found, list):
        named = {one.get("name"): one.get("template") for one in found if isinstance(one, Mapping)}
        found = named.get("default", next(iter(named.values()), None))
    return found if isinstance(found, str) else None


def _types(part: object) -> set[str]:
    """The types of a part of tokenizer.json and of the parts inside it."""
    if isinstance(part, Mapping):
        return {str(part.get("type"))} | {kind for value in part.values() for kind in _types(value)}
    return {kind for value in part for kind in _types(value)} if isinstance(part, list) else set()


def _pattern(part: object) -> str:
    """The first regular expression that cuts the text; "" where there is none."""
    if isinstance(part, Mapping):
        if isinstance(part.get("Regex"), str):
            return str(part["Regex"])
        return next((found for value in part.values() if (found := _pattern(value))), "")
    return next((found for value in part if (found := _pattern(value))), "") if isinstance(part, list) else ""
