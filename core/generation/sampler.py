"""How logits become the distribution that the next token is drawn from, one visible stage at a time.

Every stage takes a whole row of logits and returns a new one, in which a token that was cut has the logit −inf.
The rules are those of Hugging Face's logits processors (transformers 5), applied in their order unless another is asked
for; the presence and frequency penalties are those of OpenAI's API. Pure NumPy, float64.
assets/components/sampler/stages.js does the same arithmetic in the browser, and a test compares the two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Setting -> (smallest, largest, default). At its default a setting is off: its stage changes nothing and is not listed.
BOUNDS: dict[str, tuple[float, float, float]] = {
    "temperature": (0.0, 10.0, 1.0),
    "top_k": (0, 1_000_000, 0),
    "top_p": (0.0, 1.0, 1.0),
    "min_p": (0.0, 1.0, 0.0),
    "typical_p": (0.0, 1.0, 1.0),
    "repetition_penalty": (0.1, 10.0, 1.0),
    "presence_penalty": (-10.0, 10.0, 0.0),
    "frequency_penalty": (-10.0, 10.0, 0.0),
}
# The order in which the stages act unless a Sampler says otherwise: the penalties, the temperature, then the cuts.
ORDER = (
    "repetition_penalty",
    "presence_penalty",
    "frequency_penalty",
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
)
MIN_TEMPERATURE = 1e-6  # the smallest temperature above 0: dividing a float32 logit by it cannot overflow
USUALLY = 64  # so many of the likeliest tokens are looked at first when one is drawn
FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Stage:
    """The distribution after one stage.

    name: "raw", or the sampler's setting that acted; value: that setting (None for "raw").
    logits (V,) float64, −inf where cut; probs (V,) float64, their softmax.
    """

    name: str
    value: float | None
    logits: Floats
    probs: Floats

    @property
    def kept(self) -> NDArray[np.bool_]:
        """(V,), False where a token has been cut so far."""
        return self.logits > -np.inf


@dataclass(frozen=True, repr=False)
class Sampler:
    """The settings of sampling. Each has a range, in `BOUNDS`; outside it a ValueError names the range.

    temperature 0 is greedy: the most likely token gets probability 1, the lowest id among equals. order: all names of
    `ORDER`, in the order in which their stages act; it matters, because every cut is made in what the earlier left.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    typical_p: float = 1.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    order: tuple[str, ...] = ORDER

    def __post_init__(self) -> None:
        for name in ORDER:
            _check(name, getattr(self, name))
        if not isinstance(self.order, tuple) or sorted(self.order) != sorted(ORDER):
            raise ValueError(f"order must be a tuple of these names, each once: {', '.join(ORDER)}")

    def __repr__(self) -> str:
        """As it is written in Python: only what is not at its default."""
        chosen = {name: getattr(self, name) for name in BOUNDS if getattr(self, name) != BOUNDS[name][2]}
        if self.order != ORDER:
            chosen["order"] = self.order
        return f"Sampler({', '.join(f'{name}={value!r}' for name, value in chosen.items())})"

    def stages(self, logits: ArrayLike, context: Sequence[int] = ()) -> list[Stage]:
        """The model's own distribution ("raw"), then one Stage for each setting that is on, in the sampler's order.

        logits (V,): the model's, −inf where a token is impossible. context: the ids so far (for the penalties; ids
        outside the vocabulary are ignored). ValueError: not one row, NaN, +inf, or every token impossible.
        """
        row = _checked_logits(logits)
        stages = [_stage("raw", None, row)]
        for name in self.order:
            value = getattr(self, name)
            if value != BOUNDS[name][2]:
                row = RULES[name](row, value, context)
                stages.append(_stage(name, value, row))
        return stages

    def probs(self, logits: ArrayLike, context: Sequence[int] = ()) -> Floats:
        """The distribution to draw from: (V,) float64, that of the last stage. Arguments and errors as for `stages`."""
        return self.stages(logits, context)[-1].probs


def softmax(logits: Floats) -> Floats:
    """(V,) -> (V,), summing to 1; at least one logit must be finite."""
    weights = np.exp(logits - logits.max())
    shares: Floats = weights / weights.sum()
    return shares


def likeliest_first(row: Floats) -> NDArray[np.intp]:
    """The ids of a row (V,) of probabilities or logits, the likeliest first, and the lower id first among equals."""
    return np.argsort(-row, kind="stable")


def likeliest(row: Floats, count: int) -> NDArray[np.intp]:
    """The first `count` of `likeliest_first`, without sorting the rest."""
    if count < len(row):
        candidates = np.flatnonzero(row >= np.partition(row, -count)[-count])
        return candidates[likeliest_first(row[candidates])][:count]
    return likeliest_first(row)


def draw(probs: ArrayLike, u: float) -> int:
    """The token that the number u in [0, 1) chooses from the distribution probs (V,): inverse CDF.

    The tokens are laid end to end, the most likely first (the lower id first among equals), each as long as its
    probability; the token that covers u × total is drawn. So a small u means a likely token, and u uniform means that
    each token comes with its own probability. A token of probability 0 is never drawn.
    ValueError: probs that are not a row of finite numbers ≥ 0 with a positive sum; u outside [0, 1).
    """
    row = np.asarray(probs, dtype=np.float64)
    total = row.sum()  # not finite if anything is not
    if row.ndim != 1 or not 0 < total < np.inf or row.min() < 0:
        raise ValueError("probs must be one row of finite numbers, none negative, with a positive sum")
    if not 0 <= u < 1:
        raise ValueError(f"u must be at least 0 and below 1, not {u}")
    possible = np.flatnonzero(row)
    lengths = row[possible]
    target = u * total
    for count in (USUALLY, len(lengths)):  # nearly always the likeliest few cover it
        order = likeliest(lengths, count)
        place = np.searchsorted(np.cumsum(lengths[order]), target, side="right")  # among the ends of the stretches
        if place < len(order):
            break
    return int(possible[order[min(place, len(order) - 1)]])


def _check(name: str, value: float) -> None:
    low, high, _ = BOUNDS[name]
    kind, words = (Integral, "a whole number") if name == "top_k" else (Real, "a number")
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
        raise ValueError(f"{name} must be {words} from {low} to {high:,}, not {value!r}")
    if name == "temperature" and 0 < value < MIN_TEMPERATURE:
        raise ValueError(f"temperature must be 0 (greedy) or at least {MIN_TEMPERATURE:g}, not {value!r}")


def _checked_logits(logits: ArrayLike) -> Floats:
    row = np.array(logits, dtype=np.float64)
    if row.ndim != 1 or not len(row):
        raise ValueError(f"logits must be one row with an entry per token, not an array of shape {row.shape}")
    largest = row.max()  # NaN if anything is
    if np.isnan(largest):
        raise ValueError("the logits contain NaN: the model's weights or the intervention on them are broken")
    if not -FLOAT32_MAX <= largest <= FLOAT32_MAX:
        raise ValueError("the largest logit must be a finite float32: there is nothing to draw from")
    return row


def _stage(name: str, value: float | None, logits: Floats) -> Stage:
    return Stage(name, value, logits, softmax(logits))


def _cut(logits: Floats, cut: NDArray[np.bool_]) -> Floats:
    return np.where(cut, -np.inf, logits)


# The rules. Each: logits (V,), the setting, the ids so far -> logits (V,).


def _counts(context: Sequence[int], size: int) -> NDArray[np.int64]:
    """How often each token was seen: (size,)."""
    ids = np.asarray(context, dtype=np.int64)
    return np.bincount(ids[(ids >= 0) & (ids < size)], minlength=size)


def _repetition_penalty(logits: Floats, penalty: float, context: Sequence[int]) -> Floats:
    """Keskar et al. 2019 (CTRL): the logits of tokens seen before are divided by the penalty, or multiplied if < 0."""
    return np.where(_counts(context, len(logits)) > 0, np.where(logits < 0, logits * penalty, logits / penalty), logits)


def _presence_penalty(logits: Floats, penalty: float, context: Sequence[int]) -> Floats:
    """OpenAI's API: the same amount is taken from the logit of every token seen before; a negative one adds."""
    return logits - penalty * (_counts(context, len(logits)) > 0)


def _frequency_penalty(logits: Floats, penalty: float, context: Sequence[int]) -> Floats:
    """OpenAI's API: the penalty is taken from a token's logit once for each time it was seen."""
    return logits - penalty * _counts(context, len(logits))


def _temperature(logits: Floats, temperature: float, context: Sequence[int]) -> Floats:
    if temperature == 0:
        best = logits.argmax()  # the lowest id among equals
        greedy = np.full(len(logits), -np.inf)
        greedy[best] = logits[best]
        return greedy
    return logits / temperature


def _top_k(logits: Floats, top_k: float, context: Sequence[int]) -> Floats:
    """Keep the k largest, and whatever equals the k-th: more than k can stay, as in Hugging Face's."""
    k = min(int(top_k), len(logits))
    return _cut(logits, logits < np.partition(logits, -k)[-k])


def _top_p(logits: Floats, p: float, context: Sequence[int]) -> Floats:
    """Nucleus (Holtzman et al. 2020): cut the least likely tokens as long as what is cut sums to at most 1 − p.

    One token always stays. Among equals at the border the lower ids stay; Hugging Face cuts the same number of them,
    but which ones is up to torch's unstable sort.
    """
    probs = softmax(logits)
    rising = likeliest_first(logits)[::-1]
    cut = np.zeros(len(logits), dtype=bool)
    cut[rising] = np.cumsum(probs[rising]) <= 1 - p
    cut[rising[-1]] = False
    return _cut(logits, cut)


def _min_p(logits: Floats, min_p: float, context: Sequence[int]) -> Floats:
    """Nguyen et al. 2024: cut what is less likely than min_p times the most likely token."""
    probs = softmax(logits)
    return _cut(logits, probs < min_p * probs.max())


def _typical_p(logits: Floats, mass: float, context: Sequence[int]) -> Floats:
    """Locally typical (Meister et al. 2023): keep the tokens whose surprise is nearest the entropy, until they sum to
    the mass; whatever is exactly as near as the last of them stays too. Mass 0 keeps the nearest alone."""
    probs = softmax(logits)
    surprise = logits.max() - logits + np.log(np.exp(logits - logits.max()).sum())  # −log p, inf where cut
    entropy = (probs * np.where(probs > 0, surprise, 0.0)).sum()
    distance = np.abs(surprise - entropy)
    nearest_first = np.argsort(distance, kind="stable")
    last = min(int((np.cumsum(probs[nearest_first]) < mass).sum()), len(logits) - 1)
    return _cut(logits, distance > distance[nearest_first[last]])


RULES: dict[str, Callable[[Floats, float, Sequence[int]], Floats]] = {
    "repetition_penalty": _repetition_penalty,
    "presence_penalty": _presence_penalty,
    "frequency_penalty": _frequency_penalty,
    "temperature": _temperature,
    "top_k": _top_k,
    "top_p": _top_p,
    "min_p": _min_p,
    "typical_p": _typical_p,
}
