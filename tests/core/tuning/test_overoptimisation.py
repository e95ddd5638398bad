"""Best of n beside enumeration and simulation, and Gao's forms on curves whose coefficients are known."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tuning import best_of_n_kl, best_of_n_mean
from core.tuning.overoptimisation import FORMS, Law, fit_law


@pytest.mark.parametrize("n", [1, 2, 4, 16])
def test_the_kl_of_best_of_n_is_that_of_the_distribution_itself(n):
    """Over many equally likely answers without ties: p(i) = ((i + 1) / K)ⁿ - (i / K)ⁿ, beside 1 / K."""
    k = 20_000
    at = np.arange(k + 1) / k
    p = np.diff(at**n)
    kl = float((p[p > 0] * np.log(p[p > 0] * k)).sum())
    assert best_of_n_kl(n) == pytest.approx(kl, abs=2e-3)


def test_best_of_one_is_one_draw_and_fewer_is_nothing():
    assert best_of_n_kl(1) == 0
    with pytest.raises(ValueError, match="at least one"):
        best_of_n_kl(0)


@given(st.lists(st.tuples(st.integers(-50, 50), st.floats(-5, 5)), min_size=1, max_size=7, unique_by=lambda x: x[0]),
       st.data())  # fmt: skip
def test_the_best_of_n_mean_is_the_mean_over_all_subsets(answers, data):
    n = data.draw(st.integers(1, len(answers)))
    proxy, values = zip(*answers, strict=True)
    wanted = [max(subset)[1] for subset in itertools.combinations(answers, n)]
    assert best_of_n_mean(proxy, values, n) == pytest.approx(sum(wanted) / len(wanted), abs=1e-9)


def test_more_than_there_are_is_refused():
    with pytest.raises(ValueError, match="from 1 to 2"):
        best_of_n_mean([1, 2], [1, 2], 3)


@pytest.mark.parametrize("form", FORMS)
def test_a_law_is_found_again_from_its_curve_and_turns_where_it_is_highest(form):
    law = Law(form, 2.0, 0.7)
    d = np.linspace(0, 6, 61)
    found = fit_law(form, d, law.at(d))
    assert (found.alpha, found.beta) == pytest.approx((2.0, 0.7), rel=1e-6)
    fine = np.linspace(1e-6, 12, 200_001)
    assert law.turnover == pytest.approx(fine[law.at(fine).argmax()], abs=1e-3)
    assert law.at(np.zeros(1))[0] == 0


@pytest.mark.parametrize("form", FORMS)
def test_the_first_half_of_a_noisy_curve_foretells_its_turnover(form):
    law, generator = Law(form, 3.0, 1.0), np.random.default_rng(1)
    d = np.linspace(0.1, law.turnover, 40)
    found = fit_law(form, d, law.at(d) + generator.normal(0, 0.05, 40))
    assert found.turnover == pytest.approx(law.turnover, rel=0.15)


def test_what_never_falls_has_no_turnover_and_too_few_points_are_refused():
    assert Law("best of n", 1.0, 0.0).turnover == math.inf
    with pytest.raises(ValueError, match="two different"):
        fit_law("best of n", [0, 1, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="form"):
        fit_law("gold", [1, 2], [1, 2])
