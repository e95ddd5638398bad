"""What was seen once, and what was never seen."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.limits.singletons import draw, kalai_bound, least_errors, missing_mass, singleton_rate, zipf


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_the_rate_counts_what_occurs_once(sample):
    once = [fact for fact in sample if sample.count(fact) == 1]
    assert singleton_rate(sample) == len(once) / len(sample)
    probs = np.full(10, 0.1)
    assert missing_mass(sample, probs) == pytest.approx(0.1 * (10 - len(set(sample))))


@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.2])
def test_good_turing_foretells_the_unseen(exponent):
    """Over many samples the mean of the estimate is the mean of the truth, up to 1 ÷ N."""
    probs = zipf(400, exponent)
    assert probs.sum() == pytest.approx(1)
    samples = [draw(probs, 500, seed) for seed in range(200)]
    estimated = np.mean([singleton_rate(sample) for sample in samples])
    assert estimated == pytest.approx(np.mean([missing_mass(sample, probs) for sample in samples]), abs=1 / 500 + 0.004)


def test_a_model_that_remembers_all_it_read_errs_as_often_as_is_foretold():
    probs, answers = zipf(300, 0.5), 365
    sample = draw(probs, 400, 0)
    rng, truth = np.random.default_rng(1), np.random.default_rng(2).integers(answers, size=300)
    known = set(sample)
    asked = draw(probs, 200_000, 3)
    guesses = rng.integers(answers, size=len(asked))
    wrong = [fact not in known and guess != truth[fact] for fact, guess in zip(asked, guesses, strict=True)]
    assert np.mean(wrong) == pytest.approx(least_errors(missing_mass(sample, probs), answers), abs=0.005)
    assert np.mean(wrong) == pytest.approx(singleton_rate(sample), abs=0.06)
    assert Counter(sample).total() == 400


def test_the_bound():
    assert kalai_bound(0.5, 10**8, 365) == pytest.approx(0.5 - 2 / 364 - (35 + 6 * math.log(10**8)) / 10**4)
    assert kalai_bound(0.9, 1000, 365) == 0  # says nothing of a small sample
    assert kalai_bound(0.5, 10**8, 365, 0.1) == pytest.approx(kalai_bound(0.5, 10**8, 365) - 0.1)
