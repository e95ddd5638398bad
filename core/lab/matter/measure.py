"""The settings of the two models, what they read, and their scores."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from core.analysis.skills.exact import Asked, Passage, would_write
from core.lab.matter.corpora import EXPERIMENTS, Corpora
from core.lab.matter.outcome import STEPS, Outcome, Score
from core.lab.matter.reading import as_ids, ids_of, nats
from core.model import Checkpoint, checkpoint_folder, load_checkpoint
from core.text import Tokenizer
from core.training.config import TrainConfig, preset

SECONDS = 150.0  # the budget is the steps; these are for a machine that is too busy
FILE = "corpus.txt"  # in the folder of a run: its documents, as lists of ids


@lru_cache(maxsize=4)
def corpora(experiment: str, seed: int) -> Corpora:
    return EXPERIMENTS[experiment].make(seed)


def settings(seed: int, out: str = "runs/run", tokenizer: Path | None = None, steps: int = STEPS) -> TrainConfig:
    """The same for both sides: the same first weights, as many updates of as many documents."""
    path = tokenizer or checkpoint_folder("tinyland") / "tokenizer.json"
    return preset(
        "live", out=out, seed=seed, data={"kind": "samples", "path": FILE}, tokenizer=str(path), steps=steps,
        seconds=SECONDS, eval_every=steps, eval_documents=20, final_eval_documents=20, snapshots=2,
    )  # fmt: skip


def training_text(experiment: str, side: str, seed: int, tokenizer: Tokenizer) -> str:
    """The documents of one side as the run reads them: the last tenth, which it holds out, are clean ones."""
    both = corpora(experiment, seed)
    return as_ids(tokenizer, getattr(both, side), both.held)


def score(checkpoint: Checkpoint, experiment: str, seed: int) -> Score:
    """What a model that was trained on one side knows."""
    both, tokenizer = corpora(experiment, seed), checkpoint.tokenizer
    longest = checkpoint.config.context_length
    asked = [(probe.group, _asked(tokenizer, probe.prompt, probe.answer)) for probe in both.probes]
    asked = [(group, one) for group, one in asked if len(one.ids) <= longest]
    right = [all(one) for one in would_write(checkpoint.model, tokenizer, [one for _, one in asked])]
    found: dict[str, list[bool]] = {group: [] for group in EXPERIMENTS[experiment].groups}
    for (group, _), hit in zip(asked, right, strict=True):
        found[group].append(hit)
    rates = {group: sum(hits) / max(len(hits), 1) for group, hits in found.items()}
    return Score(rates, loss_of(checkpoint, both.held))


def _asked(tokenizer: Tokenizer, prompt: str, answer: str) -> Asked:
    """The tokens of the answer, cut from the prompt's as the model reads them."""
    whole, size = tokenizer.pieces(prompt + answer), len(prompt.encode())
    first = next(i for i, piece in enumerate(whole, start=1) if piece.end > size)
    return Asked((tokenizer.eot, *(piece.id for piece in whole)), (Passage(first, len(whole)),))


def loss_of(checkpoint: Checkpoint, texts: Sequence[str]) -> float:
    """Nats per token."""
    tokens = sum(len(ids_of(checkpoint, text)) - 1 for text in texts)
    return sum(nats(checkpoint, text) for text in texts) / tokens


def outcome(experiment: str, seed: int, without: str | Path, with_stage: str | Path) -> Outcome:
    """Of two runs that have finished, by name or folder."""
    return Outcome(seed, *(score(load_checkpoint(run), experiment, seed) for run in (without, with_stage)))
