"""Many continuations at once against one at a time."""

import math

import numpy as np
import pytest

from core.generation import Sampler, generate
from core.generation.batch import mean_log_prob, sample_batch
from tests.core.model.models import make

MODEL = make("ours")


@pytest.mark.slow
@pytest.mark.parametrize("sampler", [Sampler(), Sampler(temperature=1.4, top_p=0.9, frequency_penalty=0.5)])
def test_every_seed_gives_the_text_it_gives_alone(sampler):
    seeds, stop, heard = [5, 0, 99, 5, 7, 8], {3, 11}, []
    samples = sample_batch(MODEL, [1, 2], sampler, seeds, 15, stop, heard.append)
    for seed, sample in zip(seeds, samples, strict=True):
        steps = list(generate(MODEL, [1, 2], sampler, 15, seed, stop=stop))
        assert sample.ids == tuple(step.id for step in steps)
        np.testing.assert_allclose(sample.log_probs, [math.log(step.raw_probability) for step in steps], atol=1e-4)
        assert sample.ended == (steps[-1].finish == "stop")
    assert len({len(sample.ids) for sample in samples}) > 1 and heard == sorted(heard) and 0 <= heard[-1] < 1
    every = [score for sample in samples for score in sample.log_probs]
    assert mean_log_prob(samples) == pytest.approx(sum(every) / len(every))


def test_the_ends():
    assert sample_batch(MODEL, [1], Sampler(), [], 5) == [] and math.isnan(mean_log_prob([]))
    assert [len(s.ids) for s in sample_batch(MODEL, [1] * 24, Sampler(), [1, 2], 5)] == [1, 1]
    assert [s.ids for s in sample_batch(MODEL, [1], Sampler(), [1], 0)] == [()]
    with pytest.raises(ValueError, match="1 to 24"):
        sample_batch(MODEL, [1] * 25, Sampler(), [1], 5)
