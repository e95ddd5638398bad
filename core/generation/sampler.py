"""How logits become the distribution that the next token is drawn from, one visible stage at a time.

Every stage takes a whole row of logits and returns a new one, in which a token that was cut has the logit −inf.
stages.py has the rules; they act in the order of Hugging Face's logits processors unless another is asked for.
NumPy, float64.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.arrays import Floats
from core.brief import Brief
from core.generation.stages import STAGES, likeliest_first, softmax

# Setting -> (smallest, largest, default). At its default a setting is off: its stage changes nothing and is not listed.
BOUNDS: dict[str, tuple[float, float, float]] = {row.name: (row.low, row.high, row.off) for row in STAGES}
ORDER = tuple(row.name for row in STAGES)  # in which the stages act unless a Sampler says otherwise
KINDS = {row.name: row for row in STAGES}
PenaltyScope = Literal["text", "sampled"]
SCOPED = ("presence_penalty", "frequency_penalty")  # what a Sampler's penalty_scope is about
MIN_TEMPERATURE = 1e-6  # the smallest temperature above 0: dividing a float32 logit by it cannot overflow
USUALLY = 64  # so many of the likeliest tokens are looked at first when one is drawn
GROUP = 64  # tokens of which the largest is looked at first
FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False, repr=False)
class Stage(Brief):
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
    penalty_scope: what the presence and frequency penalties count. "text": all tokens so far, the prompt included, as
    llama.cpp does; "sampled": only those that were sampled after the prompt, as OpenAI's API and vLLM do. The
    repetition penalty always counts the whole text, as Hugging Face's does.
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
    penalty_scope: PenaltyScope = "text"

    def __post_init__(self) -> None:
        for name in ORDER:
            _check(name, getattr(self, name))
        if not isinstance(self.order, tuple) or sorted(self.order) != sorted(ORDER):
            raise ValueError(f"order must be a tuple of these names, each once: {', '.join(ORDER)}")
        if self.penalty_scope not in get_args(PenaltyScope):
            raise ValueError(f"penalty_scope must be one of {get_args(PenaltyScope)}, not {self.penalty_scope!r}")

    def __repr__(self) -> str:
        """As it is written in Python: only what is not at its default."""
        settings = [field.name for field in fields(self) if field.name in BOUNDS]
        chosen = {name: getattr(self, name) for name in settings if getattr(self, name) != BOUNDS[name][2]}
        chosen |= {"order": self.order} if self.order != ORDER else {}
        chosen |= {"penalty_scope": self.penalty_scope} if self.penalty_scope != "text" else {}
        return f"Sampler({', '.join(f'{name}={value!r}' for name, value in chosen.items())})"

    def stages(self, logits: ArrayLike, context: Sequence[int] = (), prompt: int = 0) -> list[Stage]:
        """The model's own distribution ("raw"), then one Stage for each setting that is on, in the sampler's order.

        logits (V,): the model's, −inf where a token is impossible. context: the ids so far (for the penalties; ids
        outside the vocabulary are ignored); prompt: how many of them, the first, were not sampled, for the scope
        "sampled". ValueError: not one row, NaN, +inf, or every token impossible; prompt negative.
        """
        row = _checked_logits(logits)
        if prompt < 0:
            raise ValueError(f"prompt is a number of ids and must not be negative, not {prompt}")
        sampled = context[prompt:] if self.penalty_scope == "sampled" else context
        stages = [_stage("raw", None, row)]
        for name in self.order:
            value = getattr(self, name)
            if value != BOUNDS[name][2]:
                row = KINDS[name].rule(row, value, sampled if name in SCOPED else context)
                stages.append(_stage(name, value, row))
        return stages

    def probs(self, logits: ArrayLike, context: Sequence[int] = (), prompt: int = 0) -> Floats:
        """The distribution to draw from: (V,) float64, that of the last stage. Arguments and errors as for `stages`."""
        return self.stages(logits, context, prompt)[-1].probs


def likeliest(row: Floats, count: int) -> NDArray[np.intp]:
    """The first `count` of `likeliest_first`, without sorting the rest: of 50,257 the ten likeliest in 0.1 ms."""
    if count >= len(row):
        return likeliest_first(row)
    least = _exceeded(row, count)
    ids = np.flatnonzero(row > least)
    if len(ids) < count:  # those that equal it are needed too: of a row that is nearly all zeros, nearly all
        ids = np.flatnonzero(row >= least)
    values = row[ids]
    last = np.partition(values, -count)[-count]
    above = ids[values > last]
    above = above[likeliest_first(row[above])]
    return np.append(above, ids[values == last][: count - len(above)])


def _exceeded(row: Floats, count: int) -> float:
    """A number that at least `count` of the row are not below, and not many more: each is the largest of a group."""
    groups = len(row) // GROUP
    if count > groups:
        return float(np.partition(row, -count)[-count])
    largest = row[: groups * GROUP].reshape(GROUP, groups).max(axis=0)  # (groups,)
    return float(np.partition(largest, -count)[-count])


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
    target, possible = u * total, int(np.count_nonzero(row))
    for count in (min(USUALLY, possible), possible):  # nearly always the likeliest few cover it
        order = likeliest(row, count)
        place = np.searchsorted(np.cumsum(row[order]), target, side="right")  # among the ends of the stretches
        if place < count:
            break
    return int(order[min(place, possible - 1)])


def _check(name: str, value: float) -> None:
    low, high, _ = BOUNDS[name]
    kind, words = (Integral, "a whole number") if KINDS[name].whole else (Real, "a number")
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
