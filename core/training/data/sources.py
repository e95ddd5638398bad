"""What a run learns from: Tinyland, a text, or a mixture. Step s is a function of (seed, s), so a run can resume."""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.text import SPECIAL_TOKENS, Tokenizer, tinyland, train_bpe
from core.text.tinyland import HELD_OUT_SEED
from core.training.config import OWN_SAMPLES, TrainConfig
from core.training.data.batches import Data, HeldOut, MicroBatch, pad_batches
from core.training.data.listed import Listed, OwnChats, Samples, TinylandChats, read_text
from core.tuning.mask import assistant_mask, check_mask

ASSISTANT, END = "<|assistant|>", "<|end|>"
SAMPLE = 10_000  # tokens of Tinyland that tell how long its documents are


class TinylandData:
    """Whole documents [eot] text [eot]; document step * N + i of stream `seed` is in step `step`.

    `documents` of the data, if given: how many the whole run reads; each birthday then stands in them exactly as often
    as Tinyland's register says (see tinyland.birthdays). Documents longer than the context are left out, in training
    and in evaluation alike; `too_long` counts them. Of a step in which none fits, the beginning of the first is read.
    """

    def __init__(self, tokenizer: Tokenizer, config: TrainConfig, context_length: int) -> None:
        self.tokenizer, self.context_length, self.opening = tokenizer, context_length, tokenizer.eot
        self.seed = config.data.get("seed", 0)
        self.weights, self.total = config.data.get("weights"), config.data.get("documents")
        self.documents_per_step, self.micro_batch_tokens = config.documents_per_step, config.micro_batch_tokens
        self.too_long = 0

    def batch(self, step: int) -> list[MicroBatch]:
        """See Data.batch."""
        start = step * self.documents_per_step
        stop = start + self.documents_per_step
        documents = tinyland.documents(self.seed, start, stop, self.weights, total=self.total)
        encoded = self._encode(documents)
        kept = [ids for ids, fits in encoded if fits]
        self.too_long += self.documents_per_step - len(kept)
        kept = kept or [encoded[0][0][: self.context_length + 1]]
        return self._rectangles(kept, self.micro_batch_tokens)

    def _rectangles(self, sequences: list[list[int]], tokens: int) -> list[MicroBatch]:
        return pad_batches(sequences, tokens, self.context_length)

    def sequences(self, tokens: int) -> list[list[int]]:
        """See Data.sequences: the first documents of the stream."""
        found: list[list[int]] = []
        seen = start = 0
        while seen < tokens:
            documents = tinyland.documents(self.seed, start, start + 100, self.weights, total=self.total)
            new = [ids for ids, fits in self._encode(documents) if fits]
            seen, start, found = seen + sum(map(len, new)), start + 100, found + new
            if not found and start >= 1000:
                raise self._none_fits()
        return found

    def held_out(self, count: int) -> HeldOut:
        """See Data.held_out."""
        documents = list(tinyland.documents(HELD_OUT_SEED, 0, count, self.weights, total=self.total))
        encoded = self._encode(documents)
        kept = [(d, ids) for d, (ids, fits) in zip(documents, encoded, strict=True) if fits]
        if not kept:
            raise self._none_fits()
        return HeldOut(
            self._rectangles([ids for _, ids in kept], 2 * self.micro_batch_tokens),
            [d.kind for d, _ in kept],
            np.array([-d.log_prob for d, _ in kept]),
        )

    def _none_fits(self) -> ValueError:
        return ValueError(f"no document of Tinyland fits a context of {self.context_length} tokens")

    def _encode(self, documents: Iterable[Any]) -> list[tuple[list[int], bool]]:
        eot = self.tokenizer.eot
        ids = self.tokenizer.encode_batch([d.text for d in documents], special=True)
        return [([eot, *i, eot], len(i) + 1 <= self.context_length) for i in ids]


class ChatData(TinylandData):
    """The chats of Tinyland, of which only what the assistant says counts in the loss (see core.tuning.mask)."""

    def __init__(self, tokenizer: Tokenizer, config: TrainConfig, context_length: int) -> None:
        super().__init__(tokenizer, config, context_length)
        self.weights = self.weights or tinyland.CHAT_WEIGHTS
        missing = [token for token in (ASSISTANT, END) if token not in tokenizer.special_tokens]
        if missing:
            raise ValueError(f"chats need the special tokens {' and '.join(missing)}, which this tokenizer lacks")
        self.assistant, self.end = (tokenizer.special_tokens[token] for token in (ASSISTANT, END))
        check_mask(itertools.chain.from_iterable(map(self.mask, self.sequences(SAMPLE))))

    def mask(self, ids: Sequence[int]) -> list[bool]:
        """Which tokens of a chat count."""
        return assistant_mask(ids, self.assistant, self.end)

    def _rectangles(self, sequences: list[list[int]], tokens: int) -> list[MicroBatch]:
        return pad_batches(sequences, tokens, self.context_length, list(map(self.mask, sequences)))

    def held_out(self, count: int) -> HeldOut:
        """See Data.held_out. The probability that Tinyland gives to an answer alone is not known."""
        drawn = super().held_out(count)
        return HeldOut(drawn.micro_batches, drawn.kinds, None)


class TextData:
    """Windows of context_length + 1 tokens at seeded random places of a text; its last tenth is held out."""

    def __init__(self, tokenizer: Tokenizer, config: TrainConfig, context_length: int) -> None:
        ids = np.array(tokenizer.encode(read_text(config)), dtype=np.int64)
        cut = len(ids) - max(len(ids) // 10, min(len(ids) // 2, context_length + 1))
        self.train_ids, self.held_out_ids = ids[:cut], ids[cut:]
        self.width = min(context_length, len(self.train_ids) - 1)
        self.seed = config.seed
        self.rows = max(1, config.batch_tokens // max(1, self.width))
        self.micro_batch_tokens = min(config.micro_batch_tokens, max(1, config.batch_tokens // config.threads))
        self.too_long = 0  # a small step is cut so that every thread has a part: 78 ms an update instead of 141
        self.opening = int(ids[0]) if len(ids) else tokenizer.eot
        if len(self.train_ids) < 2 or len(self.held_out_ids) < 2:
            raise ValueError(f"the text is too short to train on: {len(ids)} tokens, at least 4 are needed")

    def batch(self, step: int) -> list[MicroBatch]:
        """See Data.batch."""
        starts = np.random.default_rng((self.seed, step)).integers(len(self.train_ids) - self.width, size=self.rows)
        windows = self.train_ids[starts[:, None] + np.arange(self.width + 1)]  # (rows, width + 1)
        return pad_batches(windows, self.micro_batch_tokens)

    def sequences(self, tokens: int) -> list[np.ndarray]:
        """See Data.sequences: the beginning of the text, as one sequence."""
        return [self.train_ids[: tokens + 1]]

    def held_out(self, count: int) -> HeldOut:
        """The first `count` consecutive windows of the held-out part."""
        width = min(self.width, len(self.held_out_ids) - 1)
        starts = range(0, len(self.held_out_ids) - width, width)[:count]
        return HeldOut(
            pad_batches([self.held_out_ids[s : s + width + 1] for s in starts], 2 * self.micro_batch_tokens), None, None
        )


class MixtureData:
    """Several kinds of data in every step of about `batch_tokens` tokens, of which a part has its share."""

    def __init__(self, tokenizer: Tokenizer, config: TrainConfig, context_length: int) -> None:
        self.parts = []
        self.shares = [share for _, share in split_mixture(config)]
        for part, _ in split_mixture(config):
            data = make_data(tokenizer, part, context_length)
            if isinstance(data, TinylandData | Listed):  # whole documents: as many as have those tokens, on average
                sample = data.sequences(SAMPLE)
                mean = sum(len(ids) - 1 for ids in sample) / len(sample)
                data.documents_per_step = max(1, round(part.batch_tokens / mean))
            self.parts.append(data)
        self.opening = self.parts[0].opening

    @property
    def too_long(self) -> int:
        """See Data."""
        return sum(part.too_long for part in self.parts)

    def batch(self, step: int) -> list[MicroBatch]:
        """See Data.batch."""
        return side_by_side([part.batch(step) for part in self.parts])

    def sequences(self, tokens: int) -> list[Any]:
        """See Data.sequences: of every part according to its share."""
        shares = zip(self.parts, self.shares, strict=True)
        return [ids for part, share in shares for ids in part.sequences(round(share * tokens))]

    def held_out(self, count: int) -> HeldOut:
        """See Data.held_out. The sequences of a text are of kind "text"."""
        drawn = [part.held_out(max(1, round(count * s))) for part, s in zip(self.parts, self.shares, strict=True)]
        sizes = [sum(len(m.rows) for m in held.micro_batches) for held in drawn]
        kinds = [kind for held, n in zip(drawn, sizes, strict=True) for kind in held.kinds or ["text"] * n]
        nats = [np.full(n, np.nan) if h.true_nats is None else h.true_nats for h, n in zip(drawn, sizes, strict=True)]
        return HeldOut(side_by_side([held.micro_batches for held in drawn]), kinds, np.concatenate(nats))


def side_by_side(groups: list[list[MicroBatch]]) -> list[MicroBatch]:
    """The micro-batches of all groups; the rows of each group are counted on from those before it."""
    found: list[MicroBatch] = []
    for group in groups:
        start = sum(len(m.rows) for m in found)
        found += [replace(m, rows=tuple(start + row for row in m.rows)) for m in group]
    return found


def split_mixture(config: TrainConfig) -> list[tuple[TrainConfig, float]]:
    """For each part of a mixture, a configuration that describes it alone, and its share as a fraction of 1."""
    parts = config.data["parts"]
    total = sum(part["share"] for part in parts)
    found = []
    for part in parts:
        share = part["share"] / total
        data = {name: value for name, value in part.items() if name != "share"}
        alone = replace(config, data=data, batch_tokens=max(1, round(share * config.batch_tokens)))
        found.append((alone, share))
    return found


KINDS: dict[str, Callable[[Tokenizer, TrainConfig, int], Data]] = {
    "tinyland": TinylandData,
    "chats": lambda tokenizer, config, length: (TinylandChats if config.data.get("count") else ChatData)(
        tokenizer, config, length
    ),
    "messages": OwnChats,
    "samples": Samples,
    "text": TextData,
    "mixture": MixtureData,
}


def make_data(tokenizer: Tokenizer, config: TrainConfig, context_length: int) -> Data:
    """The data that `config.data` describes, with a replay of what the first stage read where the settings ask for it.
    Raises ValueError when it cannot be read or is too short."""
    if config.replay:
        config = replace(config, data=with_replay(config), replay=0.0)
    return KINDS[config.data["kind"]](tokenizer, config, context_length)


def with_replay(config: TrainConfig) -> dict[str, Any]:
    """The data of a stage and, for a share of the tokens, those of the first stage of its parent, or what the parent
    wrote, as one mixture."""

    def scaled_to(data: dict[str, Any], share: float) -> list[dict[str, Any]]:
        parts = data["parts"] if data["kind"] == "mixture" else [data | {"share": 1}]
        total = sum(part["share"] for part in parts)
        return [part | {"share": share * part["share"] / total} for part in parts]

    own = {"kind": "samples", "path": OWN_SAMPLES}
    old = own if config.replay_of == "own" else (config.parent or {}).get("data")
    if not old:
        raise ValueError("replay needs a parent whose card says what it read first")
    return {"kind": "mixture", "parts": scaled_to(config.data, 1 - config.replay) + scaled_to(old, config.replay)}


def make_tokenizer(config: TrainConfig) -> Tokenizer:
    """Load `config.tokenizer`, or train one of at most `config.vocab_size` tokens, specials included, on the data."""
    if config.tokenizer is not None:
        return Tokenizer.load(config.tokenizer)
    bpe = train_bpe(training_texts(config), config.vocab_size - len(SPECIAL_TOKENS))
    return Tokenizer.from_bpe(bpe, Path(config.out).name)


def training_texts(config: TrainConfig) -> list[str]:
    """What a tokenizer learns from: the first `tokenizer_documents` documents, nine tenths of a text, or both."""
    data = config.data
    if data["kind"] == "mixture":
        return [text for part, _ in split_mixture(config) for text in training_texts(part)]
    if data["kind"] == "text":
        text = read_text(config)
        return [text[: len(text) - len(text) // 10]]
    documents = tinyland.documents(data.get("seed", 0), 0, config.tokenizer_documents, data.get("weights"))
    return [part for d in documents for part in _SPECIAL.split(d.text) if part]


_SPECIAL = re.compile("|".join(re.escape(token) for token in SPECIAL_TOKENS))
