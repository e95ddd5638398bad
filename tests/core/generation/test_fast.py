"""The compiled decoder against the model itself, for every family of models."""

import numpy as np
import pytest
import torch

from core.generation import Sampler, generate
from core.generation.fast import Decoder
from core.model import Cache
from tests.core.model.models import FAMILIES, make, random_ids


@pytest.mark.parametrize("family", FAMILIES)
def test_it_writes_what_generate_writes(family):
    model = make(family)
    decoder = Decoder(model)
    for seed in range(5):
        ids = random_ids(1 + 3 * seed, seed=seed).tolist()
        expected = [step.id for step in generate(model, ids, Sampler(temperature=0), 30, 0)]
        assert list(decoder.greedy(ids, 30)) == expected
        stop = {expected[len(expected) // 2]}
        stopped = [step.id for step in generate(model, ids, Sampler(temperature=0), 30, 0, stop=stop)]
        assert list(decoder.greedy(ids, 30, stop)) == stopped


@pytest.mark.parametrize("family", FAMILIES)
def test_its_logits_are_the_models(family):
    model = make(family)
    decoder, ids = Decoder(model), random_ids(10, seed=4)
    with torch.no_grad():
        expected = model(ids[None])[0].numpy()
    cache, logits = Cache(model.config), np.empty(model.config.vocab_size, np.float32)
    keys, values = cache.k[:, 0].numpy(), cache.v[:, 0].numpy()
    for position, id in enumerate(ids.tolist()):
        decoder._run(id, position, decoder._shape, decoder._eps, decoder._outer, decoder._layers, decoder._cos,
                     decoder._sin, keys, values, logits)  # fmt: skip
        np.testing.assert_allclose(logits, expected[position], rtol=1e-4, atol=1e-4)


def test_the_ends():
    decoder = Decoder(make("ours"))
    assert list(decoder.greedy([1], 0)) == [] and len(list(decoder.greedy([1], 3))) == 3
    assert len(list(decoder.greedy([1] * 24, 9))) == 1 and len(list(decoder.greedy([1] * 20, 9))) == 5
    for wrong in ([], [1] * 25):
        with pytest.raises(ValueError, match="1 to 24"):
            next(decoder.greedy(wrong, 3))
