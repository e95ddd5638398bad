"""The stages that a sampler can have: one row each, in the order in which they act unless another is asked for.

A row says everything that is known of its stage: its rule, when it is off, its range, and how a page shows it.
The browser is sent the rows and does the same arithmetic: assets/components/sampler/stages.js has a function for each,
and a test compares the two. The rules are those of Hugging Face's logits processors (transformers 5); the presence and
frequency penalties subtract as those of OpenAI's API do; `Sampler.penalty_scope` says what is counted. NumPy, float64.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.arrays import Floats

Rule = Callable[[Floats, float, Sequence[int]], Floats]  # logits (V,), the setting, the ids so far -> logits (V,)


@dataclass(frozen=True)
class StageKind:
    """A stage and its setting. At `off` it changes nothing, and is not listed.

    name: the setting, as the Sampler calls it; title: as people write it. low, high: what the Sampler takes; `whole`:
    only whole numbers. slider: smallest, largest, step of a page's control. kind: what it does to a distribution.
    colour: its place among the categories of assets/theme.json. named: values that have a name.
    """

    name: str
    title: str
    rule: Rule
    off: float
    low: float
    high: float
    slider: tuple[float, float, float]
    kind: Literal["penalty", "temperature", "cut"]
    colour: int
    hint: str
    whole: bool = False
    named: tuple[tuple[float, str], ...] = ()


def softmax(logits: Floats) -> Floats:
    """(V,) -> (V,), summing to 1; at least one logit must be finite. What was cut needs no exponential."""
    shares: Floats = logits - logits.max()
    if shares.min() == -np.inf:
        kept = np.flatnonzero(shares > -np.inf)
        weights = np.exp(shares[kept])
        shares = np.zeros(len(logits))
        shares[kept] = weights / weights.sum()
        return shares
    np.exp(shares, out=shares)  # torch is faster, but its other thread then spins, and decoding needs that core
    shares /= shares.sum()
    return shares


def likeliest_first(row: Floats) -> NDArray[np.intp]:
    """The ids of a row (V,) of probabilities or logits, the likeliest first, and the lower id first among equals.

    A sort that keeps the order of equals takes four times as long: 50,257 logits in 3.8 ms where this takes 1.
    """
    order = np.argsort(-row)
    equal = row[order[1:]] == row[order[:-1]]
    tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
    if len(tied) > len(row) // 4:
        return np.argsort(-row, kind="stable")
    ids = order[tied]  # every run of equals, where it lies
    order[tied] = ids[np.lexsort((ids, -row[ids]))]
    return order


def _cut(logits: Floats, cut: NDArray[np.bool_]) -> Floats:
    return np.where(cut, -np.inf, logits)


def _counts(context: Sequence[int], size: int) -> NDArray[np.int64]:
    """How often each token was seen: (size,)."""
    ids = np.asarray(context, dtype=np.int64)
    return np.bincount(ids[(ids >= 0) & (ids < size)], minlength=size)


def _repetition_penalty(logits: Floats, penalty: float, context: Sequence[int]) -> Floats:
    """Keskar et al. 2019 (CTRL): the logits of tokens seen before are divided by the penalty, or multiplied if < 0."""
    return np.where(_counts(context, len(logits)) > 0, np.where(logits < 0, logits * penalty, logits / penalty), logits)


def _presence_penalty(logits: Floats, penalty: float, context: Sequence[int]) -> Floats:
    """As OpenAI's API: the same amount is taken from the logit of every token seen before; a negative one adds."""
    return logits - penalty * (_counts(context, len(logits)) > 0)


def _frequency_penalty(logits: Floats, penalty: float, context: Sequence[int]) -> Floats:
    """As OpenAI's API: the penalty is taken from a token's logit once for each time it was seen."""
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


STAGES = (
    StageKind(
        "repetition_penalty",
        "Repetition penalty",
        _repetition_penalty,
        off=1.0,
        low=0.1,
        high=10.0,
        slider=(1.0, 2.0, 0.05),
        kind="penalty",
        colour=5,
        hint="Divides the logit of every token that the text already has. 1 is off.",
    ),
    StageKind(
        "presence_penalty",
        "Presence penalty",
        _presence_penalty,
        off=0.0,
        low=-10.0,
        high=10.0,
        slider=(-2.0, 2.0, 0.1),
        kind="penalty",
        colour=3,
        hint="Takes this much from the logit of every token that the text already has, the prompt included (OpenAI's "
        "API counts only what was sampled). 0 is off.",
    ),
    StageKind(
        "frequency_penalty",
        "Frequency penalty",
        _frequency_penalty,
        off=0.0,
        low=-10.0,
        high=10.0,
        slider=(-2.0, 2.0, 0.1),
        kind="penalty",
        colour=7,
        hint="Takes this much from a token's logit for each time that the text has it, the prompt included (OpenAI's "
        "API counts only what was sampled). 0 is off.",
    ),
    StageKind(
        "temperature",
        "Temperature",
        _temperature,
        off=1.0,
        low=0.0,
        high=10.0,
        slider=(0.0, 2.0, 0.05),
        kind="temperature",
        colour=8,
        hint="Below 1 the likely gets likelier, above 1 all become more alike; 0 takes the likeliest. 1 is off.",
        named=((0, "greedy"),),
    ),
    StageKind(
        "top_k",
        "Top-k",
        _top_k,
        off=0,
        low=0,
        high=1_000_000,
        slider=(0, 200, 1),
        kind="cut",
        colour=0,
        hint="Only the k likeliest tokens stay. 0 is off.",
        whole=True,
        named=((0, "off"),),
    ),
    StageKind(
        "top_p",
        "Top-p",
        _top_p,
        off=1.0,
        low=0.0,
        high=1.0,
        slider=(0.0, 1.0, 0.01),
        kind="cut",
        colour=1,
        hint="The likeliest tokens stay until together they hold this probability. 1 is off.",
    ),
    StageKind(
        "min_p",
        "Min-p",
        _min_p,
        off=0.0,
        low=0.0,
        high=1.0,
        slider=(0.0, 1.0, 0.01),
        kind="cut",
        colour=2,
        hint="Cuts what is less likely than this part of the likeliest token. 0 is off.",
    ),
    StageKind(
        "typical_p",
        "Typical-p",
        _typical_p,
        off=1.0,
        low=0.0,
        high=1.0,
        slider=(0.0, 1.0, 0.01),
        kind="cut",
        colour=4,
        hint="Keeps tokens about as surprising as the model expects, up to this probability. 1 is off.",
    ),
)
