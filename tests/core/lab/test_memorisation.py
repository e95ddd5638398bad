import random
from difflib import SequenceMatcher

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lab.memorisation import learned_by_heart, longest_overlap, memorised_share

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


@pytest.mark.slow
def test_a_long_text_with_one_long_quotation():
    source = "".join(random.Random(0).choices("abcdefgh", k=50_000))
    written = "?" * 500 + source[31_000:31_200] + "!" * 500
    found = longest_overlap(written, source)
    assert (found.length, found.start, found.source_start) == (200, 500, 31_000)


def curve(held_out, training, bigram=2.0):
    rows = [{"step": 0, "event": "baselines", "baselines_per_token": {"unigram": 3.0, "bigram": bigram}}]
    for i, (held, trained) in enumerate(zip(held_out, training, strict=True)):
        rows += [{"step": 5 * i, "val_loss_per_token": held}, {"step": 5 * i, "loss_per_token": trained}]
    return rows


def test_a_text_learned_by_heart_is_said_to_be():
    heart = curve([5.5, 2.6, 2.4, 3.5, 4.8], [5.5, 2.5, 1.5, 0.3, 0.02])
    words = learned_by_heart(heart)
    for part in ("by heart", "fell to 0.02", "best at step 10, 2.40", "rose to 4.80", "bigram, 2.00", "longer text"):
        assert part in words, part
    assert "bigram" not in learned_by_heart(curve([5.5, 2.6, 1.9, 3.5], [5.5, 2.5, 1.5, 0.3]))
    for held_out, training in (
        ([5.5, 2.6, 2.4, 2.3], [5.5, 2.5, 2.4, 2.3]),  # it still learns
        ([5.5, 2.6, 2.4, 2.9], [5.5, 2.5, 2.4, 2.8]),  # both rise: it diverges
        ([5.5, 2.6, 2.4, 2.42], [5.5, 2.5, 1.5, 1.0]),  # a wobble
    ):
        assert learned_by_heart(curve(held_out, training)) is None
    assert learned_by_heart([]) is None and learned_by_heart(heart[1:]), "without baselines too"
