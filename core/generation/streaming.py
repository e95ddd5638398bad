"""Token after token, with a KV cache: `generate` for a reader, `greedy_batch` for evaluating thousands of prompts."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.arrays import Floats
from core.brief import Brief
from core.generation.fast import reader
from core.generation.sampler import Sampler, Stage, draw, likeliest
from core.model import Cache, Tap, Transformer
from core.model.ids import checked_count, checked_ids

if TYPE_CHECKING:
    from core.model import Checkpoint

ALTERNATIVES = 10  # how many of the likeliest tokens a Step lists
BATCH_TOKENS = 8192  # the most tokens, new ones included, in one batch of greedy_batch: bounds its memory


@dataclass(frozen=True, repr=False)
class Step(Brief):
    """One token that was drawn, and what it was drawn from.

    index: 0 for the first new token. id: the token. u: the number in [0, 1) that chose it, id == draw(probs, u).
    probability: what the sampler gave the id. raw_probability, rank (0 = likeliest) and entropy (nats): of the
    model's own distribution, before any stage. alternatives and raw_alternatives: the likeliest (id, probability)
    pairs of both distributions, at most ten, none of probability 0.
    finish: None while more may follow; "stop" (a stop id), "length" (max_new_tokens) or "context" (no room) at the end.
    """

    index: int
    id: int
    u: float
    probability: float
    raw_probability: float
    rank: int
    entropy: float
    alternatives: tuple[tuple[int, float], ...]
    raw_alternatives: tuple[tuple[int, float], ...]
    finish: str | None


def generate(
    model: Transformer,
    ids: Sequence[int],
    sampler: Sampler,
    max_new_tokens: int,
    seed: int,
    *,
    stop: Collection[int] = (),
    tap: Tap | None = None,
    prompt_length: int | None = None,
) -> Iterator[Step]:
    """Continue ids, one Step per new token; the same arguments always give the same tokens.

    The token at position p of the sequence is chosen by `uniform(seed, p)`, whatever came before: so a generation that
    is cut anywhere and continued with the same seed goes on as if it had not been cut. It ends with a token of `stop`
    (yielded last), with max_new_tokens, or when the context is full: then the last token is the one that follows a
    full context. With the cache, a tap sees all of ids at first, and afterwards one position at a time. prompt_length:
    how many of ids are the prompt, for penalties that count sampled tokens only; None: all, none was sampled before.
    ValueError at once: ids empty, longer than the context or outside the vocabulary; max_new_tokens or seed negative.
    """
    prompt, count = checked_ids(ids, model.config), checked_count("max_new_tokens", max_new_tokens)
    uniform(seed, 0)  # a seed that cannot be used must fail here, not at the first token
    given = len(prompt) if prompt_length is None else checked_count("prompt_length", prompt_length)
    return _steps(model, prompt, sampler, count, seed, frozenset(stop), tap, given)


def uniform(seed: int, position: int) -> float:
    """The u in [0, 1) of a position: 53 bits of PCG64 seeded by both, a stream NumPy keeps stable."""
    key = (checked_count("position", position),)
    bits = np.random.PCG64(np.random.SeedSequence(checked_count("seed", seed), spawn_key=key)).random_raw()
    return (int(bits) >> 11) * 2.0**-53


def generate_text(
    checkpoint: "Checkpoint",
    prompt: str,
    sampler: Sampler | None = None,
    max_new_tokens: int = 100,
    seed: int = 0,
    *,
    special: bool = True,
) -> str:
    """What the checkpoint's model adds to the prompt, up to the end of the document (which is left out).

    The prompt is put at the start of a document, after <|endoftext|>, as in training. Special tokens in it count as
    such unless special is False. sampler None is Sampler(): the model's own distribution.
    """
    tokenizer = checkpoint.tokenizer
    ids = [tokenizer.eot, *tokenizer.encode(prompt, special=special)]
    steps = generate(checkpoint.model, ids, sampler or Sampler(), max_new_tokens, seed, stop=tokenizer.stops)
    return tokenizer.decode([step.id for step in steps if step.finish != "stop"])


def greedy_batch(
    model: Transformer, prompts: Sequence[Sequence[int]], max_new_tokens: int, stop: Collection[int] = ()
) -> list[list[int]]:
    """The greedy continuation of each prompt (new ids only, a stop id included), as `generate` at temperature 0.

    Prompts of one length are decoded together; a row that has ended leaves the batch. Errors as for `generate`.
    """
    max_new_tokens = checked_count("max_new_tokens", max_new_tokens)
    checked = [checked_ids(ids, model.config) for ids in prompts]
    by_length: dict[int, list[int]] = defaultdict(list)
    for place, ids in enumerate(checked):
        by_length[len(ids)].append(place)
    results: list[list[int]] = [[] for _ in checked]
    for length, places in by_length.items():
        size = max(1, BATCH_TOKENS // min(length + max_new_tokens, model.config.context_length))
        for start in range(0, len(places), size):
            batch = places[start : start + size]
            continued = _greedy([checked[place] for place in batch], model, max_new_tokens, frozenset(stop))
            for place, new in zip(batch, continued, strict=True):
                results[place] = new
    return results


def _steps(
    model: Transformer,
    ids: list[int],
    sampler: Sampler,
    max_new_tokens: int,
    seed: int,
    stop: frozenset[int],
    tap: Tap | None,
    prompt_length: int,
) -> Iterator[Step]:
    limit = model.config.context_length
    text = reader(model, len(ids) + max_new_tokens, tap)
    fresh = ids  # what the model has not seen yet
    for index in range(max_new_tokens):
        stages = sampler.stages(text.logits(fresh)[0], ids, prompt_length)
        u = uniform(seed, len(ids))
        new = draw(stages[-1].probs, u)
        full = len(ids) == limit
        finish = "stop" if new in stop else "length" if index + 1 == max_new_tokens else "context" if full else None
        yield step_of(index, new, u, stages, finish)
        if finish:
            return
        ids.append(new)
        fresh = [new]


def step_of(index: int, id: int, u: float, stages: Sequence[Stage], finish: str | None) -> Step:
    """The Step of a token `id` drawn from the last of a sampler's stages, of which the first is the model's own."""
    logits, raw, probs = stages[0].logits, stages[0].probs, stages[-1].probs
    below = logits - logits.max()  # log p = below + log(the largest p)
    if not raw.all():
        below[raw == 0] = 0
    raw_alternatives = _alternatives(raw)
    return Step(
        index=index,
        id=id,
        u=u,
        probability=float(probs[id]),
        raw_probability=float(raw[id]),
        rank=int(np.count_nonzero(logits > logits[id]) + np.count_nonzero(logits[:id] == logits[id])),
        entropy=float(-np.log(raw.max()) - np.einsum("i,i", raw, below)),
        alternatives=raw_alternatives if probs is raw else _alternatives(probs),
        raw_alternatives=raw_alternatives,
        finish=finish,
    )


def _alternatives(probs: Floats) -> tuple[tuple[int, float], ...]:
    ids = likeliest(probs, min(ALTERNATIVES, int(np.count_nonzero(probs))))
    return tuple(zip(ids.tolist(), probs[ids].tolist(), strict=True))


@torch.inference_mode()
def _greedy(rows: list[list[int]], model: Transformer, max_new_tokens: int, stop: frozenset[int]) -> list[list[int]]:
    """The greedy continuations of rows that all have T tokens. B counts the rows that are still in the batch."""
    results: list[list[int]] = [[] for _ in rows]
    length, limit = len(rows[0]), model.config.context_length
    going = list(range(len(rows)))  # the row that each line of the batch belongs to
    fresh = torch.tensor(rows, device=model.device)  # (B, T), later (B, 1)
    cache = empty_cache(model, len(rows), length + max_new_tokens)
    for _ in range(min(max_new_tokens, limit - length + 1)):
        chosen = model.last_logits(fresh, cache=cache)[:, -1].argmax(dim=-1)  # (B,): the lowest id among equals
        unfinished = []
        for place, id in enumerate(chosen.tolist()):
            results[going[place]].append(id)
            if id not in stop:
                unfinished.append(place)
        if not unfinished:
            break
        if len(unfinished) < len(going):
            going = [going[place] for place in unfinished]
            chosen = chosen[unfinished]
            cache = rows_of(cache, model, unfinished)
        fresh = chosen[:, None]
    return results


def empty_cache(model: Transformer, rows: int, length: int) -> Cache:
    """A cache for this many rows of up to `length` tokens (the context at most), as the model's weights are."""
    return Cache(model.config, rows, min(length, model.config.context_length), model.dtype, model.device)


def rows_of(cache: Cache, model: Transformer, rows: list[int]) -> Cache:
    """A new cache that holds these rows of the batch, in this order; a row may come more than once."""
    smaller = empty_cache(model, len(rows), cache.max_length)
    smaller.k[:, :, :, : cache.length] = cache.k[:, rows, :, : cache.length]
    smaller.v[:, :, :, : cache.length] = cache.v[:, rows, :, : cache.length]
    smaller.advance(cache.length)
    return smaller
