import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.training.schedule import SCHEDULES, log_spaced_steps, lr_factor


def test_closed_forms():
    assert lr_factor("constant", 0, 0, 4, 0) == 0.25
    assert lr_factor("cosine", 10, 0.25, 0, 0) == pytest.approx(0.5 * (1 + math.cos(math.pi / 4)))
    assert lr_factor("wsd", 10, 0.5, 0, 0.4) == 1
    assert lr_factor("wsd", 10, 0.9, 0, 0.4) == pytest.approx(0.25)
    assert lr_factor("wsd", 10, 1, 0, 0.4) == 0
    with pytest.raises(ValueError, match="wsd"):
        lr_factor("line", 0, 0, 0, 0)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(SCHEDULES), st.integers(0, 50), st.floats(0, 0.5), st.integers(1, 400))
def test_rises_in_the_warm_up_then_never_rises(schedule, warmup, decay, steps):
    factors = [lr_factor(schedule, s, s / steps, warmup, decay) for s in range(steps)]
    assert all(0 <= f <= 1 for f in factors)
    after = factors[warmup:]
    assert all(a >= b - 1e-12 for a, b in itertools.pairwise(after))


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 100_000), st.integers(2, 30))
def test_log_spaced_steps(steps, count):
    found = log_spaced_steps(steps, count)
    assert found[0] == 0 and found[-1] == steps and len(found) <= count
    assert list(found) == sorted(set(found))


@pytest.mark.parametrize("steps", [100, 2000, 8000])
def test_enough_snapshots_of_a_long_run(steps):
    assert 12 <= len(log_spaced_steps(steps, 18)) <= 18
