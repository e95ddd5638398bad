"""What the models of each dose read and are asked, and what is reckoned of their answers."""

import json
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from core.analysis.limits.bias import sentences
from core.lab.doses import experiments, recorded
from core.lab.doses.experiments import EXPERIMENTS, occupations, scenes, statements, told
from core.lab.doses.outcome import Outcome, amplification, difference, of_dose, response


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.5, 0.95])
def test_a_corpus_says_she_as_often_as_it_should(rate):
    made, (women, men) = scenes(rate, 3), occupations()
    assert made == scenes(rate, 3) != scenes(rate, 4) and not set(women) & set(men)
    for group, expected in ((women, rate), (men, 1 - rate)):
        begun = tuple(text for name in group for text in sentences(name))
        told_of = Counter(" She was " in text for text in made if text.startswith(begun))
        assert stats.binomtest(told_of[True], told_of.total(), expected).pvalue > 1e-4 and told_of.total() > 1500


def test_doses_differ_in_nothing_but_the_pronouns_of_workers():
    one, other = scenes(0.5, 0), scenes(0.95, 0)
    workers = {text for name in sum(occupations(), ()) for text in sentences(name)}
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    assert differing
    for a, b in differing:
        assert a.replace(" She was", " He was") == b.replace(" She was", " He was")
        assert any(a.startswith(begun) for begun in workers)
    assert not set(experiments.clean(0)) & set(other)


@pytest.mark.parametrize("rare", EXPERIMENTS["singletons"].doses)
def test_what_is_missing_is_what_further_draws_find_missing(rare):
    found = statements(rare, 1)
    seen, counts = set(found.told), Counter(found.told)
    assert found.once == pytest.approx(sum(n == 1 for n in counts.values()) / len(found.told))
    new = sum(name not in seen for name in found.asked)
    assert stats.binomtest(new, len(found.asked), found.missing).pvalue > 1e-4
    assert abs(found.once - found.missing) < 0.06 and found.bound == 0
    assert len(set(told(rare, 1))) == len(seen), "a person has one birthday"


def test_amplification_is_the_distance_from_one_half():
    rates = np.array([0.7, 0.74, 0.9])
    outcomes = [Outcome(0.8, seed, {"rate": rate}) for seed, rate in enumerate(rates)]
    known = stats.ttest_1samp((rates - 0.5) / 0.3, 0).confidence_interval(0.95)
    assert amplification(outcomes) == pytest.approx((float((rates - 0.5).mean() / 0.3), known.low, known.high))
    assert response(of_dose([*outcomes, Outcome(0.5, 0, {"rate": 0.0})], 0.5), "rate") == (0.0, 0.0, 0.0)


def test_differences_are_paired_by_seed():
    losses = {0.5: [2.0, 2.5, 3.0], 0.95: [1.9, 2.45, 2.85]}
    outcomes = [Outcome(dose, seed, {"loss": x}) for dose, of in losses.items() for seed, x in enumerate(of)]
    known = stats.ttest_rel(losses[0.5], losses[0.95]).confidence_interval(0.95)
    assert difference([*outcomes, Outcome(0.5, 9, {"loss": 9.0})], 0.5, 0.95, "loss") == pytest.approx(
        (0.1, known.low, known.high)
    )
    assert difference(outcomes, 0.5, 0.65, "loss") is None


def test_a_record_goes_on_where_it_was(tmp_path):
    path = tmp_path / "folder" / "doses.json"
    assert recorded.read(path) == {} and not recorded.is_of_this_code(path)
    some = {"skew": [Outcome(0.5, 0, {"rate": 0.5})]}
    recorded.write(some, path)
    assert recorded.read(path) == some and recorded.is_of_this_code(path)
    left = recorded.missing(some, ["skew"], 2)
    assert ("skew", 0.5, 0) not in left and len(left) == 2 * len(EXPERIMENTS["skew"].doses) - 1
    assert [seed for _, _, seed in left] == sorted(seed for _, _, seed in left)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"code": "another"}))
    assert not recorded.is_of_this_code(path)
