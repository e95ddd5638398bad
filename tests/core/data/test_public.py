"""The names of DESIGN that notebooks use."""

import itertools

import pytest

from core.data import near_duplicates, raw_crawl, run_pipeline, usual
from core.data.pairs import _pages
from core.data.stages.near import jaccard, word_shingles


@pytest.mark.slow
def test_pairs_are_those_that_a_comparison_of_all_finds_or_nearly_all():
    texts = [text for text, _ in _pages(5, 150)]
    sets = [word_shingles(text) for text in texts]
    exact = {(i, j): jaccard(sets[i], sets[j]) for i, j in itertools.combinations(range(150), 2)}
    true = {pair: similarity for pair, similarity in exact.items() if similarity >= 0.7}
    found = {(pair.first, pair.second): pair.similarity for pair in near_duplicates(texts)}
    assert found.items() <= true.items()
    assert len(found) > 0.8 * len(true) > 5


@pytest.mark.slow
def test_a_crawl_goes_through_a_pipeline():
    stages = usual()
    pages = list(raw_crawl(2, 40))
    kept = list(run_pipeline((page.document for page in pages), stages))
    assert 0 < len(kept) < 40 == stages[0].statistics.seen.documents
    assert {document.id for document in kept} <= {page.document.id for page in pages}
