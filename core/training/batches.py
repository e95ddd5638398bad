"""Sequences of token ids as rectangles of inputs and targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

IGNORE = -100  # the target of padding, as F.cross_entropy has it


@dataclass(frozen=True)
class MicroBatch:
    """inputs, targets (B, T) int64; padding has target IGNORE. `rows` says which sequences of the batch these are."""

    inputs: Tensor
    targets: Tensor
    rows: tuple[int, ...]


class Data(Protocol):
    """What the trainer needs to know about its data. `opening`: the token after which samples are written."""

    opening: int

    @property
    def too_long(self) -> int:
        """Documents left out so far because they exceed the context."""

    def batch(self, step: int) -> list[MicroBatch]:
        """The micro-batches of update number `step`."""

    def sequences(self, tokens: int) -> Sequence[Sequence[int] | np.ndarray]:
        """Training data of about `tokens` tokens, for counting; less where there is less."""

    def held_out(self, count: int) -> "HeldOut":
        """`count` sequences that no step trains on."""


@dataclass(frozen=True)
class HeldOut:
    """Held-out sequences, and the kind and true negative log-probability (nats) of each; None for plain text alone."""

    micro_batches: list[MicroBatch]
    kinds: list[str] | None
    true_nats: np.ndarray | None  # (N,) float64, NaN where nobody knows it


def pad_batches(sequences: Sequence[Sequence[int] | np.ndarray], micro_batch_tokens: int) -> list[MicroBatch]:
    """Sort by length and pad into rectangles of at most `micro_batch_tokens` (at least one row each).

    Sequence [a, b, c] has inputs [a, b] and targets [b, c]. A rectangle that is half full is closed early when the
    next row would be more than a seventh padding: smaller ones waste less on padding, larger ones compute faster.
    """
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]), reverse=True)
    batches: list[MicroBatch] = []
    rows: list[int] = []
    width = 0
    for i in order:
        length = len(sequences[i]) - 1
        full = (len(rows) + 1) * width > micro_batch_tokens
        uneven = 7 * length < 6 * width and 2 * len(rows) * width >= micro_batch_tokens
        if rows and (full or uneven):
            batches.append(pad([sequences[r] for r in rows], rows))
            rows = []
        if not rows:
            width = length
        rows.append(i)
    return [*batches, pad([sequences[r] for r in rows], rows)]


def pad(sequences: Sequence[Sequence[int] | np.ndarray], rows: Sequence[int]) -> MicroBatch:
    """One rectangle; the first sequence is the longest."""
    width = len(sequences[0]) - 1
    inputs = np.zeros((len(sequences), width), dtype=np.int64)
    targets = np.full((len(sequences), width), IGNORE, dtype=np.int64)
    for r, ids in enumerate(sequences):
        inputs[r, : len(ids) - 1] = ids[:-1]
        targets[r, : len(ids) - 1] = ids[1:]
    return MicroBatch(torch.from_numpy(inputs), torch.from_numpy(targets), tuple(rows))
