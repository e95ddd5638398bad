"""How much models have read for one caller.

    with counted(tally):
        run_trace(model, ids)
    tally.tokens, tally.flops

The tally belongs to whoever reads, as a tap does; a model keeps nothing. It follows its caller through a thread, not
into others. No torch here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from core.model.config import ModelConfig


@dataclass
class Tally:
    """Tokens that models read, one for each forward pass of it, and the operations of that: 2 for each parameter and
    token (Kaplan et al. 2020, arXiv:2001.08361)."""

    tokens: float = 0.0
    flops: float = 0.0


_open: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def counted(tally: Tally) -> Iterator[None]:
    """Adds to the tally what this thread has models read within."""
    before = _open.set(tally)
    try:
        yield
    finally:
        _open.reset(before)


def count(config: ModelConfig, tokens: float) -> None:
    """A model of this shape reads so many tokens; of a token that passes through half of the blocks a half."""
    if tally := _open.get():
        tally.tokens += tokens
        tally.flops += 2.0 * _parameters(config) * tokens


@lru_cache(maxsize=64)
def _parameters(config: ModelConfig) -> int:
    return config.parameter_count()["total"]
