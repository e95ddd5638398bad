"""Looking for the likeliest text instead of drawing one: beam search, and the best of several draws."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.arrays import Floats
from core.generation.sampler import Sampler
from core.generation.streaming import Step, empty_cache, generate, rows_of
from core.model import Transformer
from core.model.ids import checked_count, checked_ids


@dataclass(frozen=True)
class Candidate:
    """A token that beam search looked at.

    id: the token. parent: the place of the beam that it continues, in the step before (0 at the first step). log_prob:
    of the whole continuation, this token included (nats). kept: it is among the beams of the next step. ended: it is a
    stop token, so this text is complete.
    """

    id: int
    parent: int
    log_prob: float
    kept: bool
    ended: bool


@dataclass(frozen=True)
class Beam:
    """A continuation: its tokens and the natural logarithm of its probability."""

    ids: tuple[int, ...]
    log_prob: float
    ended: bool

    def score(self, penalty: float) -> float:
        """log_prob / length ** penalty (Wu et al. 2016): 0 is the log-probability itself, 1 the mean per token."""
        return self.log_prob / float(max(len(self.ids), 1) ** penalty)


@dataclass(frozen=True)
class Search:
    """What beam search found, the best first, and what it looked at: steps[t] are the candidates of step t."""

    beams: tuple[Beam, ...]
    steps: tuple[tuple[Candidate, ...], ...]


@torch.inference_mode()
def beam_search(
    model: Transformer,
    ids: Sequence[int],
    width: int,
    max_new_tokens: int,
    *,
    stop: Collection[int] = (),
    length_penalty: float = 0.0,
    shown: int = 3,
) -> Search:
    """The `width` likeliest continuations that a search of that width finds.

    At each step every open beam is continued with every token; the `width` likeliest results stay. One that ends with
    a token of `stop` is complete and takes its place among the results; open beams compete with it at the end. With a
    width of at least V ** (max_new_tokens - 1) nothing is lost: the search is exhaustive. The candidates listed are the
    kept ones and the `shown` likeliest that were not.
    ValueError: width or max_new_tokens below 1, shown negative, or ids as for `generate`.
    """
    limit, ids = model.config.context_length, checked_ids(ids, model.config)
    width, shown = checked_count("width", width, 1), checked_count("shown", shown)
    max_new_tokens = checked_count("max_new_tokens", max_new_tokens, 1)
    cache = empty_cache(model, 1, len(ids) + max_new_tokens)
    logits = model.last_logits(torch.tensor([ids]), cache=cache)[:, -1]  # (1, V)
    open_, done, steps = [Beam((), 0.0, False)], [], []
    for step in range(max_new_tokens):
        totals = np.array([beam.log_prob for beam in open_])[:, None] + _log_probs(logits)  # (beams, V)
        candidates = _likeliest(totals, width, shown, frozenset(stop))
        steps.append(tuple(candidates))
        kept = [c for c in candidates if c.kept]
        beams = [Beam((*open_[c.parent].ids, c.id), c.log_prob, c.ended) for c in kept]
        done += [beam for beam in beams if beam.ended]
        going = [(beam, c.parent) for beam, c in zip(beams, kept, strict=True) if not beam.ended]
        open_ = [beam for beam, _ in going]
        if not open_ or step + 1 == max_new_tokens or len(ids) + step + 1 > limit:
            break
        cache = rows_of(cache, model, [parent for _, parent in going])
        logits = model(torch.tensor([[beam.ids[-1]] for beam in open_]), cache=cache)[:, -1]  # (beams, V)
    found = sorted([*done, *open_], key=lambda beam: -beam.score(length_penalty))
    return Search(tuple(found[:width]), tuple(steps))


def _log_probs(logits: torch.Tensor) -> Floats:
    return torch.log_softmax(logits.double(), dim=-1).numpy()


def _likeliest(totals: Floats, width: int, shown: int, stop: frozenset[int]) -> list[Candidate]:
    """The best entries of (beams, V), the likeliest first; the earlier beam, then the lower id among equals."""
    flat = totals.ravel()
    count = min(width + shown, int((flat > -np.inf).sum()))
    near = np.flatnonzero(flat >= np.partition(flat, -count)[-count])
    best = near[np.argsort(-flat[near], kind="stable")][:count]
    return [
        Candidate(int(at % totals.shape[1]), int(at // totals.shape[1]), float(flat[at]), place < width,
                  int(at % totals.shape[1]) in stop)
        for place, at in enumerate(best)
    ]  # fmt: skip


def best_of(
    model: Transformer, ids: Sequence[int], sampler: Sampler, n: int, max_new_tokens: int, seed: int,
    stop: Collection[int] = (),
) -> list[tuple[float, list[Step]]]:  # fmt: skip
    """n continuations, drawn with the seeds seed, seed + 1, …: (mean log-probability per token, steps), the best first.

    The log-probability is the model's own (nats), whatever the sampler; the earlier seed first among equals.
    ValueError: n or max_new_tokens below 1 (a text of no tokens has no mean), otherwise as for `generate`.
    """
    checked_count("max_new_tokens", max_new_tokens, 1)
    drawn = []
    for k in range(checked_count("n", n, 1)):
        steps = list(generate(model, ids, sampler, max_new_tokens, seed + k, stop=stop))
        drawn.append((float(np.mean([np.log(step.raw_probability) for step in steps])), steps))
    return sorted(drawn, key=lambda pair: -pair[0])
