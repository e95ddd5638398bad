"""A reward model learned from comparisons, with all that is to be known of it: how often it is right on others, which
tokens it looks at, and what it says of fresh continuations beside what the rater really likes."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.model import Checkpoint
from core.tuning import reward_model
from core.tuning.comparisons import Pair, as_answer, continuations
from core.tuning.raters import Rater

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
        doing = "writing continuations"
        texts = continuations(checkpoint, prompt, 2 * count, seed=1, report=lambda share: report(0.4 * share, doing))
        dice = random.Random(0)
        pairs = [rater.compare(prompt, a, b, dice) for a, b in zip(texts[::2], texts[1::2], strict=True)]
        rater.check(pairs)
    report(0.4, "reading them")
    tokenizer, length = checkpoint.tokenizer, checkpoint.config.context_length
    means = reward_model.means_of(checkpoint.model, reward_model.answers_of(tokenizer, pairs, length))
    chosen, rejected = means[0::2], means[1::2]
    held = max(1, len(chosen) // 4)
    if len(chosen) < 4:
        raise ValueError("at least four comparisons with a choice are needed: three to learn from, one to check")
    model = reward_model.fit_reward_model(chosen[:-held], rejected[:-held])
    right = float(reward_model.accuracy(model, chosen[-held:], rejected[-held:]).mean())
    doing = "writing fresh continuations"
    fresh = continuations(checkpoint, prompt, DRAWN, seed=2, report=lambda share: report(0.5 + 0.4 * share, doing))
    report(0.9, "scoring them")
    answers = [as_answer(tokenizer, prompt, text, length) for text in fresh]
    states = reward_model.states_of(checkpoint.model, answers)
    proxy = [model.reward(one) for one in states]
    best = int(np.argmax(proxy))
    return Learned(
        len(chosen), right, rater.ceiling(pairs) if rater else None, answers[best].ids[answers[best].begins :],
        model.by_token(states[best]).tolist(), proxy,
        [rater.utility(text, prompt) for text in fresh] if rater else [],
    )  # fmt: skip
