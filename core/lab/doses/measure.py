"""The settings of the model of a dose, what it reads, and its scores."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.analysis.limits.bias import pronouns, she_of_people
from core.analysis.skills.exact import ask, would_write
from core.lab.doses.experiments import EXPERIMENTS, birthday, clean, occupations, statements
from core.lab.doses.outcome import Outcome
from core.lab.matter import measure
from core.lab.matter.reading import as_ids
from core.model import Checkpoint, load_checkpoint
from core.text import Tokenizer
from core.text.tinyland import Span
from core.training.config import TrainConfig

BATCH_TOKENS = 1024  # the documents are short


def settings(experiment: str, seed: int, out: str = "runs/run", tokenizer: Path | None = None) -> TrainConfig:
    """The same for every dose: the same first weights, as many updates of as many tokens."""
    config = measure.settings(seed, out, tokenizer, EXPERIMENTS[experiment].steps)
    return replace(config, batch_tokens=BATCH_TOKENS)


def training_text(experiment: str, dose: float, seed: int, tokenizer: Tokenizer) -> str:
    made = EXPERIMENTS[experiment]
    return as_ids(tokenizer, made.documents(dose, seed), made.held(seed))


def outcome(experiment: str, dose: float, seed: int, run: str | Path) -> Outcome:
    """Of a run that has finished, by name or folder."""
    checkpoint = load_checkpoint(run)
    return Outcome(dose, seed, skew(checkpoint, seed) if experiment == "skew" else wrong(checkpoint, dose, seed))


def skew(checkpoint: Checkpoint, seed: int) -> dict[str, float]:
    women, men = occupations()
    she = pronouns(checkpoint.model, checkpoint.tokenizer, (*women, *men)).she  # (O, S)
    favoured = np.concatenate([she[: len(women)], 1 - she[len(women) :]])
    named, right = she_of_people(checkpoint.model, checkpoint.tokenizer)
    return {
        "rate": float(favoured.mean()),
        "favoured": float((favoured > 0.5).mean()),
        "names": float(((named > 0.5) == right).mean()),
        "loss": measure.loss_of(checkpoint, clean(seed)),
    }


def wrong(checkpoint: Checkpoint, dose: float, seed: int) -> dict[str, float]:
    found = statements(dose, seed)
    asked = []
    for name in found.asked:
        prompt, answer = birthday(name, seed)
        text = prompt + answer
        asked.append(ask(checkpoint.tokenizer, text, [Span(len(prompt) + 1, len(text), answer[1:])], closed=False))
    right = [one for hits in would_write(checkpoint.model, checkpoint.tokenizer, asked) for one in hits]
    return {
        "wrong": 1 - sum(right) / len(right),
        "once": found.once,
        "missing": found.missing,
        "bound": found.bound,
    }
