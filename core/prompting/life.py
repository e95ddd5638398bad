"""When a model began to learn from examples: the games at every kept step of its life, beside its induction heads."""

from dataclasses import dataclass

from core.analysis.skills.games import Family
from core.model import Checkpoint, load_checkpoint
from core.prompting.examples import Curve, Report, curve, draw, fitting
from core.prompting.heads import Head, induction_heads

GAMES = 60
COUNTS = (0, 1, 2, 4, 8)


@dataclass(frozen=True)
class Life:
    """At each step: a Curve over `counts` of examples, and the head with the highest induction score."""

    counts: tuple[int, ...]
    steps: tuple[int, ...]
    curves: tuple[Curve, ...]
    heads: tuple[Head, ...]
    games: int


def life(checkpoint: Checkpoint, family: Family, count: int = GAMES, report: Report = lambda *_: None) -> Life:
    """The same games at all steps that were kept."""
    games = fitting(checkpoint.model, checkpoint.tokenizer, draw(family, count))
    curves: list[Curve] = []
    heads: list[Head] = []
    for place, step in enumerate(checkpoint.steps):
        report(place / len(checkpoint.steps), f"step {step:,}")
        young = load_checkpoint(checkpoint.folder, step)
        curves.append(curve(young.model, young.tokenizer, games, COUNTS))
        heads += induction_heads(young, 1)
    return Life(tuple(COUNTS), checkpoint.steps, tuple(curves), tuple(heads), len(games))
