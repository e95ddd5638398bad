"""A reward model from comparisons: a linear head on what the language model has at its last layer.

The reward of a text is the mean over its tokens of w · h, so what each token adds to it is known exactly. w minimises
core.tuning.reward_loss on the comparisons, with a little weight decay; the problem is convex, so L-BFGS finds the one
solution.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.model import Site, Transformer
from core.text import Tokenizer
from core.tuning.comparisons import Answer, Pair, as_answer, decided
from core.tuning.reward import reward_loss

TOGETHER = 64  # answers that are read at once


@dataclass(frozen=True)
class RewardModel:
    """The head: weights (D,), for states that were centred by `mean` and divided by `scale` (D,)."""

    weights: Tensor
    mean: Tensor
    scale: Tensor

    def by_token(self, states: Tensor) -> Tensor:
        """What each token adds to the reward: states (T, D) -> (T,); the reward is their mean."""
        return ((states - self.mean) / self.scale) @ self.weights

    def reward(self, states: Tensor) -> float:
        """Of a text whose tokens have these states (T, D)."""
        return float(self.by_token(states).mean())


def states_of(model: Transformer, answers: Sequence[Answer]) -> list[Tensor]:
    """What stands at the last layer at each token of every answer, (T, D) each: many are read at once, by length."""
    order = sorted(range(len(answers)), key=lambda i: len(answers[i].ids))
    found: dict[int, Tensor] = {}
    for start in range(0, len(order), TOGETHER):
        part = order[start : start + TOGETHER]
        for i, states in zip(part, last_states(model, [answers[i].ids for i in part]), strict=True):
            answer = answers[i]
            found[i] = states[answer.begins : len(answer.ids)].clone()
    return [found[i] for i in range(len(answers))]


@torch.inference_mode()
def last_states(model: Transformer, sequences: Sequence[Sequence[int]]) -> Tensor:
    """Of sequences, the shorter ones padded behind their end, where no token of theirs sees it: (B, T, D)."""
    ids = torch.zeros(len(sequences), max(map(len, sequences)), dtype=torch.long)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence)
    found: list[Tensor] = []

    def keep(site: Site, x: Tensor) -> Tensor:
        if site.name == "ln_final":
            found.append(x)
        return x

    model(ids, tap=keep)
    return found[0]


def fit_reward_model(chosen: Tensor, rejected: Tensor, decay: float = 0.02) -> RewardModel:
    """From the mean states of the texts of each pair, (N, D) twice. ValueError: no pair, or nothing that differs."""
    if not len(chosen) or not (chosen - rejected).abs().max() > 0:
        raise ValueError("a reward model needs at least one pair of different texts")
    both = torch.cat([chosen, rejected])
    mean, scale = both.mean(0), both.std(0).clamp(min=1e-6)
    a, b = ((x - mean) / scale for x in (chosen, rejected))
    weights = torch.zeros(chosen.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss, _ = reward_loss(a @ weights, b @ weights)
        loss = loss + decay * weights.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return RewardModel(weights.detach(), mean, scale)


def answers_of(tokenizer: Tokenizer, pairs: Sequence[Pair], context_length: int) -> list[Answer]:
    """The preferred and the other text of each pair, one after the other. ValueError: no pair has a choice."""
    kept = decided(pairs)
    if not kept:
        raise ValueError("there is no comparison with a choice yet: ties say nothing about what is better")
    return [as_answer(tokenizer, pair.prompt, text, context_length) for pair in kept for text in pair.ranked]


def means_of(model: Transformer, answers: Sequence[Answer]) -> Tensor:
    """The mean state of each answer: (N, D)."""
    return torch.stack([states.mean(0) for states in states_of(model, answers)])


def accuracy(model: RewardModel, chosen: Tensor, rejected: Tensor) -> np.ndarray:
    """Whether each pair is ordered as it was preferred: mean states (N, D) twice -> (N,) of 0 and 1, ½ where equal."""
    difference = ((chosen - rejected) / model.scale) @ model.weights
    found: np.ndarray = (difference > 0).double().add((difference == 0).double() / 2).numpy()
    return found
