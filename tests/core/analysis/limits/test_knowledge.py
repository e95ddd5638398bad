"""Bits of a world and of a model, against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.limits.knowledge import bits_answered, bits_of, ceiling


def test_closed_forms():
    assert bits_of(8, 10) == 30 and ceiling(2_000_000) == 4_000_000
    assert bits_answered(np.ones(10), 8) == pytest.approx(30, abs=1e-5)
    assert bits_answered(np.full(10, 1 / 8), 8) == pytest.approx(0, abs=1e-6)
    assert bits_answered(np.zeros(10), 8) == pytest.approx(0, abs=1e-5)  # always sure, always wrong


def test_who_is_right_half_the_time_and_does_not_know_when():
    """Sure of one of 8 values and right in half of the cases: the best trust t gains the mutual information."""
    found = bits_answered(np.array([1.0] * 500 + [0.0] * 500), 8)
    best = max(
        500 * np.log2(1 - t + 8 * t) + 500 * np.log2(1 - t) for t in np.linspace(0, 0.999, 2000)
    )  # fmt: skip
    assert found == pytest.approx(best, rel=1e-4) and 0 < found < 1500


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(2, 400))
def test_never_less_than_nothing_nor_more_than_there_is(probs, values):
    found = bits_answered(probs, values)
    assert 0 <= found <= bits_of(values, len(probs)) + 1e-9
    trusting = np.log2(np.maximum(values * np.array(probs), 1e-300)).sum()
    assert found >= trusting - 1e-4 * max(1, abs(trusting))
