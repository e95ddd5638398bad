import random
from difflib import SequenceMatcher

from hypothesis import given, settings
from hypothesis import strategies as st

from core.lab.memorisation import longest_overlap, memorised_share

letters = st.text("abc ", max_size=30)


def brute_force(written, source):
    """The longest, then the first, passage of `written` in `source`."""
    for length in range(len(written), 0, -1):
        for start in range(len(written) - length + 1):
            if written[start : start + length] in source:
                return written[start : start + length], start
    return "", 0


@settings(deadline=None, max_examples=150)
@given(letters, letters)
def test_against_brute_force_and_difflib(written, source):
    found = longest_overlap(written, source)
    assert (found.passage, found.start) == brute_force(written, source)
    assert found.length == SequenceMatcher(None, written, source, autojunk=False).find_longest_match().size
    assert source.startswith(found.passage, found.source_start)


@settings(deadline=None, max_examples=100)
@given(letters, letters, st.integers(1, 6))
def test_the_share_counts_every_covered_character_once(written, source, length):
    covered = set()
    for i in range(len(written) - length + 1):
        if written[i : i + length] in source:
            covered |= set(range(i, i + length))
    assert memorised_share(written, source, length) == (len(covered) / len(written) if written else 0)


def test_a_long_text_with_one_long_quotation():
    source = "".join(random.Random(0).choices("abcdefgh", k=50_000))
    written = "?" * 500 + source[31_000:31_200] + "!" * 500
    found = longest_overlap(written, source)
    assert (found.length, found.start, found.source_start) == (200, 500, 31_000)
