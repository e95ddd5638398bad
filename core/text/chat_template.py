"""Chat templates: how a model that was taught to answer writes a conversation down, and which part is its own.

A template is a program in Jinja that came with the model. It runs in Jinja's immutable sandbox, with a limit on what it
may write, and sees nothing but the messages and the names of the special tokens.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.sequences import common_beginning
from core.text.errors import TokenizerError

MAX_WRITTEN = 1_000_000  # characters
Message = Mapping[str, str]
# For a model that came without one: who speaks by name, and what ends a text ends an answer.
PLAIN = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'system' %}{{ message.content + '\n\n' }}"
    "{% elif message.role == 'user' %}{{ 'User: ' + message.content + '\n\n' }}"
    "{% else %}{{ 'Assistant:' }}{% generation %}{{ ' ' + message.content + eos_token }}{% endgeneration %}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
OPEN, CLOSE = "\ue000", "\ue001"  # private characters around what the template itself marks as the assistant's


@dataclass(frozen=True)
class Frame:
    """What a template writes around the words of a talk: before the first of the user's, after each of them up to where
    the answer begins (perhaps with a space), and between an answer and the next of the user's words."""

    opening: str
    closing: str
    between: str


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


def frame(template: str, tokens: Mapping[str, str], system: str = "") -> Frame:
    """Found by writing talks that differ in one letter. TokenizerError: the template refuses such a talk, or does not
    write its turns one after the other."""

    def written(*said: str) -> str:
        talk = [{"role": ("user", "assistant")[i % 2], "content": words} for i, words in enumerate(said)]
        start = [{"role": "system", "content": system}] if system else []
        return render(template, [*start, *talk], tokens, prompt=True)[0]

    opening = _same_start(written("a"), written("b"))
    closing = written("a")[len(opening) + 1 :]
    ends = [written("a", answer, "a")[::-1] for answer in "bc"]
    between = _same_start(*ends)[::-1].removesuffix(f"a{closing}")
    first, whole, last = f"{opening}a{closing}", written("a", "b", "a"), f"b{between}a{closing}"
    answer = whole.removeprefix(first).removesuffix(last)
    if written("a") != first or f"{first}{answer}{last}" != whole or answer.strip():  # a space may begin it
        raise TokenizerError("the chat template does not write one turn after the other")
    return Frame(opening, closing, between)


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


def _same_start(one: str, other: str) -> str:
    return one[: common_beginning(one, other)]


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
