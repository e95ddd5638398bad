"""The skew of the pronouns as one direction of the residual stream, and the model without it.

The direction is how the stream at the end of an occupation's name moves with the corpus' rate of "she": their
covariance over occupations, the direction that linear concept erasure takes out (Belrose et al. 2023,
arXiv:2306.03819). The stream that enters one block loses what it holds along it, at every position, beyond its mean
(directional ablation, Arditi et al. 2024, arXiv:2406.11717). It is learned from one half of the occupations and
measured on the other, so that it cannot know by heart whom it is asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.analysis.interventions.directions import record_sites
from core.analysis.interventions.intervene import Edit, Intervened
from core.analysis.limits.bias import CONTEXTS, Pronouns, amplification, pronouns, she_of_people, with_article
from core.analysis.limits.bias_inside import Report, Triple, added_loss
from core.arrays import Floats
from core.model import Checkpoint, Site, Transformer
from core.text import tinyland


@dataclass(frozen=True, eq=False)
class Erased:
    """The whole model, and without the direction in the stream that enters block `layer`: its pronouns after
    occupations that the direction was not learned from; `control`: without a random direction in its place. people:
    how often the pronoun of a person with a name is right, before and after. `loss` on held-out Tinyland, nats per
    token, and what is `added` to it with its 95 % interval."""

    layer: int
    before: Pronouns
    after: Pronouns
    control: Pronouns
    people: tuple[float, float]
    loss: float
    added: Triple

    @property
    def slopes(self) -> tuple[float, float, float]:
        """Of the whole model, without the direction, and without a random one."""
        before, after, control = (amplification(p.corpus, p.mean) for p in (self.before, self.after, self.control))
        return before, after, control


def erased(checkpoint: Checkpoint, layer: int, report: Report = lambda *_: None) -> Erased:
    """The model without its direction. ValueError: no such block, or the sentences or pronouns do not fit."""
    if not 0 <= layer < checkpoint.config.n_layers:
        raise ValueError(f"there is no layer {layer}")
    report(0.0, "where the occupations lie")
    halves = in_halves()
    edits = [erasing(layer, *direction(checkpoint, layer, half)) for half in halves]
    random = torch.randn(checkpoint.config.d_model, generator=torch.Generator().manual_seed(0))
    middle = direction(checkpoint, layer, [*halves[0], *halves[1]])[1]
    without = [Intervened(checkpoint.model, [edit]) for edit in edits]
    other = Intervened(checkpoint.model, [erasing(layer, random, middle)])
    report(0.2, "the pronouns")
    before = _crosswise([checkpoint.model] * 2, checkpoint, halves)
    report(0.4, "without the direction")
    after = _crosswise(without, checkpoint, halves)
    report(0.6, "without a random direction")
    control = _crosswise([other] * 2, checkpoint, halves)
    report(0.8, "people with a name, and other text")
    people = [_right(model, checkpoint) for model in (checkpoint.model, *without)]
    loss, added = added_loss(checkpoint, without)
    return Erased(layer, before, after, control, (people[0], float(np.mean(people[1:]))), loss, added)


def in_halves() -> tuple[list[str], list[str]]:
    """All occupations in order of the corpus' rate of "she", dealt out in turn: two halves that are alike."""
    ranked = sorted(tinyland.WORLD.she_rate, key=lambda name: tinyland.WORLD.she_rate[name])
    return ranked[0::2], ranked[1::2]


def direction(checkpoint: Checkpoint, layer: int, occupations: Sequence[str]) -> tuple[Tensor, Tensor]:
    """(D,) each: the covariance of the stream entering block `layer` with the corpus' rate of "she", where the names of
    these occupations end; and the mean of that stream."""
    tokenizer = checkpoint.tokenizer
    means = torch.stack([
        _mean_end(checkpoint.model, layer, [
            [tokenizer.eot, *tokenizer.encode(f"{context} {with_article(name)}")] for context in CONTEXTS
        ])
        for name in occupations
    ])  # (O, D)  # fmt: skip
    rates = torch.tensor([tinyland.WORLD.she_rate[name] for name in occupations])
    middle = means.mean(dim=0)
    return (rates - rates.mean()) @ (means - middle) / len(occupations), middle


def erasing(layer: int, along: Tensor, middle: Tensor) -> Edit:
    """The edit that sets what the stream entering a block holds along a direction (D,) to what `middle` holds."""
    unit, site_of = along / along.norm(), Site("resid_pre", layer)
    level = middle @ unit

    def edit(site: Site, tensor: Tensor, _past: int) -> Tensor:
        if site != site_of:
            return tensor
        there = unit.to(tensor)
        rest: Tensor = tensor - (tensor @ there - level.to(tensor))[..., None] * there
        return rest

    return edit


def _mean_end(model: Transformer, layer: int, rows: Sequence[Sequence[int]]) -> Tensor:
    """(D,): the stream entering a block at the last token, in the mean over texts."""
    site = Site("resid_pre", layer)
    ends = [
        values[site][torch.arange(len(real)), real.sum(dim=1) - 1]
        for _, real, values in record_sites(model, rows, [site])
    ]
    return torch.cat(ends).mean(dim=0)


def _crosswise(models: Sequence[Transformer], checkpoint: Checkpoint, halves: Sequence[list[str]]) -> Pronouns:
    """The pronouns of each half under the model that was made from the other."""
    parts = [pronouns(model, checkpoint.tokenizer, half) for model, half in zip(models, reversed(halves), strict=True)]
    fewest = min(part.she.shape[1] for part in parts)  # sentences that fit
    return Pronouns(
        tuple(name for part in parts for name in part.occupations),
        np.concatenate([part.corpus for part in parts]),
        np.concatenate([part.she[:, :fewest] for part in parts]),
    )


def _right(model: Transformer, checkpoint: Checkpoint) -> float:
    """How often the likelier pronoun after a person's name is theirs."""
    she, is_she = she_of_people(model, checkpoint.tokenizer)
    right: Floats = (she > 0.5) == is_she
    return float(np.mean(right))
