"""What models have read is counted for whoever opened a tally, on whichever way it was read, and for nobody else."""

from threading import Thread

import pytest
import torch

from core.generation import Sampler, generate
from core.generation.rollouts import rollouts
from core.model import ModelConfig, Transformer, run_trace
from core.model.passes import Tally, counted
from tests.core.model.models import SIZES


@pytest.fixture(scope="module")
def model():
    return Transformer(ModelConfig(**SIZES), seed=1)


def test_every_token_of_every_pass_counts_once(model):
    tally, ids = Tally(), [1, 2, 3, 4, 5]
    with counted(tally):
        run_trace(model, ids)
        assert tally.tokens == 5
        with counted(other := Tally()):
            model(torch.zeros(3, 4, dtype=torch.int64))
        assert (tally.tokens, other.tokens) == (5, 12)
        read = len(list(generate(model, ids, Sampler(), 4, seed=0)))
        assert tally.tokens == 5 + len(ids) + read - 1  # the last token that is written is read by nobody
        before = tally.tokens
        rollouts(model, [ids, ids], [0, 1], 3)
        assert tally.tokens == before + 2 * (len(ids) + 2)
    model(torch.zeros(1, 4, dtype=torch.int64))
    assert tally.tokens == before + 14
    assert tally.flops == 2 * tally.tokens * model.config.parameter_count()["total"]


def test_what_goes_through_some_blocks_only_counts_as_so_much_less(model):
    layers, width = model.config.n_layers, model.config.d_model
    with counted(tally := Tally()):
        model.forward_from({0: torch.zeros(1, 6, width), layers - 1: torch.zeros(3, 6, width)})
    assert tally.tokens == pytest.approx(6 + 18 / layers)


def test_another_thread_counts_for_nobody(model):
    with counted(tally := Tally()):
        other = Thread(target=lambda: run_trace(model, [1, 2, 3]))
        other.start()
        other.join()
    assert tally.tokens == 0
