"""What is lost when a head is switched off: the cause behind a score.

A head is switched off by mean ablation: at every position its output z is replaced by its mean over a sample of texts
(as `intervene` does). A skill is measured by the loss on what must be said, so what a head matters for it is how much
that loss grows; and a head stands out when it matters more than nearly all others.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.analysis.interventions.intervene import LOGIT_BYTES
from core.analysis.skills.choices import Choice
from core.arrays import Floats
from core.brief import Brief
from core.intervals import mean_interval
from core.model import Site, Tap, Transformer
from core.model.padding import pad

ABOVE = 0.95  # share of the other heads that must matter less


@dataclass(frozen=True)
class Probe:
    """A text, and what must be said in it: after each position of `asked` comes the token of `right` in its place.
    `wrong`: the only other tokens that could come there; empty: the whole vocabulary."""

    ids: tuple[int, ...]
    asked: tuple[int, ...]
    right: tuple[int, ...]
    wrong: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class HeadCause(Brief):
    """What each head matters for a skill: mean (L, H) is how much the loss on `cases` probes grows without it, in nats
    per token that must be said; low and high its 95 % interval (Student). `loss`: that of the whole model."""

    skill: str
    mean: Floats
    low: Floats
    high: Floats
    loss: float
    cases: int

    @property
    def below(self) -> Floats:
        """The share of the other heads that matter less, (L, H); 1 for a head that has no others."""
        flat = self.mean.ravel()
        less = (flat[None] < flat[:, None]).sum(axis=1)
        return np.asarray(less / max(len(flat) - 1, 1) if len(flat) > 1 else np.ones(1)).reshape(self.mean.shape)

    @property
    def stands_out(self) -> NDArray[np.bool_]:
        """Whether switching a head off lowers the skill, and by more than 95 % of all other heads do: (L, H)."""
        return np.asarray((self.low > 0) & (self.below >= ABOVE))


def copying_probes(sequences: np.ndarray, half: int) -> list[Probe]:
    """Of sequences (N, T) that end with `half` tokens for the second time: all of these must be said but the first,
    which nothing foretells."""
    T = sequences.shape[1]
    asked = tuple(range(T - half, T - 1))
    return [Probe(tuple(row), asked, tuple(row[t + 1] for t in asked)) for row in sequences.tolist()]


def reference_probes(chosen: Iterable[Choice]) -> list[Probe]:
    """Places where one of two must be named: the loss is that of choosing between the two."""
    return [Probe(one.ids, (len(one.ids) - 1,), (one.right,), (one.wrong,)) for one in chosen]


def cause(
    model: Transformer, skill: str, probes: Sequence[Probe], mean: Mapping[Site, Tensor],
    on_probes: Callable[[int], object] = lambda _: None,
) -> HeadCause:  # fmt: skip
    """What every head matters for the probes. mean: of each layer's z (H, Dh), by site; `on_probes` is told how many
    are done. ValueError: fewer than two."""
    if len(probes) < 2:
        raise ValueError("an interval needs at least two cases")
    H = model.config.n_heads
    rows = sorted(probes, key=lambda probe: len(probe.ids))
    size = max(1, LOGIT_BYTES // (4 * len(rows[-1].ids) * model.config.vocab_size * H))
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    base = torch.cat([probe_losses(model, batch) for batch in batches])  # (N,)
    parts: list[Tensor] = []
    for batch in batches:
        on_probes(sum(part.shape[2] for part in parts))
        parts.append(ablated_losses(model, batch, mean))
    without = torch.cat(parts, dim=2)  # (L, H, N)
    grown = (without - base).permute(2, 0, 1).cpu().numpy()  # (N, L, H)
    return HeadCause(skill, *mean_interval(grown), float(base.mean()), len(rows))


def ablated_losses(model: Transformer, probes: Sequence[Probe], mean: Mapping[Site, Tensor]) -> Tensor:
    """The loss of each probe with each head alone switched off: (L, H, N)."""
    H = model.config.n_heads

    def without_each(layer: int) -> Tensor:
        here = Site("z", layer)

        def tap(site: Site, tensor: Tensor) -> Tensor:
            if site != here:
                return tensor
            changed = tensor.clone().view(H, -1, *tensor.shape[1:])  # (H, N, H, T, Dh): head h is off in part h
            for head in range(H):
                changed[head, :, head] = mean[here][head].to(changed)
            return changed.view(tensor.shape)

        return probe_losses(model, list(probes) * H, tap).view(H, -1)

    return torch.stack([without_each(layer) for layer in range(model.config.n_layers)])


@torch.inference_mode()
def probe_losses(model: Transformer, probes: Sequence[Probe], tap: Tap | None = None) -> Tensor:
    """The mean loss of what each probe asks for, (N,) nats per token, float64."""
    ids = pad(probe.ids for probe in probes).to(model.device)  # (N, T)
    logits = model(ids, tap=tap)  # (N, T, V)
    return torch.stack([_loss(row, probe) for row, probe in zip(logits, probes, strict=True)])


def _loss(logits: Tensor, probe: Probe) -> Tensor:
    """logits (T, V) -> ()."""
    asked = logits[list(probe.asked)].double()  # (A, V)
    right = torch.tensor(probe.right, device=asked.device)[:, None]  # (A, 1)
    if probe.wrong:
        wrong = torch.tensor(probe.wrong, device=asked.device)[:, None]
        asked = asked.gather(1, torch.cat([right, wrong], dim=1))  # (A, 2)
        right = torch.zeros_like(right)
    return -asked.log_softmax(dim=-1).gather(1, right).mean()
