"""All pairs of some texts compared exactly, beside what MinHash makes of them: the S-curve, measured.

Two pages should be found if one copies the other, or both copy the same page or the same template. Books are long, and
no two of them are the same; but the longer a text, the more runs of characters it shares with any other.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from core.brief import Brief
from core.data.crawl import Crawl
from core.data.defects import copies
from core.data.score import Rate
from core.data.stages.near import SHINGLES, signature

BOOK = 60  # stories
BINS = np.linspace(0.1, 1.0, 10)  # edges of the classes of similarity; the last one holds 1.0


@dataclass(frozen=True, eq=False, repr=False)
class Pairs(Brief):
    """texts as sets of `shingles` (words or characters) of a length; similarity (N, N), exact; alike (N, N): copies of
    each other."""

    texts: list[str]
    shingles: str
    size: int
    similarity: np.ndarray
    alike: np.ndarray

    @property
    def different(self) -> int:
        """How many of the texts are no copy of one before."""
        return int((~np.tril(self.alike, -1).any(1)).sum())


def measure(seed: int, count: int, books: bool = False, shingles: str = "words", size: int = 5) -> Pairs:
    """`count` books of a crawl, or articles, copies and pages made from templates, as their authors wrote them."""
    texts, families = zip(*(_books(seed, count) if books else _pages(seed, count)), strict=True)
    sets = [SHINGLES[shingles](text, size) for text in texts]
    family = np.unique(families, return_inverse=True)[1]
    return Pairs(list(texts), shingles, size, exact(sets), family[:, None] == family)


def signatures(pairs: Pairs, hashes: int) -> np.ndarray:
    """(N, hashes). Of R-MinHash the first hashes of a longer signature are not those of a shorter one."""
    sets = (SHINGLES[pairs.shingles](text, pairs.size) for text in pairs.texts)
    return np.stack([signature(one, hashes) for one in sets])


def _books(seed: int, count: int) -> Iterable[tuple[str, str]]:
    crawl = Crawl(seed)
    return ((crawl.stories(number, BOOK), f"book {number}") for number in range(count))


def _pages(seed: int, count: int) -> Iterable[tuple[str, str]]:
    """A text, and what it is a copy of."""
    crawl, number, found = Crawl(seed), -1, 0
    while found < count:
        number += 1
        plan = crawl.plan(number)
        of = plan.source if plan.source is not None else number
        rng = crawl.rng(number, "page")
        if plan.shape in ("article", "exact_copy"):
            yield crawl.article(of), f"page {of}"
        elif plan.shape == "near_copy":
            yield copies.nearly(rng, crawl.article(of), rng.choice(copies.EDIT_RATES)), f"page {of}"
        elif plan.shape == "template":
            template = rng.randrange(len(copies.TEMPLATES))
            yield copies.from_template(rng, template), f"template {template}"
        else:
            continue
        found += 1


def exact(sets: Sequence[set[str]]) -> np.ndarray:
    """The Jaccard similarity of every two sets, (N, N)."""
    known: dict[str, int] = {}
    columns = [known.setdefault(shingle, len(known)) for one in sets for shingle in one]
    ends = np.cumsum([0, *map(len, sets)])
    inside = csr_matrix((np.ones(len(columns), np.int32), columns, ends), (len(sets), len(known)))
    both = (inside @ inside.T).toarray()
    sizes = np.diff(ends)
    similarity: np.ndarray = both / np.maximum(sizes[:, None] + sizes - both, 1)
    return similarity


def find_meeting(hashes: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """(N, N): which two of the signatures (N, bands * rows) have all hashes of a band in common."""
    count = len(hashes)
    found = np.zeros((count, count), bool)
    for band in range(bands):
        part = np.ascontiguousarray(hashes[:, band * rows : (band + 1) * rows])
        which = np.unique(part, axis=0, return_inverse=True)[1].reshape(-1)
        found |= which[:, None] == which
    return found


@dataclass(frozen=True)
class Point:
    """A class of similarity: of its pairs those that met, and of those that met the copies."""

    similarity: float
    met: Rate
    copies: Rate


def curve(pairs: Pairs, meets: np.ndarray) -> tuple[list[Point], Rate, Rate]:
    """The points of the S-curve; the recall of all pairs of copies; the precision of all pairs that met."""
    upper = np.triu_indices(len(pairs.alike), 1)
    similarity, alike = pairs.similarity[upper], pairs.alike[upper]
    meets, points = meets[upper], []
    for low, high in itertools.pairwise(BINS.tolist()):
        inside = (similarity >= low) & ((similarity < high) | (high == BINS[-1]))
        if inside.any():
            hits = int(meets[inside].sum())
            true = int((meets & alike)[inside].sum())
            points.append(Point(float(similarity[inside].mean()), Rate(hits, int(inside.sum())), Rate(true, hits)))
    both = int((meets & alike).sum())
    return points, Rate(both, int(alike.sum())), Rate(both, int(meets.sum()))


def count_left(hashes: np.ndarray, meets: np.ndarray, cluster: str, threshold: float = 0.7) -> int:
    """How many of the texts `core.data.stages.near` keeps."""
    if cluster == "union":
        return int((~np.tril(meets, -1).any(1)).sum())
    stay: list[int] = []
    for number, own in enumerate(hashes):
        rivals = [other for other in stay if meets[number, other]]
        if not rivals or (own == hashes[rivals]).mean(1).max() < threshold:
            stay.append(number)
    return len(stay)
