"""Many continuations of one prompt at once: the same tokens as `generate`, seed by seed, in one batch."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.generation.sampler import Sampler, draw
from core.generation.streaming import empty_cache, rows_of, uniform
from core.model import Transformer
from core.model.ids import checked_count, checked_ids


@dataclass(frozen=True)
class Sample:
    """One continuation: its tokens, the model's log-probability of each (nats), and whether a stop token ended it."""

    ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    ended: bool


@torch.inference_mode()
def sample_batch(
    model: Transformer, ids: Sequence[int], sampler: Sampler, seeds: Sequence[int], max_new_tokens: int,
    stop: Collection[int] = (), report: Callable[[float], object] = lambda _: None,
) -> list[Sample]:  # fmt: skip
    """One Sample for each seed. `report` hears how far it is, from 0 to 1. Errors as for `generate`."""
    limit, ids = model.config.context_length, checked_ids(ids, model.config)
    max_new_tokens = checked_count("max_new_tokens", max_new_tokens)
    seeds = [checked_count("seed", seed) for seed in seeds]
    texts: list[list[int]] = [[] for _ in seeds]
    scores: list[list[float]] = [[] for _ in seeds]
    going = list(range(len(seeds)))  # the text that each row of the batch belongs to
    fresh = torch.tensor([ids] * len(going))  # (B, T), later (B, 1)
    cache = empty_cache(model, max(len(going), 1), len(ids) + max_new_tokens)
    length = min(max_new_tokens, limit - len(ids) + 1)
    for done in range(length if going else 0):
        report(done / length)
        logits = model.last_logits(fresh, cache=cache)[:, -1].double()  # (B, V)
        log_probs = torch.log_softmax(logits, -1).numpy()
        for row, text in enumerate(going):
            probs = sampler.probs(logits[row].numpy(), [*ids, *texts[text]], len(ids))
            new = draw(probs, uniform(seeds[text], len(ids) + done))
            texts[text].append(new)
            scores[text].append(float(log_probs[row, new]))
        open_ = [row for row, text in enumerate(going) if texts[text][-1] not in stop]
        if not open_ or done + 1 == length:
            break
        if len(open_) < len(going):
            cache, going = rows_of(cache, model, open_), [going[row] for row in open_]
        fresh = torch.tensor([[texts[text][-1]] for text in going])
    return [
        Sample(tuple(text), tuple(score), bool(text) and text[-1] in stop)
        for text, score in zip(texts, scores, strict=True)
    ]


def mean_log_prob(samples: Sequence[Sample]) -> float:
    """Nats per token over all samples; NaN without a token."""
    every = [score for sample in samples for score in sample.log_probs]
    return float(np.mean(every)) if every else float("nan")
