"""Sequences that are listed and read again, epoch after epoch: so many chats of Tinyland, a visitor's own, or texts
that a model has written itself."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.text import Tokenizer, tinyland
from core.text.tinyland import HELD_OUT_SEED
from core.training.config import TrainConfig
from core.training.data.batches import HeldOut, MicroBatch, pad_batches
from core.tuning.mask import check_mask
from core.tuning.messages import ChatError, Marked, mark_chat, read_jsonl, turns_of

Ids = Sequence[int]
T = TypeVar("T")


class Listed:
    """A list of whole sequences. Each stands in every epoch once, in an order of its own; what exceeds the context was
    left out, and counted."""

    def __init__(self, train: Sequence[Ids], held: Sequence[Ids], tokenizer: Tokenizer, config: TrainConfig,
                 context_length: int) -> None:  # fmt: skip
        self.tokenizer, self.seed, self.context_length = tokenizer, config.seed, context_length
        self.opening = tokenizer.eot
        self.documents_per_step, self.micro_batch_tokens = config.documents_per_step, config.micro_batch_tokens
        self.train, self.held = self._fitting(train), self._fitting(held)
        self.too_long = len(train) - len(self.train)
        if not self.train or not self.held:
            raise ValueError(f"nothing here fits a context of {context_length} tokens")

    def _fitting(self, sequences: Sequence[Ids]) -> list[list[int]]:
        return [list(ids) for ids in sequences if len(ids) <= self.context_length + 1]

    def mask(self, ids: Ids) -> list[bool]:
        """Which tokens count in the loss."""
        return [True] * len(ids)

    def batch(self, step: int) -> list[MicroBatch]:
        """See Data.batch."""
        size, count = min(self.documents_per_step, len(self.train)), len(self.train)
        places = range(step * size, (step + 1) * size)
        orders = {epoch: np.random.default_rng((self.seed, epoch)).permutation(count)
                  for epoch in {place // count for place in places}}  # fmt: skip
        return self._rectangles(
            [self.train[orders[p // count][p % count]] for p in places], self.micro_batch_tokens
        )  # fmt: skip

    def _rectangles(self, sequences: list[list[int]], tokens: int) -> list[MicroBatch]:
        return pad_batches(sequences, tokens, self.context_length, list(map(self.mask, sequences)))

    def sequences(self, tokens: int) -> list[list[int]]:
        """See Data.sequences: the first of the list."""
        found: list[list[int]] = []
        seen = 0
        for ids in self.train:
            if seen >= tokens:
                break
            seen, found = seen + len(ids), [*found, ids]
        return found

    def held_out(self, count: int) -> HeldOut:
        """See Data.held_out."""
        held = self.held[:count]
        return HeldOut(self._rectangles(held, 2 * self.micro_batch_tokens), ["chat"] * len(held), None)


class ListedChats(Listed):
    """Chats of which what the assistant says counts, or, with {"mask": "all"} in the data, as a mistake to learn from,
    every token."""

    def __init__(self, train: Sequence[Marked], held: Sequence[Marked], tokenizer: Tokenizer, config: TrainConfig,
                 context_length: int) -> None:  # fmt: skip
        self.everything = config.data.get("mask") == "all"
        self._counts: dict[tuple[int, ...], list[bool]] = {}
        super().__init__(self._remember(train), self._remember(held), tokenizer, config, context_length)
        if not self.everything:
            check_mask(counts for ids in self.train for counts in self.mask(ids))

    def _remember(self, chats: Sequence[Marked]) -> list[list[int]]:
        self._counts |= {tuple(chat.ids): chat.counts for chat in chats}
        return [chat.ids for chat in chats]

    def mask(self, ids: Ids) -> list[bool]:
        """See Listed.mask. Of a chat of this list."""
        return super().mask(ids) if self.everything else self._counts[tuple(ids)]


class TinylandChats(ListedChats):
    """The first `count` chats of a stream, with all held-out ones of the same kinds to be measured on."""

    def __init__(self, tokenizer: Tokenizer, config: TrainConfig, context_length: int) -> None:
        weights = config.data.get("weights") or tinyland.CHAT_WEIGHTS

        def encoded(seed: int, count: int) -> list[Marked]:
            return [mark_chat(tokenizer, turns_of(d.text)) for d in tinyland.documents(seed, 0, count, weights)]

        self._unread = encoded, config.final_eval_documents
        train, held = encoded(config.data.get("seed", 0), config.data["count"]), encoded(HELD_OUT_SEED, 50)
        super().__init__(train, held, tokenizer, config, context_length)

    @cached_property
    def _all_held(self) -> list[list[int]]:
        encoded, count = self._unread
        return self._fitting(self._remember(encoded(HELD_OUT_SEED, count)))

    def held_out(self, count: int) -> HeldOut:
        """See Data.held_out."""
        held = self._all_held[:count]
        return HeldOut(self._rectangles(held, 2 * self.micro_batch_tokens), ["chat"] * len(held), None)


class OwnChats(ListedChats):
    """A visitor's own chats: a JSONL file in the run's folder, or any path; the last tenth is held out."""

    def __init__(self, tokenizer: Tokenizer, config: TrainConfig, context_length: int) -> None:
        chats, problems = read_jsonl(read_text(config))
        if problems:
            raise ChatError(f"{config.data['path']}, {problems[0]}")
        if len(chats) < 2:
            raise ChatError("at least two chats are needed: one to learn from, one to be measured on")
        train, held = split([mark_chat(tokenizer, chat) for chat in chats])
        super().__init__(train, held, tokenizer, config, context_length)


class Samples(Listed):
    """Texts that are given as ids, such as a model's own samples; the last tenth is held out."""

    def __init__(self, tokenizer: Tokenizer, config: TrainConfig, context_length: int) -> None:
        super().__init__(*split(json.loads(read_text(config))), tokenizer, config, context_length)


def split(sequences: list[T]) -> tuple[list[T], list[T]]:
    """What is learned from, and the last tenth, at least one."""
    held = max(1, len(sequences) // 10)
    return sequences[:-held], sequences[-held:]


def read_text(config: TrainConfig) -> str:
    """The UTF-8 text file that `config.data` names, looked for in the run's folder first; bytes that are not UTF-8
    become replacement characters."""
    path = Path(config.data["path"])
    try:
        inside = Path(config.out) / path
        return (inside if inside.is_file() else path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ValueError(f"cannot read the training text {path.name}: {error.strerror}") from error
