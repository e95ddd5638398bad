"""Reading the rows of preference tuning: over-optimisation with a known law, and what may be the matter."""

import math

import numpy as np
import pytest

from core.lab.course import course
from core.lab.diagnosis import diagnose

ALPHA, BETA = 1.2, 0.5  # of the planted law: it turns at exp(α / β - 1) = 4.06


def evaluation(step, d, true, **more):
    told = {"kl_answer": d * d, "reward": 2 + 0.5 * d, "reward_spread": 0.5, "true_reward": 3 + 2 * true} | more
    return {"step": step, "val_loss_per_token": 1.0, "statistics": told | {"true_spread": 2.0}}


def planted(d):
    return d * (ALPHA - BETA * math.log(d)) if d else 0.0


def test_a_planted_law_is_found_in_the_first_half_and_foretells_the_turnover():
    rows = [evaluation(i, d, planted(d)) for i, d in enumerate(np.linspace(0, 8, 17).tolist())]
    found = course([*rows, {"step": 99, "statistics": {"reward": 9.0}, "loss_per_token": 0.1}])
    assert found.proxy == pytest.approx(found.d) and found.true == pytest.approx([planted(d) for d in found.d])
    assert (found.law.alpha, found.law.beta) == pytest.approx((ALPHA, BETA))
    assert found.law.turnover == pytest.approx(math.exp(ALPHA / BETA - 1))
    assert abs(found.best - found.law.turnover) < 0.5


def test_a_course_needs_the_true_reward_and_enough_evaluations():
    rows = [evaluation(i, i, i) for i in range(5)]
    assert course(rows) and course(rows[:4]) is None
    assert course([row | {"statistics": {"kl_answer": 1.0, "reward": 1.0}} for row in rows]) is None
    assert course([evaluation(i, 0.0, 0.0) for i in range(5)]).law is None  # it has not moved


def update(loss, **told):
    return {"step": 1, "loss_per_token": loss, "statistics": told}


@pytest.mark.parametrize(
    ("method", "rows", "said"),
    [
        ("dpo", [update(0.6931)] * 20, "ln 2"),
        ("dpo", [update(0.4, log_probs_chosen=-i, log_probs_rejected=-3 * i) for i in range(20)], "less likely"),
        ("grpo", [update(0.0, groups_without_variance=0.8, kl=0.1, entropy=1.0)] * 20, "80% of the groups"),
        ("reinforce", [update(0.0, kl=0.0, entropy=1.0)] * 20, "hardly left"),
        ("grpo", [update(0.0, kl=3.0, entropy=1.0)] * 20, "exploded"),
        ("grpo", [update(0.0, kl=0.1 * i, entropy=1.0 - 0.05 * i) for i in range(20)], "entropy has fallen"),
    ],
)
def test_what_is_the_matter_is_said_once_there_are_updates_enough(method, rows, said):
    (words,) = diagnose(rows, method)
    assert said in words
    assert diagnose(rows[:9], method) == []


def test_a_run_that_goes_well_is_left_in_peace():
    fine = [update(0.6 - 0.02 * i, log_probs_chosen=-10.0 + i, log_probs_rejected=-10.0 - i) for i in range(20)]
    assert diagnose(fine, "dpo") == []
    fine = [update(0.0, kl=0.01 * i, entropy=1.0, groups_without_variance=0.1) for i in range(20)]
    assert diagnose(fine, "grpo") == []
