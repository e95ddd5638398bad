"""Our stages decide as datatrove's blocks do. tests/bench/bench_datatrove.py asks about 20,000 documents."""

import pytest

from tests.bench.datatrove_blocks import (
    Words,
    compare_duplicates,
    compare_rules,
    documents,
    first_of,
    same_words,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found():
    return list(documents(300, seed=3))


def test_the_rules_decide_alike(found):
    with same_words():
        made = compare_rules(found)
    assert {name: compared.differ for name, compared in made.items()} == {name: [] for name in made}
    assert len(made) == 4 and all(compared.asked == 300 for compared in made.values())


def test_texts_that_meet_are_the_same_and_those_dropped_are_among_them(found):
    with same_words():
        made = compare_duplicates(found)
    clusters, dropped, own = made.values()
    assert clusters.differ == []
    # One by one, a text is kept that is joined to an earlier one by a later one alone; none is dropped besides.
    assert {(ours, theirs) for _, ours, theirs in dropped.differ} <= {("kept", "near another")}
    assert dropped.agreement > 0.98 and own.agreement > 0.93


def test_the_first_of_each_cluster_stays():
    assert first_of({5: 1, 2: 1, 7: 1, 3: 0, 4: 0}) == {5, 7, 4}


def test_words_are_cut_between_spaces_and_sentences_after_punctuation():
    words = Words()
    assert words.word_tokenize(" A well-known cat.\nYes ") == ["A", "well-known", "cat.", "Yes"]
    text = 'It cost 2.5. "Really?" Yes'
    assert [text[a:b] for a, b in words.span_tokenize(text)] == ["It cost 2.5.", ' "Really?"']
