"""Calibration against NumPy's histograms, scikit-learn, closed forms and models that are calibrated by construction."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.calibration import (
    at_temperature,
    brier,
    ece,
    ece_if_calibrated,
    ece_interval,
    fit_temperature,
    reliability,
)

CASES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def by_histogram(confidence, correct, bins):
    """ECE by `np.histogram`, whose last bin is closed on the right."""
    edges = np.linspace(0, 1, bins + 1)
    count = np.histogram(confidence, edges)[0]
    sure = np.histogram(confidence, edges, weights=confidence)[0]
    right = np.histogram(confidence, edges, weights=np.asarray(correct, float))[0]
    return np.abs(sure - right)[count > 0].sum() / count.sum()


@pytest.mark.slow
@given(CASES, st.integers(1, 20))
def test_ece_is_that_of_histograms(cases, bins):
    confidence, correct = map(np.array, zip(*cases, strict=True))
    assert ece(confidence, correct, bins) == pytest.approx(by_histogram(confidence, correct, bins), abs=1e-12)


def test_a_confidence_of_one_belongs_to_the_last_bin():
    found = reliability([1.0, 1.0, 0.0], [True, False, False], 15)
    assert found.count.tolist() == [1, *[0] * 13, 2]
    assert found.accuracy[-1] == 0.5 and ece([1.0, 1.0], [True, False]) == 0.5


@pytest.mark.slow  # what scikit-learn imports
def test_the_diagram_is_that_of_scikit_learn():
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import brier_score_loss

    rng = np.random.default_rng(0)
    confidence = rng.random(500)
    correct = rng.random(500) < confidence**2
    found = reliability(confidence, correct, 10)
    accuracy, sure = calibration_curve(correct, confidence, n_bins=10)
    np.testing.assert_allclose(found.accuracy, accuracy)
    np.testing.assert_allclose(found.confidence, sure)
    assert brier(confidence, correct) == pytest.approx(brier_score_loss(correct, confidence))


def test_true_probabilities_in_place_of_outcomes():
    assert ece([0.2, 0.9], [0.2, 0.9]) == 0
    assert ece([0.2, 0.9], [0.3, 0.8]) == pytest.approx(0.1)


def test_what_a_calibrated_model_shows_is_the_expectation_over_all_outcomes():
    confidence = np.array([0.3, 0.35, 0.8, 0.9, 0.95])
    exact = sum(
        np.prod(np.where(outcome, confidence, 1 - confidence)) * ece(confidence, outcome, 4)
        for outcome in itertools.product([True, False], repeat=5)
    )
    mean, low, high = ece_if_calibrated(confidence, 4)
    assert low <= exact <= high and mean == pytest.approx(exact, abs=0.02)


@pytest.mark.slow
def test_the_interval_shrinks_as_the_sample_grows_and_holds_the_error_of_a_bold_model():
    rng = np.random.default_rng(1)
    widths = []
    for count in (200, 5000):
        confidence = np.full(count, 0.9)
        low, high = ece_interval(confidence, rng.random(count) < 0.6)
        assert low < 0.3 < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 3


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_the_temperature_that_made_the_answers_is_found(temperature):
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 2, (20_000, 5))
    uniform = rng.random((20_000, 1))
    targets = (at_temperature(logits, temperature).cumsum(1) < uniform).sum(1)
    assert fit_temperature(logits, targets) == pytest.approx(temperature, rel=0.05)


def test_temperature_changes_no_first_choice():
    logits = np.random.default_rng(3).normal(size=(50, 9))
    for temperature in (0.2, 1.0, 7.0):
        probs = at_temperature(logits, temperature)
        np.testing.assert_allclose(probs.sum(1), 1)
        assert (probs.argmax(1) == logits.argmax(1)).all()


@pytest.mark.parametrize(("confidence", "correct"), [([], []), ([0.5], [True, False]), ([1.1], [True]), ([0.5], [2])])
def test_what_is_no_sample_is_refused(confidence, correct):
    with pytest.raises(ValueError):
        ece(confidence, correct)
