"""Risk and coverage, detectors and entropies against scikit-learn and counting."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.limits.abstaining import entropy, risk_coverage, roc, self_consistency, semantic_entropy

CASES = st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.5001, 0.9, 1.0]), st.booleans()), min_size=1, max_size=40)


@pytest.mark.slow
@given(CASES)
def test_each_point_is_what_a_threshold_gives(cases):
    sure, right = map(np.array, zip(*cases, strict=True))
    curve = risk_coverage(sure, right)
    assert curve.coverage[-1] == 1 and curve.risk[-1] == pytest.approx(1 - right.mean())
    for threshold, coverage, risk in zip(curve.threshold, curve.coverage, curve.risk, strict=True):
        answered = sure >= threshold
        assert coverage == pytest.approx(answered.mean()) and risk == pytest.approx(1 - right[answered].mean())


def test_the_area_of_a_model_that_knows_when_it_is_wrong():
    curve = risk_coverage([0.9, 0.8, 0.2, 0.1], [True, True, False, False])
    assert curve.area == pytest.approx((0 + 0 + 1 / 3 + 2 / 4) / 4)


@pytest.mark.slow
@given(CASES.filter(lambda cases: len({right for _, right in cases}) == 2))
def test_roc_is_that_of_scikit_learn(cases):
    from sklearn.metrics import auc, roc_auc_score, roc_curve

    score, positive = map(np.array, zip(*cases, strict=True))
    curve = roc(score, positive)
    assert curve.area == pytest.approx(roc_auc_score(positive, score))
    fpr, tpr, _ = roc_curve(positive, score, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_alarms, fpr)
    np.testing.assert_allclose(curve.found, tpr)
    assert curve.area == pytest.approx(auc(fpr, tpr))


def test_a_curve_needs_both_kinds():
    with pytest.raises(ValueError):
        roc([0.1, 0.2], [True, True])


def test_entropies():
    assert entropy([1.0, 0.0, 0.0]) == 0
    np.testing.assert_allclose(entropy(np.full((2, 8), 1 / 8)), math.log(8))
    assert semantic_entropy(["5 May"] * 10) == 0 and self_consistency(["5 May"] * 10) == 1
    assert semantic_entropy(["a", "b", "a", "b"]) == pytest.approx(math.log(2))
    assert self_consistency(["a", "b", "a", None]) == 0.5
