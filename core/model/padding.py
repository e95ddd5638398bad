"""Texts of several lengths as one batch."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor


def pad(texts: Iterable[Sequence[int]]) -> Tensor:
    """The ids of at least one text as (B, T) int64, each filled up with 0 at its end: no token of a causal model sees
    what comes after it."""
    rows = [torch.tensor(list(ids), dtype=torch.int64) for ids in texts]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
