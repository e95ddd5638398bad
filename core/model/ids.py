"""The door for token ids: whole numbers of the vocabulary, at least one, and no more than there is room for.

Everything that reads tokens asks here first. No torch, and nothing behind this door needs to check again: compiled code
that is given an id outside the vocabulary reads and writes memory that is not its own.
"""

from collections.abc import Iterable
from operator import index
from typing import SupportsIndex

from core.model.config import ModelConfig


def checked_ids(
    ids: Iterable[SupportsIndex], config: ModelConfig, room: int | None = None, least: int = 1
) -> list[int]:
    """ids, a sequence or an array (T,), as a list of T ints. `room`: the most there may be; None: the context.

    ValueError: fewer than `least`, too many, not whole numbers, or outside the vocabulary.
    """
    try:
        values = [_whole(value) for value in (ids.tolist() if hasattr(ids, "tolist") else ids)]
    except TypeError:
        raise ValueError(f"token ids must be one sequence of whole numbers, not {_short(ids)}") from None
    if len(values) < least:
        raise ValueError(
            "ids is empty: at least one token is needed (a document starts with the one for <|endoftext|>)"
        )
    most = config.context_length if room is None else room
    if len(values) > most:
        fits = f" the context of {most} (1 to {most} do): cut the text first" if room is None else ""
        raise ValueError(f"{len(values)} tokens do not fit{fits or f': there is room for {max(most, 0)}'}")
    if any(not 0 <= value < config.vocab_size for value in values):
        raise ValueError(f"token ids must lie from 0 to {config.vocab_size - 1}")
    return values


def checked_id(id: SupportsIndex, config: ModelConfig) -> int:
    """One id as an int. ValueError: not a whole number, or outside the vocabulary."""
    return checked_ids([id], config, room=1)[0]


def checked_count(name: str, value: SupportsIndex, least: int = 0) -> int:
    """A whole number of at least `least`, as an int. ValueError, with the name of the argument, for anything else."""
    try:
        count = _whole(value)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, not {_short(value)}") from None
    if count < least:
        wanted = "must not be negative" if least == 0 else f"must be at least {least}"
        raise ValueError(f"{name} {wanted}, and is {count}")
    return count


def checked_place(what: str, value: SupportsIndex, count: int) -> int:
    """A place among `count`, as an int; a negative one is none. ValueError: "layers lie between 0 and 5, not 6"."""
    try:
        place = _whole(value)
    except TypeError:
        place = -1
    if not 0 <= place < count:
        raise ValueError(f"{what}s lie between 0 and {count - 1}, not {_short(value)}")
    return place


def _whole(value: SupportsIndex) -> int:
    if isinstance(value, bool):
        raise TypeError
    return index(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
