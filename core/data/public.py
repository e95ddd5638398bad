"""What notebooks use; `core.data` gives these names."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.data.crawl import Crawl
from core.data.defects import leaks
from core.data.document import Document, Page
from core.data.passages.index import lineage
from core.data.pipeline import run
from core.data.stage import Stage
from core.data.stages import usual as usual_stages
from core.data.stages.near import SHINGLES, jaccard, signature

__all__ = ["Pair", "lineage", "near_duplicates", "raw_crawl", "run_pipeline", "usual"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts by their places, and their exact Jaccard similarity."""

    first: int
    second: int
    similarity: float


def raw_crawl(seed: int, count: int) -> Iterator[Page]:
    """Pages of Tinyland with all that can be the matter: `.document.text`, `.labels`."""
    return Crawl(seed).pages(0, count)


def usual() -> list[Stage]:
    """All stages, with the published thresholds; what they did is in their `statistics`."""
    return usual_stages(leaks.questions())


def run_pipeline(documents: Iterable[Document], stages: Sequence[Stage]) -> Iterator[Document]:
    """What every stage keeps, as it comes."""
    return run(stages, documents)


def near_duplicates(
    texts: Sequence[str], threshold: float = 0.7, bands: int = 14, rows: int = 8, shingles: str = "words", size: int = 5
) -> list[Pair]:
    """The pairs that meet in a band (MinHash-LSH) and are, compared exactly, at least so similar."""
    sets = [SHINGLES[shingles](text, size) for text in texts]
    buckets: dict[tuple[int, bytes], list[int]] = {}
    met: set[tuple[int, int]] = set()
    for number, one in enumerate(sets):
        hashes = signature(one, bands * rows).reshape(bands, rows)
        for band, part in enumerate(hashes):
            bucket = buckets.setdefault((band, part.tobytes()), [])
            met.update((other, number) for other in bucket)
            bucket.append(number)
    pairs = (Pair(first, second, jaccard(sets[first], sets[second])) for first, second in sorted(met))
    return [pair for pair in pairs if pair.similarity >= threshold]
