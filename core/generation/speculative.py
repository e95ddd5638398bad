"""Speculative decoding: a cheap model drafts a few tokens, the model checks them all in one pass.

What comes out has exactly the model's own distribution (Leviathan et al. 2023, arXiv:2211.17192): a drafted token x
with probability q(x) under the draft is accepted with probability min(1, p(x) / q(x)); the first that is not is
replaced by a draw from max(0, p − q), normalised; if all are accepted, one more token is drawn from p.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.arrays import Floats
from core.generation.fast import reader
from core.generation.sampler import Sampler, draw
from core.model import Transformer
from core.model.ids import checked_count, checked_ids


@dataclass(frozen=True)
class Round:
    """One draft and its check.

    drafted: the tokens the draft proposed; accepted: how many of them the model took, from the first on; token: the one
    that the model added itself, in place of the first that it refused or after the last. ids: what the round adds.
    draft_probs, model_probs: what each of the two gave every drafted token, after the sampler.
    """

    drafted: tuple[int, ...]
    accepted: int
    token: int | None
    draft_probs: tuple[float, ...]
    model_probs: tuple[float, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        return (*self.drafted[: self.accepted], *(() if self.token is None else (self.token,)))


class Believer:
    """A model and a sampler, asked for the distributions after the last tokens of a growing or shrinking text."""

    def __init__(self, model: Transformer, sampler: Sampler, length: int, prompt: int) -> None:
        self.sampler, self.reader, self.prompt = sampler, reader(model, length), prompt

    def after(self, ids: Sequence[int], count: int = 1) -> list[Floats]:
        """The distributions (V,) after each of the last `count` tokens of ids. What of ids was read before is kept."""
        cache = self.reader.cache
        cache.truncate(min(cache.length, len(ids) - count))
        logits = self.reader.logits(ids[cache.length :], count)  # (count, V)
        first = len(ids) - count + 1
        return [self.sampler.probs(row, ids[: first + k], self.prompt) for k, row in enumerate(logits)]


def speculate(
    model: Transformer,
    draft: Transformer,
    ids: Sequence[int],
    sampler: Sampler,
    max_new_tokens: int,
    seed: int,
    *,
    ahead: int = 4,
    stop: Collection[int] = (),
) -> Iterator[Round]:
    """Continues ids, a Round at a time, until max_new_tokens, a token of `stop`, or the end of the context.

    Both models must have one vocabulary; the sampler bends both distributions alike. At temperature 0 the tokens are
    those of `generate`; otherwise their distribution is that of the model, though not the same draw.
    ValueError: vocabularies differ, ahead is below 1, or as for `generate`; the shorter of the two contexts counts.
    """
    if model.config.vocab_size != draft.config.vocab_size:
        raise ValueError("the draft must have the vocabulary of the model")
    limit = min(model.config.context_length, draft.config.context_length)
    prompt, count = checked_ids(ids, model.config, limit), checked_count("max_new_tokens", max_new_tokens)
    seed, ahead = checked_count("seed", seed), checked_count("ahead", ahead, 1)
    return _rounds(model, draft, prompt, sampler, count, seed, ahead, frozenset(stop), limit)


def _rounds(model: Transformer, draft: Transformer, text: list[int], sampler: Sampler, left: int, seed: int, ahead: int,
            stop: frozenset[int], limit: int) -> Iterator[Round]:  # fmt: skip
    rng = np.random.Generator(np.random.PCG64(seed))
    length = min(len(text) + left, limit)
    slow, fast = (Believer(one, sampler, length, len(text)) for one in (model, draft))
    while left and len(text) <= limit:
        count = min(ahead, left - 1, limit - len(text))
        made = _round(slow, fast, text, count, rng, stop)
        text += made.ids
        left -= len(made.ids)
        yield made
        if made.ids[-1] in stop:
            return


def _round(slow: Believer, fast: Believer, text: list[int], count: int, rng: np.random.Generator,
           stop: frozenset[int]) -> Round:  # fmt: skip
    drafted: list[int] = []
    guesses: list[Floats] = []
    while len(drafted) < count and not (drafted and drafted[-1] in stop):
        guesses.append(fast.after([*text, *drafted])[0])
        drafted.append(draw(guesses[-1], rng.random()))
    checks = slow.after([*text, *drafted], len(drafted) + 1)
    accepted, token = len(drafted), None
    for place, (id, q, p) in enumerate(zip(drafted, guesses, checks, strict=False)):
        if rng.random() * q[id] >= p[id]:  # accepted with probability min(1, p / q)
            accepted, token = place, draw(np.maximum(p - q, 0), rng.random())
            break
    if accepted == len(drafted) and not (drafted and drafted[-1] in stop):
        token = draw(checks[-1], rng.random())
    return Round(
        tuple(drafted), accepted, token,
        tuple(float(q[id]) for id, q in zip(drafted, guesses, strict=True)),
        tuple(float(p[id]) for id, p in zip(drafted, checks, strict=False)),
    )  # fmt: skip
