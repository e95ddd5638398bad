"""How far back a model looks: shorter windows, loss by position, a fact far from its question, the cost of a cache."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from core.analysis.skills.cases import Share, answer_cases, is_right
from core.arrays import Floats
from core.brief import Brief
from core.generation import greedy_batch
from core.generation.streaming import empty_cache
from core.model import Checkpoint, Transformer
from core.model.ids import checked_count, checked_ids
from core.text import Tokenizer, tinyland

Report = Callable[[float, str], object]
SEED = 2_000_000_033  # documents used for nothing else
ROOM = 6  # new tokens that an answer may take
# Sentences of Tinyland's stories that change nothing: nobody moves, nothing changes hands.
FILLERS = ("A clock struck 5.", "A dentist walked past.", "A teacher stopped to say hello.", "An astronomer came by.")


@torch.inference_mode()
def probabilities_by_window(model: Transformer, ids: Sequence[int], windows: Sequence[int]) -> Floats:
    """What may follow ids if only its last w tokens are read, after its first (the start of the document): (W, V).

    A window of len(ids) - 1 or more is the whole text. ValueError: a window below 1, no ids, or ids that the model does
    not have or cannot read at once.
    """
    ids = checked_ids(ids, model.config, sys.maxsize)
    rows = []
    for window in windows:
        if not isinstance(window, int) or window < 1:
            raise ValueError(f"a window is a whole number of tokens, at least one, not {window!r}")
        seen = [ids[0], *ids[1:][-window:]] if len(ids) > 1 else list(ids)
        rows.append(model(torch.tensor([seen]))[0, -1].double().softmax(-1).numpy())
    return np.stack(rows)


@dataclass(frozen=True, eq=False, repr=False)
class PositionLoss(Brief):
    """loss (T,): mean nats of the token at each position of a document; error (T,): 1.96 standard errors of it;
    count (T,): documents that are so long."""

    loss: Floats
    error: Floats
    count: NDArray[np.int64]


@torch.inference_mode()
def loss_by_position(
    model: Transformer, tokenizer: Tokenizer, n: int, report: Report = lambda *_: None, batch: int = 32
) -> PositionLoss:
    """The loss at each position of n held-out Tinyland documents, each from its first token to its end."""
    documents = [
        [tokenizer.eot, *tokenizer.encode(d.text, special=True), tokenizer.eot][: model.config.context_length + 1]
        for d in tinyland.documents(SEED, stop=n)
    ]
    sums, squares, count = (np.zeros(max(map(len, documents)) - 1) for _ in range(3))
    for start in range(0, n, batch):
        report(start / n, f"{start:,} of {n:,} documents")
        ids = documents[start : start + batch]
        padded = torch.full((len(ids), max(map(len, ids))), -100)  # (B, T + 1)
        for row, text in enumerate(ids):
            padded[row, : len(text)] = torch.tensor(text)
        logits = model(padded[:, :-1].clamp(min=0))  # (B, T, V)
        nats = F.cross_entropy(logits.transpose(1, 2), padded[:, 1:], ignore_index=-100, reduction="none").double()
        real, width = (padded[:, 1:] >= 0).double(), padded.shape[1] - 1
        sums[:width] += nats.sum(0).numpy()
        squares[:width] += nats.square().sum(0).numpy()
        count[:width] += real.sum(0).numpy()
    mean = sums / count
    spread = np.sqrt(np.maximum(squares / count - mean**2, 0) / np.maximum(count - 1, 1))
    return PositionLoss(mean, 1.96 * spread, count.astype(np.int64))


def needle(
    checkpoint: Checkpoint, fillers: Sequence[int], n: int, report: Report = lambda *_: None
) -> list[tuple[float, Share]]:
    """Is a fact found from far away? For each number of filler sentences: (tokens between story and question, Share).

    Held-out Tinyland stories with a question; the fillers, which change nothing, are put between the two. Answers are
    written greedily and must be exactly right. Texts that do not fit the context are left out.
    """
    tokenizer, room = checkpoint.tokenizer, checkpoint.config.context_length - ROOM
    first = [answer_cases(tokenizer, [d])[0] for d in tinyland.documents(SEED, stop=n, weights={"story_qa": 1})]
    asked = [(case, before.partition("\n")) for case, before in first]  # the first question of each document
    found = []
    for place, count in enumerate(fillers):
        report(place / len(fillers), f"{count} sentences in between")
        gap = "".join(f" {FILLERS[i % len(FILLERS)]}" for i in range(count))
        prompts = [
            [tokenizer.eot, *tokenizer.encode(f"{story}{gap}\n{question}".rstrip())]
            for _, (story, _, question) in asked
        ]
        fitting = [(case, ids) for (case, _), ids in zip(asked, prompts, strict=True) if len(ids) <= room]
        stop = set(tokenizer.special_tokens.values())
        written = greedy_batch(checkpoint.model, [ids for _, ids in fitting], 2 * ROOM, stop)
        right = sum(is_right(case, tokenizer.decode(ids)) for (case, _), ids in zip(fitting, written, strict=True))
        found.append((float(len(tokenizer.encode(gap))), Share(right, len(fitting))))
    return found


@dataclass(frozen=True)
class Cost:
    """Seconds for one more token after `length` tokens, with and without the cache, and the bytes that it takes."""

    length: int
    cached: float
    uncached: float
    nbytes: int


@torch.inference_mode()
def cache_cost(
    model: Transformer, lengths: Sequence[int], repeats: int = 5, report: Report = lambda *_: None
) -> list[Cost]:
    """Measured here and now, the median of `repeats`, the two ways in turn. ValueError: a length below 1 or over the
    context, fewer repeats than one."""
    longest = max((checked_count("length", length, 1) for length in lengths), default=1)
    if longest > model.config.context_length:
        raise ValueError(f"{longest} tokens do not fit the context of {model.config.context_length}")
    checked_count("repeats", repeats, 1)
    costs = []
    for place, length in enumerate(lengths):
        report(place / len(lengths), f"{length} tokens")
        ids = torch.zeros((1, length), dtype=torch.int64)
        cache = empty_cache(model, 1, length)
        model(ids, cache=cache)  # fills the cache, and warms up
        model(ids)
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(repeats):
            cache.truncate(length - 1)
            for column, fresh, kept in ((times[0], ids[:, -1:], cache), (times[1], ids, None)):
                begun = time.perf_counter()
                model(fresh, cache=kept)
                column.append(time.perf_counter() - begun)
        costs.append(Cost(length, float(np.median(times[0])), float(np.median(times[1])), cache.nbytes))
    return costs
