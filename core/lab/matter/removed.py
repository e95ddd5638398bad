"""Is a match a cause? The documents in which passages of a text stand are taken out, and a model is trained again."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from core.data.suffixes import Index, Match
from core.intervals import mean_interval
from core.lab.matter.reading import nats
from core.model import Checkpoint

MATCHED, OTHERS, CONTROLS = 200, 600, 60  # documents at most that are removed; that stay; that are only measured
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Two:
    """The documents with those that match, and with as many others instead of them. removed: how many match; controls:
    texts of which neither has read any."""

    without: tuple[str, ...]
    with_stage: tuple[str, ...]
    removed: int
    controls: tuple[str, ...]


@dataclass(frozen=True)
class Fall:
    """How many nats less likely the text is to the model that has not read the matches; and other texts, with the 95 %
    interval of their mean (Student) and the share of them that fell by as much."""

    text: float
    others: Triple
    as_much: float


def holders(index: Index, text: str, matches: Sequence[Match]) -> list[int]:
    """The documents in which a passage stands, by number."""
    found = [index.document_of(index.find(text[m.start : m.end].encode("utf-8", "replace"))) for m in matches]
    return sorted(set(np.concatenate(found).tolist())) if found else []


def two(index: Index, text: str, matches: Sequence[Match], seed: int) -> Two:
    rng, holding = Random(f"{seed}/removed"), holders(index, text, matches)
    taken = sorted(rng.sample(holding, min(len(holding), MATCHED)))
    free = sorted(set(range(index.documents)) - set(holding))
    rng.shuffle(free)
    others, instead = free[:OTHERS], free[OTHERS : OTHERS + len(taken)]
    controls = free[OTHERS + len(taken) :][:CONTROLS]
    order = list(range(len(others) + len(taken)))
    rng.shuffle(order)

    def read(numbers: Sequence[int]) -> tuple[str, ...]:
        return tuple(index.document(number) for number in numbers)

    raw, kept = read([*others, *taken]), read([*others, *instead])
    return Two(tuple(raw[i] for i in order), tuple(kept[i] for i in order if i < len(kept)), len(taken), read(controls))


def fall(text: str, controls: Sequence[str], without: Checkpoint, with_stage: Checkpoint) -> Fall:
    """`without` has read the matches, the other model has not."""
    change = [nats(with_stage, one) - nats(without, one) for one in (text, *controls)]
    others = np.array(change[1:])
    mean, low, high = mean_interval(others)
    return Fall(change[0], (float(mean), float(low), float(high)), float((others >= change[0]).mean()))
