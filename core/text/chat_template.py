"""Chat templates: how a model that was taught to answer writes a conversation down, and which part is its own.

A template is a program in Jinja that came with the model. It runs in Jinja's immutable sandbox, with a limit on what it
may write, and sees nothing but the messages and the names of the special tokens.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.text.errors import TokenizerError

MAX_WRITTEN = 1_000_000  # characters
Message = Mapping[str, str]
OPEN, CLOSE = "\ue000", "\ue001"  # private characters around what the template itself marks as the assistant's


class Generation(Extension):
    """`{% generation %}…{% endgeneration %}`: what the assistant writes."""

    tags = {"generation"}  # noqa: RUF012 (Jinja's own way)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_marked"), [], [], body).set_lineno(line)

    def _marked(self, caller: Any) -> str:  # noqa: ANN401 (Jinja's macro)
        return f"{OPEN}{caller()}{CLOSE}"


def render(
    template: str, messages: Sequence[Message], tokens: Mapping[str, str], *, prompt: bool = False
) -> tuple[str, list[tuple[int, int]]]:
    """The conversation as text, and the spans [start, end) of characters that are the assistant's.

    `tokens`: bos_token and the like. `prompt`: ends with what stands before the next answer. Where the template does
    not mark the spans, they are found by writing the conversation up to each answer. TokenizerError: the template is
    broken, refuses the messages, or writes too much.
    """
    written = _write(template, messages, tokens, prompt)
    if OPEN in written:
        return _unmark(written)
    spans = []
    for i, message in enumerate(messages):
        if message.get("role") != "assistant":
            continue
        before = _write(template, messages[:i], tokens, True)
        after = _write(template, messages[: i + 1], tokens, False)
        if not written.startswith(after) or not after.startswith(before):
            return written, _by_content(written, messages)
        spans.append((len(before), len(after)))
    return written, spans


def _write(template: str, messages: Sequence[Message], tokens: Mapping[str, str], prompt: bool) -> str:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)
    environment.globals |= {"raise_exception": _refuse, "strftime_now": lambda form: datetime.now().strftime(form)}
    clean = [{key: _plain(value) for key, value in message.items()} for message in messages]
    parts, size = [], 0
    try:
        made = environment.from_string(template)
        for part in made.generate(messages=clean, add_generation_prompt=prompt, **tokens):
            parts.append(part)
            size += len(part)
            if size > MAX_WRITTEN:
                raise TokenizerError("the chat template writes more than any conversation has")
    except TokenizerError:
        raise
    except (
        TemplateError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise TokenizerError(f"the chat template cannot write this: {str(error)[:200]}") from None
    return "".join(parts)


def _plain(text: str) -> str:
    return text.replace(OPEN, "\ufffd").replace(CLOSE, "\ufffd")


def _refuse(message: str) -> None:
    raise TemplateError(str(message))


def _unmark(written: str) -> tuple[str, list[tuple[int, int]]]:
    text, spans = "", []
    for number, part in enumerate(written.split(OPEN)):
        own, _, rest = part.partition(CLOSE) if number else ("", "", part)
        if number:
            spans.append((len(text), len(text) + len(own)))
        text += own + rest
    return text, spans


def _by_content(written: str, messages: Sequence[Message]) -> list[tuple[int, int]]:
    """Where each answer stands, in order, for a template that writes an answer otherwise once more comes after it."""
    spans, at = [], 0
    for message in messages:
        content = _plain(message.get("content") or "").strip()
        start = written.find(content, at)
        if start < 0:
            raise TokenizerError("the chat template changes what is said: the assistant's part cannot be told")
        at = start + len(content)
        if message.get("role") == "assistant":
            spans.append((start, at))
    return spans
