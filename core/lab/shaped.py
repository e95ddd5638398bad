"""A model before and after it learned from comparisons: how likely the compared texts are."""

from collections.abc import Sequence
from pathlib import Path

import torch

from core.model import Checkpoint
from core.training.config import TrainConfig
from core.training.preference.policy import log_probs, rectangles
from core.training.preference.rated import read_comparisons
from core.tuning.comparisons import Pair
from core.tuning.reward_model import answers_of

MOST = 100  # pairs that are looked at
TOKENS = 2048  # that are read at once


def compared(folder: Path) -> list[Pair]:
    """The comparisons that a run learned from, at most MOST. Raises RunError where there are too few."""
    return read_comparisons(folder)[:MOST]


def prompts_of(folder: Path) -> list[str]:
    """What the compared texts go on from."""
    settings = TrainConfig.load(folder / "train.json").preference
    return settings.get("openings") or list(dict.fromkeys(pair.prompt for pair in read_comparisons(folder)))


def log_probs_of(checkpoint: Checkpoint, pairs: Sequence[Pair]) -> list[float]:
    """Log-probability in nats of the chosen and the rejected text of each pair, in turn."""
    answers = answers_of(checkpoint.tokenizer, pairs, checkpoint.config.context_length)
    found = torch.zeros(len(answers))
    for micro in rectangles(answers, TOKENS):
        found[list(micro.rows)] = log_probs(checkpoint.model, micro).sum(1)[: len(micro.rows)]
    values: list[float] = found.tolist()
    return values
