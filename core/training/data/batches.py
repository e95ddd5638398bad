"""Sequences of token ids as rectangles of inputs and targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from core.tuning.log_probs import IGNORE as IGNORE

WIDTHS = 8  # rectangles are as wide as a multiple of this, so that few shapes occur


@dataclass(frozen=True)
class MicroBatch:
    """inputs, targets (B, T) int64; padding has target IGNORE. `rows` says which sequences of the batch these are; rows
    after them are padding, `lengths` how many tokens each of them reads: more than its targets where a mask leaves some
    out of the loss."""

    inputs: Tensor
    targets: Tensor
    rows: tuple[int, ...]
    lengths: tuple[int, ...]


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


def pad_batches(
    sequences: Sequence[Sequence[int] | np.ndarray],
    micro_batch_tokens: int,
    most: int | None = None,
    masks: Sequence[Sequence[bool]] | None = None,
) -> list[MicroBatch]:
    """Sort by length and pad into rectangles of at most `micro_batch_tokens` (at least one row each).

    Sequence [a, b, c] has inputs [a, b] and targets [b, c]. `most`: how wide a rectangle may be, at least the longest
    sequence less one. `masks`: which tokens of each sequence count in the loss; None: all.

    Shapes come again: oneDNN plans every matrix product anew for a shape that it has not met, which took as long as
    the products themselves (measured: 0.98 s an update with ever new shapes, 0.46 s with known ones). So widths are
    multiples of WIDTHS, and rows are a round number, the last of them perhaps without a target. A rectangle that is
    half full is closed early where the next row would be more than a seventh padding.
    """
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]), reverse=True)
    most = len(sequences[order[0]]) - 1 if most is None else most
    batches: list[MicroBatch] = []
    rows: list[int] = []
    width = full = 0

    def rectangle() -> MicroBatch:
        return pad([sequences[r] for r in rows], rows, width, full, [masks[r] for r in rows] if masks else None)

    for i in order:
        length = len(sequences[i]) - 1
        uneven = 7 * length < 6 * width and 2 * len(rows) >= full and len(rows) == round_up(len(rows))
        if rows and (len(rows) == full or uneven):
            batches.append(rectangle())
            rows = []
        if not rows:
            width = min(-(-length // WIDTHS) * WIDTHS, most)
            full = max(1, micro_batch_tokens // width)
        rows.append(i)
    return [*batches, rectangle()]


def round_up(rows: int) -> int:
    """The next number with three significant bits: 1, 2, …, 8, 10, 12, 14, 16, 20, …"""
    unit = 1 << max(0, rows.bit_length() - 3)
    return -(-rows // unit) * unit


def pad(
    sequences: Sequence[Sequence[int] | np.ndarray],
    rows: Sequence[int],
    width: int,
    full: int,
    masks: Sequence[Sequence[bool]] | None = None,
) -> MicroBatch:
    """One rectangle of this width, of a round number of rows or `full`."""
    height = min(round_up(len(sequences)), full)
    inputs = np.zeros((height, width), dtype=np.int64)
    targets = np.full((height, width), IGNORE, dtype=np.int64)
    for r, ids in enumerate(sequences):
        inputs[r, : len(ids) - 1] = ids[:-1]
        targets[r, : len(ids) - 1] = ids[1:] if masks is None else np.where(masks[r][1:], ids[1:], IGNORE)
    lengths = tuple(len(ids) - 1 for ids in sequences)
    return MicroBatch(torch.from_numpy(inputs), torch.from_numpy(targets), tuple(rows), lengths)
