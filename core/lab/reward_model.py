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

from core.lab.raters import Pair
from core.model import Checkpoint, Site
from core.tuning import reward_loss


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


@torch.inference_mode()
def states_of(checkpoint: Checkpoint, prompt: str, text: str) -> Tensor:
    """What stands at the last layer at each token of `text`, after `prompt`: (T, D). An empty text has one state, that
    of the prompt's last token. What does not fit the context is cut from the prompt's beginning."""
    ids = [checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode(prompt + text, special=True)]
    own = max(1, len(ids) - 1 - len(checkpoint.tokenizer.encode(prompt, special=True)))  # tokens of the text
    ids = ids[-checkpoint.config.context_length :]
    found: list[Tensor] = []

    def keep(site: Site, x: Tensor) -> Tensor:
        if site.name == "ln_final":
            found.append(x[0])
        return x

    checkpoint.model(torch.tensor([ids]), tap=keep)
    return found[0][-own:].clone()


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


def means_of(checkpoint: Checkpoint, pairs: Sequence[Pair]) -> tuple[Tensor, Tensor]:
    """The mean states of the preferred and of the other text of each pair that is no tie: (N, D) twice."""
    rows = []
    for pair in pairs:
        if pair.choice in ("a", "b"):
            texts = (pair.a, pair.b) if pair.choice == "a" else (pair.b, pair.a)
            rows.append([states_of(checkpoint, pair.prompt, text).mean(0) for text in texts])
    if not rows:
        raise ValueError("there is no comparison with a choice yet: ties say nothing about what is better")
    chosen, rejected = (torch.stack([row[i] for row in rows]) for i in (0, 1))
    return chosen, rejected


def accuracy(model: RewardModel, chosen: Tensor, rejected: Tensor) -> np.ndarray:
    """Whether each pair is ordered as it was preferred: mean states (N, D) twice -> (N,) of 0 and 1, ½ where equal."""
    difference = ((chosen - rejected) / model.scale) @ model.weights
    found: np.ndarray = (difference > 0).double().add((difference == 0).double() / 2).numpy()
    return found
