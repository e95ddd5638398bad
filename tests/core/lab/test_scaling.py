import itertools
from dataclasses import replace

import numpy as np
import pytest

from core.lab.scaling import fit_power_law, ladder, larger_is_better, verdict
from core.model import ModelConfig
from core.training import preset
from core.training.costs.flops import training_flops

SIZES = np.array([3e3, 1e4, 3e4, 1e5, 3e5, 1e6])


@pytest.mark.slow
def test_an_exact_law_is_found_with_and_without_its_floor():
    losses = 1.5 + 40 * SIZES**-0.4
    known = fit_power_law(SIZES, losses, floor=1.5)
    assert (known.scale, known.exponent) == pytest.approx((40, 0.4), rel=1e-6)
    assert known.predict(1e7) == pytest.approx((1.5 + 40 * 1e7**-0.4,) * 3, rel=1e-6)
    unknown = fit_power_law(SIZES, losses)
    assert unknown.floor == pytest.approx(1.5, abs=0.03) and unknown.exponent == pytest.approx(0.4, abs=0.02)
    assert unknown.predict(1e7)[0] == pytest.approx(1.5 + 40 * 1e7**-0.4, rel=0.01)


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say():
    truth, next_size = (40.0, 0.4), 4e6
    exponents = predictions = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        fit = fit_power_law(SIZES, truth[0] * SIZES ** -truth[1] * np.exp(rng.normal(0, 0.03, 6)), floor=0.0)
        low, high = fit.exponent_interval()
        exponents += low <= truth[1] <= high
        middle, low, high = fit.predict(next_size)
        assert low <= middle <= high
        predictions += low <= truth[0] * next_size ** -truth[1] * np.exp(rng.normal(0, 0.03)) <= high
    assert 45 <= exponents <= 60 and 45 <= predictions <= 60  # 90 % of 60 is 54, ± 3 standard deviations


@pytest.mark.parametrize(
    ("sizes", "losses", "floor"),
    [([1, 2, 3], [3, 2, 1], None), ([1, 1, 2, 2], [3, 3, 2, 2], None), ([1, 2], [2, 1], 0.5),
     ([1, 2, 3], [3, 2, 1], 1.5), ([0, 1, 2, 3], [4, 3, 2, 1], None), ([1, 2, 3, 4], [4, 3, 2, float("nan")], None)],
)  # fmt: skip
def test_too_little_to_fit_is_refused(sizes, losses, floor):
    with pytest.raises(ValueError):
        fit_power_law(sizes, losses, floor)


def test_a_ladder_spends_the_same_compute_on_every_rung():
    base = preset("live")
    rungs = ladder(base, flops=3e11, tokens_per_step=2048)
    assert [r.config.model["d_model"] for r in rungs] == [32, 48, 64, 96, 128, 192]
    assert all(a.parameters < b.parameters for a, b in itertools.pairwise(rungs))
    for rung in rungs:
        model = ModelConfig.from_dict({**rung.config.model, "vocab_size": base.vocab_size})
        per_step = training_flops(model, np.full(32, 64))
        assert 0 <= 3e11 - rung.config.steps * per_step < per_step
        assert rung.flops == pytest.approx(rung.config.steps * per_step)
        assert replace(rung.config, model=base.model, steps=base.steps, seconds=base.seconds) == base
    assert len(ladder(base, flops=5e9, tokens_per_step=2048)) < 6


def test_sizes_of_a_ladder_differ_in_their_width_alone():
    shapes = [rung.config.model for rung in ladder(preset("live"), 1e12, 1500, (8, 12, 16, 24, 32, 96))]
    assert len(shapes) == 6 and all({**shape, "d_model": 0} == {**shapes[0], "d_model": 0} for shape in shapes)


def test_the_verdict_knows_which_size_is_the_best():
    for reached, words in (
        (1.5, "inside"),
        (1.4, "more than the law"),
        (1.65, "lowest loss of all"),
        (1.7, "smaller one"),
    ):
        said = verdict(reached, (1.5, 1.45, 1.55), [2.0, 1.8, 1.7])
        assert words in said and said.startswith("inside" if 1.45 <= reached <= 1.55 else "outside")
        assert ("a smaller one did better" in said) == (reached >= 1.7)


@pytest.mark.slow
def test_no_law_is_read_where_larger_ones_do_not_win():
    def read(losses):
        return larger_is_better(SIZES, losses, fit_power_law(SIZES, losses, floor=0.5))

    falling = 1.5 + 40 * SIZES**-0.4
    assert read(falling)
    assert not read(falling[::-1])  # it rises
    assert not read(np.r_[falling[:4], falling[3] + 0.1, falling[3] + 0.2])  # beyond the best size it rises again
    noisy = np.array([2.0, 2.9, 1.9, 2.9, 2.0, 1.89])  # the last is the best, but that may be chance
    assert not read(noisy)
