"""What drafting costs: the arithmetic of rounds and passes, and what is measured on a real model."""

import pytest
import torch

from core.generation.costs import Costs, costs
from core.generation.speculative import Round
from core.model import ModelConfig, Transformer

MADE = [
    Round((1, 2, 3, 4), 4, 5, (0.5,) * 4, (0.5,) * 4),  # five tokens for four drafts
    Round((1, 2, 3, 4), 0, 7, (0.5,) * 4, (0.1,)),  # one token for four drafts
]


def tiny() -> Transformer:
    torch.manual_seed(0)
    return Transformer(ModelConfig(vocab_size=30, context_length=16, n_layers=1, n_heads=2, d_model=8)).eval()


def test_rounds_are_as_fast_as_their_passes():
    assert Costs(1.0, 0.0, 1.0, 5).speed(MADE) == 3.0  # six tokens for two passes of the model
    assert Costs(1.0, 1.0, 5.0, 5).speed(MADE) == pytest.approx(6 / 18)  # a draft that is no cheaper, checks one by one
    assert Costs(1.0, 1.0, 5.0, 5).speed(MADE, draft=0.1, check=1.0) == pytest.approx(6 / 2.8)


def test_costs_are_measured_for_the_tokens_that_a_round_checks():
    one = tiny()
    found = costs(one, one, list(range(1, 9)), 4)
    assert found.checked == 5 and min(found.token, found.draft, found.check) > 0
    assert costs(one, one, [1, 2], 4).checked == 2  # no more than there are


@pytest.mark.parametrize("bad", [{"ids": []}, {"ids": [10**6]}, {"ahead": 0}])
def test_what_cannot_be_read_is_refused(bad):
    one = tiny()
    with pytest.raises(ValueError):
        costs(one, one, **({"ids": [1, 2, 3], "ahead": 2} | bad))
