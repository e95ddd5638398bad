"""MinHash beside the exact Jaccard similarity, the bands beside their curve, the clusters beside all pairs."""

import itertools
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.crawl import Crawl
from core.data.defects import copies
from core.data.document import Document
from core.data.stage import Dropped
from core.data.stages.near import NearDuplicates, caught, character_shingles, jaccard, word_shingles

HASHES = 14 * 8


def pairs(count):
    """Texts and copies of them, from hardly changed to hardly alike, with their exact similarity."""
    rng = Random(0)
    for number in range(count):
        text = Crawl(4).article(number)
        copy = copies.nearly(rng, text, rng.choice((0.01, 0.02, 0.03, 0.05, 0.08)))
        yield text, copy, jaccard(word_shingles(text), word_shingles(copy))


@pytest.fixture(scope="module")
def measured():
    """(exact similarity, estimate, do they meet in a band) of each pair."""
    stage, found = NearDuplicates(), []
    for text, copy, exact in pairs(1200):
        same = stage.signature(text) == stage.signature(copy)
        found.append((exact, same.mean(), same.all(1).any()))
    return np.array(found, float)


@pytest.mark.slow
def test_the_estimate_is_unbiased_and_as_sure_as_so_many_hashes_are(measured):
    exact, estimate, _ = measured.T
    spread = np.sqrt(exact * (1 - exact) / HASHES)
    deviation = (estimate - exact) / spread.clip(1e-6)
    assert abs(deviation.mean()) < 5 / len(exact) ** 0.5
    assert deviation.std() < 1.1  # R-MinHash's are even a little surer: 0.8


@pytest.mark.slow
def test_pairs_meet_as_often_as_the_curve_says(measured):
    exact, _, met = measured.T
    for low in np.arange(0.4, 1.0, 0.1):
        inside = (exact >= low) & (exact < low + 0.1)
        odds = caught(exact[inside])
        assert inside.sum() > 20
        assert abs(met[inside].sum() - odds.sum()) < 5 * np.sqrt((odds * (1 - odds)).sum() + 0.2), low


@pytest.mark.parametrize(
    ("similarity", "odds"),
    [(0.5, 0.053), (0.6, 0.211), (0.7, 0.565), (0.75, 0.772), (0.8, 0.924), (0.85, 0.988), (0.9, 0.9996)],
)
def test_the_curve_is_the_published_one(similarity, odds):
    assert caught(similarity) == pytest.approx(odds, abs=6e-4)


@pytest.mark.slow
@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)))
def test_jaccard(a, b):
    both = [x for x in range(10) if x in a and x in b]
    either = [x for x in range(10) if x in a or x in b]
    assert jaccard(a, b) == (len(both) / len(either) if either else 1)


def test_shingles():
    assert word_shingles("A b, c d e F.") == {"a b c d e", "b c d e f"}
    assert word_shingles("A b") == {"a b"}
    assert character_shingles("Ab  cde") == {"ab cd", "b cde"}


TEXTS = [
    Crawl(2).article(plan.source if plan.source is not None and plan.shape == "exact_copy" else number)
    if plan.shape != "near_copy"
    else copies.nearly(Random(number), Crawl(2).article(plan.source), 0.02)
    for number, plan in ((n, Crawl(2).plan(n)) for n in range(400))
]


def dropped(stage):
    return {n for n, text in enumerate(TEXTS) if isinstance(stage.judge(Document(n, text)), Dropped)}


@pytest.mark.slow
def test_beside_all_pairs_compared_exactly():
    """Brute force: a text goes if it is similar by 0.7 or more to one before it that stays."""
    shingles, stay, go = [word_shingles(text) for text in TEXTS], [], set()
    for n, own in enumerate(shingles):
        if any(jaccard(own, shingles[m]) >= 0.7 for m in stay):
            go.add(n)
        else:
            stay.append(n)
    found = dropped(NearDuplicates())
    assert len(go) > 40
    assert len(found - go) <= 2
    assert len(found & go) / len(go) > 0.9


@pytest.mark.slow
def test_of_those_that_stay_no_two_were_taken_for_the_same():
    stage = NearDuplicates()
    stay = sorted(set(range(len(TEXTS))) - dropped(stage))
    signatures = [stage.signature(TEXTS[n]) for n in stay]
    for a, b in itertools.combinations(signatures, 2):
        same = a == b
        assert not (same.all(1).any() and same.mean() >= stage.threshold)


@pytest.mark.slow
def test_a_union_takes_all_that_is_verified():
    assert dropped(NearDuplicates()) <= dropped(NearDuplicates(cluster="union"))


@pytest.mark.slow
def test_texts_that_have_nothing_to_do_with_each_other_share_characters_but_no_words():
    texts = [Crawl(8).article(number) for number in range(30)]
    for shingles, low, high in ((word_shingles, 0.0, 0.02), (character_shingles, 0.1, 0.4)):
        means = [jaccard(shingles(a), shingles(b)) for a, b in itertools.combinations(texts, 2)]
        assert low <= np.mean(means) <= high


def test_a_chain_is_one_cluster_for_the_union_alone():
    """Each text shares most with the one before; the last has nothing of the first."""
    words = [f"w{i}" for i in range(400)]
    texts = [" ".join(words[i : i + 100]) for i in range(0, 300, 4)]
    left = {}
    for cluster in ("verified", "union"):
        stage = NearDuplicates(cluster=cluster)
        left[cluster] = sum(not isinstance(stage.judge(Document(n, text)), Dropped) for n, text in enumerate(texts))
    assert left["union"] == 1 < 8 < left["verified"]
