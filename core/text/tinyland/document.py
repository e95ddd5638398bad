"""A Tinyland document, and the truth about it."""

import re
from dataclasses import dataclass

from core.text.tinyland.forms import PRONOUN_FORMS
from core.text.tinyland.grammar import Derivation
from core.text.tinyland.vocabulary import Reason

_REPLY = re.compile(r"<\|assistant\|>(.*?<\|end\|>)", re.DOTALL)
NO_ENTITIES = PRONOUN_FORMS | {"sign"}


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of the text, and the name of what stands there."""

    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Document:
    """One text of the world.

    log_prob: natural logarithm of the probability that the generator writes exactly this document, its kind and its
    end included. Every document has one derivation, so the mean of -log_prob is the entropy of the generator: no model
    can have a lower expected loss.
    """

    text: str
    kind: str
    derivation: Derivation
    log_prob: float

    @property
    def entities(self) -> list[Span]:
        """Words and names that stand for something of the world, by name."""
        return [
            Span(start, end, str(value))
            for start, end, name, value, form in self.derivation.marks
            if name != "answer" and form not in NO_ENTITIES and not isinstance(value, int)
        ]

    @property
    def pronouns(self) -> list[Span]:
        """Each pronoun with the one it stands for."""
        found = []
        for start, end, name, value, form in self.derivation.marks:
            if name != "answer" and form in PRONOUN_FORMS:
                found.append(Span(start, _pronoun_end(start, end, value), referent(value)))
        return found

    @property
    def answers(self) -> list[Span]:
        """What can be known from the text before it (or from the facts of the world): the spans worth asking for."""
        return [
            Span(start, end, self.text[start:end])
            for start, end, name, _, _ in self.derivation.marks
            if name == "answer"
        ]

    @property
    def replies(self) -> list[Span]:
        """What the assistant writes in a chat, the <|end|> of each turn included: the part that fine-tuning learns."""
        return [Span(found.start(1), found.end(1), found[1]) for found in _REPLY.finditer(self.text)]

    @property
    def claims(self) -> tuple[tuple[str, str, str], ...]:
        """(subject, relation, value) of every fact that the document states."""
        claims: tuple[tuple[str, str, str], ...] = self.derivation.env.get("claims", ())
        return claims


def _pronoun_end(start: int, end: int, value: object) -> int:
    return start + len(value.who.pronoun) if isinstance(value, Reason) else end


def referent(value: object) -> str:
    return str(value.who if isinstance(value, Reason) else value)
