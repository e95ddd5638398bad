"""Is a match a cause? The documents in which passages of a text stand are taken out, and a model is trained again."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from random import Random

import numpy as np

from core.data.passages.index import Index, Match
from core.intervals import mean_interval
from core.lab.matter.measure import FILE
from core.lab.matter.reading import nats
from core.model import Checkpoint, describe

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


def holders(index: Index, text: str, matches: Sequence[Match]) -> list[list[int]]:
    """For each passage the documents in which it stands, by number."""
    return [index.holders(text[m.start : m.end].encode("utf-8", "replace")) for m in matches]


def two(index: Index, text: str, matches: Sequence[Match], seed: int) -> Two:
    rng, found = Random(f"{seed}/removed"), holders(index, text, matches)
    taken = _some_of_each(rng, found, MATCHED)
    free = _free(rng, index.documents, set().union(*found), OTHERS + len(taken) + CONTROLS)
    others, instead = free[:OTHERS], free[OTHERS : OTHERS + len(taken)]
    controls = free[OTHERS + len(taken) :]
    order = list(range(len(others) + len(taken)))
    rng.shuffle(order)

    def read(numbers: Sequence[int]) -> tuple[str, ...]:
        return tuple(index.document(number) for number in numbers)

    raw, kept = read([*others, *taken]), read([*others, *instead])
    return Two(tuple(raw[i] for i in order), tuple(kept[i] for i in order if i < len(kept)), len(taken), read(controls))


def _some_of_each(rng: Random, found: Sequence[Sequence[int]], count: int) -> list[int]:
    """So many documents, of each passage in turn: one that stands everywhere does not push out one that is rare."""
    mixed = (rng.sample(one, min(len(one), count)) for one in found)
    turns = (number for turn in zip_longest(*mixed) for number in turn if number is not None)
    return list(islice(dict.fromkeys(turns), count))


def _free(rng: Random, documents: int, holding: set[int], count: int) -> list[int]:
    """So many different documents, drawn from all but some: there may be millions."""
    found = dict[int, None]()
    while len(found) < min(count, documents - len(holding)):
        number = rng.randrange(documents)
        if number not in holding:
            found[number] = None
    return list(found)


def as_trained(without: Path, with_stage: Path) -> Two:
    """Read back from the folders of the two runs: by now the index may have grown, and `two` be others."""
    one, other = (_read(folder) for folder in (without, with_stage))
    removed = (Counter(one[0]) - Counter(other[0])).total()
    return Two(tuple(one[0]), tuple(other[0]), removed, tuple(dict.fromkeys(one[1])))


def _read(folder: Path) -> tuple[list[str], list[str]]:
    """The documents of a run, and those that it held out, as `as_ids` wrote them."""
    tokenizer = describe(folder).tokenizer
    texts = [tokenizer.decode(ids[1:-1]) for ids in json.loads((folder / FILE).read_bytes())]
    cut = len(texts) * 9 // 10
    return texts[:cut], texts[cut:]


def fall(text: str, controls: Sequence[str], without: Checkpoint, with_stage: Checkpoint) -> Fall:
    """`without` has read the matches, the other model has not."""
    change = [nats(with_stage, one) - nats(without, one) for one in (text, *controls)]
    others = np.array(change[1:])
    mean, low, high = mean_interval(others)
    return Fall(change[0], (float(mean), float(low), float(high)), float((others >= change[0]).mean()))
