"""Chats as people write them down, {"messages": [{"role": …, "content": …}, …]} on each line of a JSONL file, and as a
model reads them: a special token for whose turn it is, the words, <|end|>; one that was made elsewhere, as its own
template writes them.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from core.files import json_lines
from core.text import Tokenizer
from core.text.errors import TokenizerError
from core.text.stock import StockTokenizer
from core.tuning.mask import assistant_mask

ROLES = ("system", "user", "assistant")
END = "<|end|>"
Turn = tuple[str, str]  # (role, what is said)
Chat = tuple[Turn, ...]
_TURN = re.compile(rf"<\|({'|'.join(ROLES)})\|>(.*?)<\|end\|>", re.DOTALL)


class Marked(NamedTuple):
    """The ids of a chat, and which of them the assistant wrote."""

    ids: list[int]
    counts: list[bool]


class ChatError(ValueError):
    """No chat that a model could learn from; the message says what to do."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line (from 1) of a file."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


def read_jsonl(text: str) -> tuple[list[Chat], list[Problem]]:
    """The chats of a JSONL file, and what is wrong with each line that is none. Empty lines are passed over."""
    chats, problems = [], []
    for number, line in enumerate(text.split("\n"), start=1):  # not splitlines: U+0085 may stand in a text
        if not line.strip():
            continue
        try:
            chats.append(read_chat(json.loads(line)))
        except ChatError as error:
            problems.append(Problem(number, str(error)))
        except (json.JSONDecodeError, RecursionError) as error:
            where = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
            problems.append(Problem(number, f"this is not JSON{where}: each line must be one whole JSON object"))
    return chats, problems


def read_chat(value: Any) -> Chat:  # noqa: ANN401 (whatever JSON may hold)
    """A chat from parsed JSON. Raises ChatError."""
    messages = value.get("messages") if isinstance(value, dict) else None
    if not isinstance(messages, list) or not messages:
        raise ChatError('no "messages": a chat is {"messages": [{"role": "user", "content": "…"}, …]}')
    turns = []
    for number, message in enumerate(messages, start=1):
        role = message.get("role") if isinstance(message, dict) else None
        said = message.get("content") if isinstance(message, dict) else None
        if role not in ROLES:
            raise ChatError(f"message {number} has the role {str(role)[:30]!r}: it must be one of {', '.join(ROLES)}")
        if not isinstance(said, str) or not said.strip():
            raise ChatError(f'message {number} says nothing: its "content" must be a text')
        turns.append((str(role), said.strip()))
    if all(role != "assistant" for role, _ in turns):
        raise ChatError("no turn of the assistant: there would be nothing to learn")
    return tuple(turns)


def write_jsonl(chats: Sequence[Chat]) -> str:
    """What `read_jsonl` reads."""
    return json_lines({"messages": [{"role": role, "content": said} for role, said in chat]} for chat in chats)


def turns_of(text: str) -> Chat:
    """The turns of one of Tinyland's chats, which names its special tokens."""
    return tuple((role, said) for role, said in _TURN.findall(text))


def mark_chat(tokenizer: Tokenizer, chat: Chat) -> Marked:
    """A chat as it teaches. Raises ChatError where the tokenizer cannot write it."""
    if isinstance(tokenizer, StockTokenizer):
        return _by_template(tokenizer, chat)
    ids, special = encode_chat(tokenizer, chat), tokenizer.special_tokens
    return Marked(ids, assistant_mask(ids, special[token_of("assistant")], special[END]))


def encode_question(tokenizer: Tokenizer, chat: Chat) -> list[int]:
    """The ids of a chat up to where its last answer begins. Raises ChatError where the tokenizer cannot write it."""
    last = max(i for i, (role, _) in enumerate(chat) if role == "assistant")
    if isinstance(tokenizer, StockTokenizer):
        return _by_template(tokenizer, chat[:last], prompt=True).ids
    return [*encode_chat(tokenizer, chat[:last])[:-1], tokenizer.special_tokens[token_of("assistant")]]


def answer_stops(tokenizer: Tokenizer) -> tuple[int, ...]:
    """The tokens that end an answer."""
    end = tokenizer.special_tokens.get(END)
    return tokenizer.stops if end is None else (end, *tokenizer.stops)


def _by_template(tokenizer: StockTokenizer, chat: Chat, *, prompt: bool = False) -> Marked:
    try:
        return Marked(*tokenizer.encode_chat([{"role": role, "content": said} for role, said in chat], prompt=prompt))
    except TokenizerError as error:
        raise ChatError(f"{error}") from None


def encode_chat(tokenizer: Tokenizer, chat: Chat) -> list[int]:
    """The ids of a chat, with the token that begins and ends every document. What looks like a special token within a
    message is only text. Raises ChatError when the vocabulary has no tokens for chats."""
    special = tokenizer.special_tokens
    if missing := [token for token in (*map(token_of, ROLES), END) if token not in special]:
        raise ChatError(f"chats need the special tokens {' and '.join(missing)}, which this tokenizer lacks")
    ids = [tokenizer.eot]
    for role, said in chat:
        ids += [special[token_of(role)], *tokenizer.encode(said), special[END]]
    return [*ids, tokenizer.eot]


def token_of(role: str) -> str:
    """The special token that begins a turn."""
    return f"<|{role}|>"
