"""All pairs beside a loop over sets, and what is left beside the stage itself."""

import itertools

import numpy as np
import pytest

from core.data.document import Document
from core.data.pairs import _books, _pages, count_left, curve, exact, find_meeting, measure, signatures
from core.data.stage import Dropped
from core.data.stages.near import NearDuplicates, jaccard, word_shingles


def test_similarities_are_those_of_every_two_sets():
    sets = [word_shingles(text) for text, _ in _pages(3, 40)] + [set()]
    found = exact(sets)
    for i, j in itertools.product(range(40), repeat=2):
        assert found[i, j] == pytest.approx(jaccard(sets[i], sets[j]))


@pytest.mark.parametrize(("bands", "rows"), [(8, 8), (3, 2), (1, 16), (32, 1)])
def test_those_that_meet_are_those_that_share_a_band(bands, rows):
    hashes = np.random.default_rng(0).integers(0, 3 if rows < 4 else 2, (40, bands * rows)).astype(np.uint32)
    hashes[7:9, rows:] = hashes[3, rows:]
    found = find_meeting(hashes, bands, rows)
    for i, j in itertools.product(range(40), repeat=2):
        parts = [slice(band * rows, (band + 1) * rows) for band in range(bands)]
        assert found[i, j] == any((hashes[i, part] == hashes[j, part]).all() for part in parts)


def remain(pairs, bands, rows, cluster):
    hashes = signatures(pairs, bands * rows)
    return count_left(hashes, find_meeting(hashes, bands, rows), cluster)


@pytest.mark.slow
@pytest.mark.parametrize("shingles", ["words", "characters"])
@pytest.mark.parametrize("cluster", ["verified", "union"])
@pytest.mark.parametrize(("bands", "rows"), [(14, 8), (20, 3)])
def test_what_is_left_is_what_the_stage_keeps(shingles, cluster, bands, rows):
    stage = NearDuplicates(bands, rows, shingles, 5, cluster)
    kept = [stage.judge(Document(n, text)) for n, (text, _) in enumerate(_pages(1, 120))]
    expected = sum(not isinstance(outcome, Dropped) for outcome in kept)
    assert remain(measure(1, 120, False, shingles), bands, rows, cluster) == expected


def test_the_curve_counts_what_a_loop_over_pairs_would():
    pairs = measure(0, 100)
    meets, two = find_meeting(signatures(pairs, 112), 14, 8), list(itertools.combinations(range(100), 2))
    points, recall, precision = curve(pairs, meets)
    assert recall.total == sum(pairs.alike[i, j] for i, j in two)
    assert precision.total == sum(meets[i, j] for i, j in two)
    assert recall.hits == precision.hits == sum(meets[i, j] and pairs.alike[i, j] for i, j in two)
    assert sum(point.met.total for point in points) == sum(pairs.similarity[i, j] >= 0.1 for i, j in two)
    assert pairs.different == 100 - len({j for i, j in two if pairs.alike[i, j]})


@pytest.mark.slow
def test_runs_of_characters_and_unions_wipe_out_books_that_are_all_different():
    words, characters = (measure(0, 80, True, shingles) for shingles in ("words", "characters"))
    assert words.different == 80 == len(list(_books(0, 80)))
    assert remain(words, 20, 5, "union") == remain(words, 20, 5, "verified") == 80
    assert remain(characters, 20, 5, "verified") == 80
    assert remain(characters, 20, 5, "union") < 20
