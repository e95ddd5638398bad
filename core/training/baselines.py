"""What simple counting achieves on the same data: the ladder that the curve of a transformer climbs.

Uniform, unigram, bigram and trigram models of tokens. Each backs off to the one below it by Witten & Bell's rule
(1991, IEEE Trans. Inf. Theory 37(4); Chen & Goodman 1998, section 2.4): after a context h that was followed n times,
by t different tokens, p(w | h) = (count(h w) + t · p_shorter(w)) / (n + t). Nothing to tune, and it sums to one.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from core.files import write_atomically
from core.training.data.batches import IGNORE, Data, HeldOut, MicroBatch
from core.training.disk.rows import Row

Ids = Sequence[int] | np.ndarray
NAMES = ("uniform", "unigram", "bigram", "trigram")
TOKENS = 100_000  # of training data that are counted


class Counts:
    """How often each sequence of `order` tokens occurs; sequences are numbers in base V."""

    def __init__(self, grams: np.ndarray, vocab_size: int) -> None:
        """grams: (N, order) int64."""
        self.vocab_size = vocab_size
        self.keys, self.counts = np.unique(encode(grams, vocab_size), return_counts=True)
        contexts, where = np.unique(self.keys // vocab_size, return_inverse=True)
        self.contexts = contexts
        self.followed = np.bincount(where, weights=self.counts)  # n of each context
        self.followers = np.bincount(where).astype(np.float64)  # t of each context

    def probability(self, grams: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """p(last token | those before it) for grams (N, order), where `shorter` (N,) are those of the model below."""
        keys = encode(grams, self.vocab_size)
        count = look_up(self.keys, self.counts, keys)
        n = look_up(self.contexts, self.followed, keys // self.vocab_size)
        t = look_up(self.contexts, self.followers, keys // self.vocab_size)
        return np.where(n > 0, (count + t * shorter) / np.maximum(n + t, 1), shorter)


def encode(grams: np.ndarray, vocab_size: int) -> np.ndarray:
    """(N, order) ids -> (N,) int64, one number for each different row. Raises ValueError when they would not fit."""
    if vocab_size ** grams.shape[1] >= 2**63:
        raise ValueError(f"sequences of {grams.shape[1]} among {vocab_size} tokens are too many to count")
    code = np.zeros(len(grams), dtype=np.int64)
    for column in grams.T:
        code = code * vocab_size + column
    return code


def look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """values[i] where keys[i] == wanted, 0 where there is none; keys sorted."""
    if not len(keys):
        return np.zeros(len(wanted))
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0.0)


class Ladder:
    """The four models, from sequences of token ids."""

    def __init__(self, sequences: Iterable[Ids], vocab_size: int) -> None:
        self.vocab_size = vocab_size
        held = [np.asarray(ids, dtype=np.int64) for ids in sequences]
        self.tokens = sum(max(0, len(ids) - 1) for ids in held)
        self.counts = [Counts(np.concatenate([grams(ids, order) for ids in held]), vocab_size) for order in (1, 2, 3)]

    def probabilities(self, ids: Ids) -> np.ndarray:
        """p of every token of `ids` but the first, given those before it: (4, T - 1), a row for each of NAMES.

        A token that has fewer before it than a model looks at gets the probability of the shorter model.
        """
        ids = np.asarray(ids, dtype=np.int64)
        rows = [np.full(len(ids) - 1, 1 / self.vocab_size)]
        for order, counts in enumerate(self.counts, start=1):
            p = rows[-1].copy()
            skipped = max(0, order - 2)  # targets without enough context
            p[skipped:] = counts.probability(grams(ids, order), rows[-1][skipped:])
            rows.append(p)
        return np.stack(rows)

    def losses(self, sequences: Iterable[Ids]) -> dict[str, float]:
        """Mean nats per token of each model."""
        nats, tokens = np.zeros(len(NAMES)), 0
        for ids in sequences:
            nats -= np.log(self.probabilities(ids)).sum(axis=1)
            tokens += len(ids) - 1
        return dict(zip(NAMES, (nats / tokens).tolist(), strict=True))


def grams(ids: np.ndarray, order: int) -> np.ndarray:
    """All sequences of `order` tokens whose last is a target, that is, not the first token: (N, order)."""
    ids = ids[1:] if order == 1 else ids
    if len(ids) < order:
        return np.zeros((0, order), dtype=np.int64)
    return np.lib.stride_tricks.sliding_window_view(ids, order)


def sequences(batches: Iterable[MicroBatch]) -> Iterator[list[int]]:
    """The sequences in micro-batches: the first input, then the targets."""
    for micro in batches:
        for inputs, targets in zip(micro.inputs.tolist(), micro.targets.tolist(), strict=True):
            yield [inputs[0], *(t for t in targets if t != IGNORE)]


def write_baselines(folder: Path, data: Data, vocab_size: int, held_out: HeldOut) -> Row:
    """Count, score the held-out sequences of the run, write baselines.json; returns the row for metrics.jsonl, in which
    tokens_per_sequence turns nats per token into nats per held-out document."""
    ladder = Ladder(data.sequences(TOKENS), vocab_size)
    scored = list(sequences(held_out.micro_batches))
    length = sum(len(ids) - 1 for ids in scored) / len(scored)
    row: Row = {
        "baselines_per_token": ladder.losses(scored), "counted_tokens": ladder.tokens, "tokens_per_sequence": length
    }  # fmt: skip
    write_atomically(folder / "baselines.json", json.dumps(row).encode())
    return {**row, "event": "baselines"}
