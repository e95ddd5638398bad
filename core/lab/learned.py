"""A reward model learned from comparisons, with all that is to be known of it: how often it is right on others, which
tokens it looks at, and what it says of fresh continuations beside what the rater really likes."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.lab import reward_model
from core.lab.raters import TASTES, Pair, Rater
from core.lab.ratings import continuations
from core.model import Checkpoint

DRAWN = 256  # fresh continuations
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Learned:
    """Of a reward model: accuracy on held-out comparisons and the rater's ceiling, None of a person; what each token of
    an example adds; and, for DRAWN continuations, the model's reward and the rater's."""

    pairs: int
    accuracy: float
    ceiling: float | None
    example: tuple[int, ...]
    by_token: list[float]
    proxy: list[float]
    true: list[float]


def learn(checkpoint: Checkpoint, prompt: str, rater: Rater | None, pairs: Sequence[Pair], count: int,
           report: Report) -> Learned:  # fmt: skip
    """Compare, fit on nine tenths, and score fresh continuations."""
    if rater is not None:
        report(0.05, "writing continuations")
        texts = continuations(checkpoint, prompt, 2 * count, seed=1)
        dice = random.Random(0)
        pairs = [rater.compare(prompt, a, b, dice) for a, b in zip(texts[::2], texts[1::2], strict=True)]
    report(0.3, "reading them")
    chosen, rejected = reward_model.means_of(checkpoint, pairs)
    held = max(1, len(chosen) // 4)
    if len(chosen) < 4:
        raise ValueError("at least four comparisons with a choice are needed: three to learn from, one to check")
    model = reward_model.fit_reward_model(chosen[:-held], rejected[:-held])
    right = float(reward_model.accuracy(model, chosen[-held:], rejected[-held:]).mean())
    report(0.6, "scoring fresh continuations")
    fresh = continuations(checkpoint, prompt, DRAWN, seed=2)
    states = [reward_model.states_of(checkpoint, prompt, text) for text in fresh]
    proxy = [model.reward(one) for one in states]
    worth = TASTES[rater.taste] if rater else None
    best = int(np.argmax(proxy))
    by_token = model.by_token(states[best])
    tokens = checkpoint.tokenizer.encode(prompt + fresh[best])[-len(by_token) :]
    return Learned(
        len(chosen), right, rater.ceiling(pairs) if rater else None, tuple(tokens),
        by_token.tolist(), proxy, [worth(text) for text in fresh] if worth else [],
    )  # fmt: skip
