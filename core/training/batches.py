"""From documents or plain text to (inputs, targets): step s of a run is a function of (seed, s), so it can resume."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from core.text import SPECIAL_TOKENS, Tokenizer, tinyland, train_bpe
from core.training.config import HELD_OUT_SEED, TrainConfig

IGNORE = -100  # the target of padding, as F.cross_entropy has it


@dataclass(frozen=True)
class MicroBatch:
    """inputs, targets (B, T) int64; padding has target IGNORE. `rows` says which sequences of the batch these are."""

    inputs: Tensor
    targets: Tensor
    rows: tuple[int, ...]


class Data(Protocol):
    """What the trainer needs to know about its data."""

    def batch(self, step: int) -> list[MicroBatch]:
        """The micro-batches of update number `step`."""

    def held_out(self, count: int) -> "HeldOut":
        """`count` sequences that no step trains on."""


@dataclass(frozen=True)
class HeldOut:
    """Held-out sequences, and for Tinyland the kind and true negative log-probability (nats) of each."""

    micro_batches: list[MicroBatch]
    kinds: list[str] | None
    true_nats: np.ndarray | None  # (N,) float64


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


class TinylandData:
    """Whole documents [eot] text [eot]; document step * N + i of stream `seed` is in step `step`.

    Documents longer than the context are left out, in training and in evaluation alike; `too_long` counts them.
    """

    def __init__(self, tokenizer: Tokenizer, config: TrainConfig, context_length: int) -> None:
        self.tokenizer, self.context_length = tokenizer, context_length
        self.seed = config.data.get("seed", 0)
        self.weights = config.data.get("weights")
        self.documents_per_step, self.micro_batch_tokens = config.documents_per_step, config.micro_batch_tokens
        self.too_long = 0

    def batch(self, step: int) -> list[MicroBatch]:
        """See Data.batch."""
        start = step * self.documents_per_step
        documents = tinyland.documents(self.seed, start, start + self.documents_per_step, self.weights)
        kept = [ids for ids, fits in self._encode(documents) if fits]
        self.too_long += self.documents_per_step - len(kept)
        return pad_batches(kept, self.micro_batch_tokens)

    def held_out(self, count: int) -> HeldOut:
        """See Data.held_out."""
        documents = list(tinyland.documents(HELD_OUT_SEED, 0, count, self.weights))
        encoded = self._encode(documents)
        kept = [(d, ids) for d, (ids, fits) in zip(documents, encoded, strict=True) if fits]
        return HeldOut(
            pad_batches([ids for _, ids in kept], 2 * self.micro_batch_tokens),
            [d.kind for d, _ in kept],
            np.array([-d.log_prob for d, _ in kept]),
        )

    def _encode(self, documents: Iterable[Any]) -> list[tuple[list[int], bool]]:
        eot = self.tokenizer.eot
        ids = self.tokenizer.encode_batch([d.text for d in documents], special=True)
        return [([eot, *i, eot], len(i) + 1 <= self.context_length) for i in ids]


class TextData:
    """Windows of context_length + 1 tokens at seeded random places of a text; its last tenth is held out."""

    def __init__(self, tokenizer: Tokenizer, config: TrainConfig, context_length: int) -> None:
        ids = np.array(tokenizer.encode(read_text(config.data["path"])), dtype=np.int64)
        cut = len(ids) - max(len(ids) // 10, min(len(ids) // 2, context_length + 1))
        self.train_ids, self.held_out_ids = ids[:cut], ids[cut:]
        self.width = min(context_length, len(self.train_ids) - 1)
        self.seed = config.seed
        self.rows = max(1, config.batch_tokens // max(1, self.width))
        self.micro_batch_tokens = config.micro_batch_tokens
        if len(self.train_ids) < 2 or len(self.held_out_ids) < 2:
            raise ValueError(f"the text is too short to train on: {len(ids)} tokens, at least 4 are needed")

    def batch(self, step: int) -> list[MicroBatch]:
        """See Data.batch."""
        starts = np.random.default_rng((self.seed, step)).integers(len(self.train_ids) - self.width, size=self.rows)
        windows = self.train_ids[starts[:, None] + np.arange(self.width + 1)]  # (rows, width + 1)
        return pad_batches(windows, self.micro_batch_tokens)

    def held_out(self, count: int) -> HeldOut:
        """The first `count` consecutive windows of the held-out part."""
        width = min(self.width, len(self.held_out_ids) - 1)
        starts = range(0, len(self.held_out_ids) - width, width)[:count]
        return HeldOut(
            pad_batches([self.held_out_ids[s : s + width + 1] for s in starts], 2 * self.micro_batch_tokens), None, None
        )


def make_data(tokenizer: Tokenizer, config: TrainConfig, context_length: int) -> Data:
    """The data that `config.data` describes."""
    kind = TinylandData if config.data["kind"] == "tinyland" else TextData
    return kind(tokenizer, config, context_length)


def make_tokenizer(config: TrainConfig) -> Tokenizer:
    """Load `config.tokenizer`, or train one of at most `config.vocab_size` tokens, specials included, on the data."""
    if config.tokenizer is not None:
        return Tokenizer.load(config.tokenizer)
    if config.data["kind"] == "tinyland":
        documents = tinyland.documents(
            config.data.get("seed", 0), 0, config.tokenizer_documents, config.data.get("weights")
        )
        texts = [part for d in documents for part in _SPECIAL.split(d.text) if part]
    else:
        text = read_text(config.data["path"])
        texts = [text[: len(text) - len(text) // 10]]
    return Tokenizer.from_bpe(train_bpe(texts, config.vocab_size - len(SPECIAL_TOKENS)), Path(config.out).name)


def read_text(path: str) -> str:
    """A UTF-8 text file; bytes that are not UTF-8 become replacement characters."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ValueError(f"cannot read the training text: {error}") from error


_SPECIAL = re.compile("|".join(re.escape(token) for token in SPECIAL_TOKENS))
