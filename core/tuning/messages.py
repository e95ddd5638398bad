"""Chats as people write them down, {"messages": [{"role": …, "content": …}, …]} on each line of a JSONL file, and as a
model reads them: a special token for whose turn it is, the words, <|end|>.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.files import json_lines
from core.text import Tokenizer

ROLES = ("system", "user", "assistant")
END = "<|end|>"
Turn = tuple[str, str]  # (role, what is said)
Chat = tuple[Turn, ...]


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
