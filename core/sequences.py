"""Sequences side by side: texts, bytes or token ids. No torch here."""

from collections.abc import Sequence


def common_beginning(one: Sequence[object], other: Sequence[object]) -> int:
    """With how many items both begin."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
