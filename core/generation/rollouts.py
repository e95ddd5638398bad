"""Answers to many prompts at once, for training on a model's own samples: prompts of any lengths in one batch.

A batch starts from the beginning that all its prompts have room for, the shortest prompt, and goes on one position at a
time: where a row's prompt is longer, its next token is read from the prompt instead of drawn. So no row is padded, and
every position is what it would be alone.
"""

from collections.abc import Collection, Sequence

import numpy as np
import torch
from torch import Tensor

from core.generation.batch import Sample
from core.generation.streaming import empty_cache, rows_of
from core.model import Transformer

THIN = 0.75  # a batch is copied into a smaller one when no more than this part of its rows still goes on


@torch.inference_mode()
def rollouts(
    model: Transformer,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    stop: Collection[int] = (),
) -> list[Sample]:
    """One Sample for each prompt, drawn with its seed: whatever else is in the batch, but for rounding.

    temperature 0 takes the likeliest token. `log_probs` are the model's own, before the temperature. ValueError: a
    prompt is empty or does not fit the context.
    """
    limit = model.config.context_length
    if any(not 1 <= len(ids) <= limit for ids in prompts):
        raise ValueError(f"every prompt must have 1 to {limit} tokens")
    draws = np.array([np.random.default_rng(seed).random(max_new_tokens) for seed in seeds])  # (B, N)
    if not prompts or not max_new_tokens:
        return [Sample((), (), False) for _ in prompts]
    texts: list[list[int]] = [list(ids) for ids in prompts]
    scores: list[list[float]] = [[] for _ in prompts]
    lengths = [len(ids) for ids in prompts]
    ends = [min(length + max_new_tokens, limit + 1) for length in lengths]  # one token may follow a full context
    past, rows = min(lengths), list(range(len(texts)))  # rows: the text of each row of the batch; some have ended
    cache = empty_cache(model, len(rows), max(ends))
    fresh = torch.tensor([ids[:past] for ids in texts])  # (B, T), later (B, 1)
    going = list(range(len(rows)))  # those of the batch that have not ended
    while going:
        logits = model.last_logits(fresh, cache=cache)[:, -1].float()  # (B, V)
        drawing = [row for row in going if lengths[rows[row]] <= past]
        if drawing:
            u = torch.tensor([draws[i, past - lengths[i]] for i in (rows[row] for row in drawing)])
            logits = logits if len(drawing) == len(rows) else logits[drawing]
            for row, new, score in zip(drawing, *draw_rows(logits, u, temperature), strict=True):
                texts[rows[row]].append(new)
                scores[rows[row]].append(score)
        past += 1
        going = [
            row for row, i in enumerate(rows)
            if row in going and past < ends[i] and not has_ended(texts[i], lengths[i], stop)
        ]  # fmt: skip
        if len(going) <= THIN * len(rows):
            if not going:
                break
            cache, rows = rows_of(cache, model, going), [rows[row] for row in going]
            going = list(range(len(rows)))
        fresh = torch.tensor([[text[past - 1] if past <= len(text) else 0] for text in (texts[i] for i in rows)])
    return [
        Sample(tuple(text[n:]), tuple(score), has_ended(text, n, stop))
        for text, n, score in zip(texts, lengths, scores, strict=True)
    ]


def has_ended(text: list[int], prompt: int, stop: Collection[int]) -> bool:
    """Whether a stop token has been written after the first `prompt` tokens."""
    return len(text) > prompt and text[-1] in stop


def draw_rows(logits: Tensor, u: Tensor, temperature: float) -> tuple[list[int], list[float]]:
    """A token from each row of logits (B, V) by a number in [0, 1), and its log-probability at temperature 1."""
    if temperature == 0:
        drawn = logits.argmax(dim=-1)
    else:
        cumulative = (logits / temperature).softmax(dim=-1).double().cumsum(dim=-1)  # (B, V)
        drawn = torch.searchsorted(cumulative, (u * cumulative[:, -1])[:, None], right=True)[:, 0]
        drawn = drawn.clamp(max=logits.shape[1] - 1)
    chosen = logits.gather(1, drawn[:, None])[:, 0] - logits.logsumexp(dim=-1)
    return drawn.tolist(), chosen.tolist()
