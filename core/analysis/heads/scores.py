"""What attention heads look at: scores of patterns, and of every head of a model on repeated random text.

Every score is a share of a head's attention: how much of it goes where one well-known kind of head looks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from core.arrays import Floats
from core.brief import Brief
from core.intervals import mean_interval
from core.model import Site, Transformer


@dataclass(frozen=True, eq=False, repr=False)
class HeadScore(Brief):
    """A score of every head: mean (L, H) over `cases` sequences, and low, high (L, H), its 95 % interval (Student).

    chance (L, H) is what a head scores that does not tell the right place from others, and margin (L, H) the lower end
    of the 95 % interval of score − chance, paired case by case.
    """

    name: str
    mean: Floats
    low: Floats
    high: Floats
    cases: int
    chance: Floats
    margin: Floats


def offset_score(pattern: ArrayLike, offset: int, start: int | None = None) -> Floats:
    """How much attention goes exactly `offset` positions back: the mean of pattern[t, t − offset] over t ≥ start.

    pattern (..., T, T), rows are the positions that look; -> (...). start None is the first position with such a
    target (offset). ValueError: no position to average.
    """
    weights = np.asarray(pattern, dtype=np.float64)
    start = offset if start is None else start
    length = weights.shape[-1]
    if not 0 <= offset <= start < length:
        raise ValueError(f"no position of {length} from {start} on looks {offset} back")
    return np.asarray(np.diagonal(weights, -offset, axis1=-2, axis2=-1)[..., start - offset :].mean(axis=-1))


def previous_token_score(pattern: ArrayLike) -> Floats:
    """Mean attention to the token just before, over positions 1 to T − 1: (..., T, T) -> (...)."""
    return offset_score(pattern, 1)


def first_token_score(pattern: ArrayLike) -> Floats:
    """Mean attention to position 0, over positions 1 to T − 1 (position 0 has no choice): (..., T, T) -> (...)."""
    weights = np.asarray(pattern, dtype=np.float64)
    if weights.shape[-1] < 2:
        raise ValueError("a single position can only look at itself")
    return np.asarray(weights[..., 1:, 0].mean(axis=-1))


def duplicate_score(pattern: ArrayLike, half: int) -> Floats:
    """On text whose last `half` tokens repeat the `half` before: mean attention from the second copy to the same
    token in the first. (..., T, T) -> (...)."""
    return offset_score(pattern, half, _second_copy(pattern, half))


def induction_score(pattern: ArrayLike, half: int) -> Floats:
    """On such text: mean attention from the second copy to what came next in the first. Olsson et al. 2022."""
    return offset_score(pattern, half - 1, _second_copy(pattern, half))


def _second_copy(pattern: ArrayLike, half: int) -> int:
    """Where the second copy starts."""
    length: int = np.shape(pattern)[-1]
    if length < 2 * half:
        raise ValueError(f"{length} positions do not hold two copies of {half} tokens")
    return length - half


def head_scores(
    model: Transformer,
    *,
    half: int = 25,
    cases: int = 50,
    seed: int = 0,
    start: Sequence[int] = (),
    tokens: Sequence[int] | None = None,
    end: Sequence[int] = (),
) -> list[HeadScore]:
    """The scores "previous", "first", "duplicate" and "induction" of every head, on random repeated sequences.

    Each of the `cases` sequences is start, then `half` distinct random tokens and end, then the same again. tokens: the
    ids to draw from, all by default. Chance is the score of a head that looks at all it can see alike.
    ValueError: fewer than 2 cases, half below 2, too few tokens, or longer than the context.
    """
    pool = range(model.config.vocab_size) if tokens is None else tokens
    ids, half = repeated_sequences(pool, half, cases, seed, start, end), half + len(end)
    if ids.shape[1] > model.config.context_length:
        raise ValueError(f"{ids.shape[1]} tokens do not fit the context of {model.config.context_length}")
    patterns = _patterns(model, ids)  # per layer (cases, H, T, T)
    scores: dict[str, Callable[[ArrayLike], Floats]] = {
        "previous": previous_token_score,
        "first": first_token_score,
        "duplicate": lambda pattern: duplicate_score(pattern, half),
        "induction": lambda pattern: induction_score(pattern, half),
    }
    even = evenly(ids.shape[1])
    return [
        summary(name, np.stack([score(p) for p in patterns], axis=1), score(even)) for name, score in scores.items()
    ]


def evenly(length: int) -> Floats:
    """The pattern (T, T) of a head that looks at everything up to itself alike."""
    return np.tril(np.ones((length, length))) / np.arange(1, length + 1)[:, None]


def repeated_sequences(
    tokens: Sequence[int], half: int, cases: int, seed: int, start: Sequence[int] = (), end: Sequence[int] = ()
) -> NDArray[np.int64]:
    """(cases, len(start) + 2 · (half + len(end))): start, `half` tokens drawn without replacement, end, and the same
    tokens and end again."""
    if half < 2 or cases < 2 or len(tokens) < half:
        raise ValueError(f"need 2 cases and 2 tokens at least, and {half} different tokens, not {len(tokens)}")
    rng = np.random.default_rng(seed)
    rows = np.stack([rng.choice(np.asarray(tokens), half, replace=False) for _ in range(cases)])  # (cases, half)
    first, last = (np.tile(np.asarray(ids, dtype=np.int64), (cases, 1)) for ids in (start, end))
    return np.concatenate([first, rows, last, rows, last], axis=1)


def summary(name: str, samples: Floats, chance: ArrayLike) -> HeadScore:
    """The score of every head from samples (cases, L, H); chance: of each case alike, or (cases, L, H) too."""
    chances = np.broadcast_to(np.asarray(chance, dtype=np.float64), samples.shape)
    mean, low, high = mean_interval(samples)
    return HeadScore(name, mean, low, high, len(samples), chances.mean(axis=0), mean_interval(samples - chances)[1])


@torch.inference_mode()
def _patterns(model: Transformer, ids: NDArray[np.int64]) -> list[NDArray[np.float32]]:
    """The attention patterns of each layer, (B, H, T, T) per layer, for ids (B, T)."""
    found: list[NDArray[np.float32]] = []

    def keep(site: Site, tensor: Tensor) -> Tensor:
        if site.name == "pattern":
            found.append(tensor.float().cpu().numpy())
        return tensor

    model.last_logits(torch.from_numpy(ids).to(next(model.parameters()).device), tap=keep)
    return found
