"""Where the skew sits: the parts against the whole, and an ablation against one done by hand."""

import numpy as np
import pytest

from core.analysis.interventions.intervene import sample_parts
from core.analysis.interventions.values import Part
from core.analysis.limits.bias import pronouns
from core.analysis.limits.bias_inside import Inside, inside, without
from core.model import Site


@pytest.fixture(scope="module")
def found(checkpoint):
    return inside(checkpoint, "nurse", "blacksmith")


def test_the_parts_add_up_to_the_difference_of_the_whole_model(checkpoint, found):
    said = pronouns(checkpoint.model, checkpoint.tokenizer, ("nurse", "blacksmith")).she[:, : found.sentences]
    first, second = np.log(said) - np.log1p(-said)
    assert found.sentences == said.shape[1] < 24  # the longest don't fit this context
    assert found.total == pytest.approx((first - second).mean(), abs=1e-4)
    assert found.embed + found.heads.sum() + found.mlps.sum() == pytest.approx(found.total, abs=1e-4)
    assert found.embed == pytest.approx(0, abs=0.2 * abs(found.heads).max() + 1e-2)


def test_the_other_way_round_is_the_opposite(checkpoint, found):
    other = inside(checkpoint, "blacksmith", "nurse")
    np.testing.assert_allclose(other.heads, -found.heads, atol=1e-9)
    np.testing.assert_allclose(other.low, -found.high, atol=1e-9)
    assert other.carriers(1) == found.carriers(1)


def test_carriers_argue_for_what_the_whole_says():
    heads, mlps = np.array([[1.0, -5.0], [2.0, 0.5]]), np.array([0.0, -3.0])
    zero = np.zeros((2, 3))
    assert Inside(0.0, heads, mlps, zero, zero, -4.5, 2).carriers(2) == [Part("head", 0, 1), Part("mlp", 1)]
    assert Inside(0.0, heads, mlps, zero, zero, 4.5, 2).carriers(1) == [Part("head", 1, 0)]
    assert Inside(0.0, heads, mlps, zero - 1, zero + 1, 4.5, 2).amount(Part("mlp", 1)) == (-3.0, -1.0, 1.0)


@pytest.mark.slow
def test_without_a_part_is_the_model_whose_part_puts_out_its_mean(checkpoint):
    part = Part("mlp", 1)
    result, mean = without(checkpoint, part), sample_parts(checkpoint).mean[Site("mlp_out", 1)]

    class Same:
        config = checkpoint.model.config

        def last_logits(self, ids, last):
            put = lambda site, x: mean.expand_as(x) if site == Site("mlp_out", 1) else x  # noqa: E731
            return checkpoint.model(ids, tap=put)[:, -last:]

    by_hand = pronouns(Same(), checkpoint.tokenizer)
    np.testing.assert_allclose(result.after.she, by_hand.she, atol=1e-5)
    assert result.slopes[0] != result.slopes[1]
    assert result.added[1] < result.added[0] < result.added[2]
