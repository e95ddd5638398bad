"""From a raw crawl to a corpus, measured against the truth.

crawl      pages of Tinyland in which every defect is labelled;  defects/: what can be the matter
document   a document, its labels;  files: documents that somebody brings
stage      the one contract: document -> kept, possibly changed, or dropped with a reason
stages/    a file for each
pipeline   stages one after another; the funnel
score      precision and recall against the labels;  tally, examples, report: what a pipeline did
plan       a pipeline as data;  build: carries one out;  sharded: in several processes;  __main__: the command line
pairs      all pairs compared exactly, beside MinHash
card       the data card
passages   which passages of a text stand in a training text

    from core.data import near_duplicates, raw_crawl, run_pipeline, usual
    stages = usual()
    corpus = list(run_pipeline((page.document for page in raw_crawl(0, 1000)), stages))
    stages[9].statistics.reasons
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.data.public import lineage, near_duplicates, raw_crawl, run_pipeline, usual

__all__ = ["lineage", "near_duplicates", "raw_crawl", "run_pipeline", "usual"]


def __getattr__(name: str) -> object:
    """The names of the notebook, when they are asked for: language and phone numbers take a moment to load."""
    if name in __all__:
        from core.data import public

        return getattr(public, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
