"""How far models are apart, against the definition written out for single numbers."""

import copy

import numpy as np
import pytest
import torch

from core.lab.movement import movement, singular_values
from core.model import ModelConfig, Transformer

SHAPE = {
    "vocab_size": 40, "context_length": 16, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "d_model": 16, "d_mlp": 12,
}  # fmt: skip


@pytest.fixture(params=["swiglu", "relu2"])
def model(request):
    made = Transformer(ModelConfig.from_dict(SHAPE | {"activation": request.param}), seed=1)
    with torch.no_grad():
        for p in made.parameters():
            p.add_(0.1)
    return made


def test_nothing_has_moved_in_a_copy(model):
    found = movement(model, copy.deepcopy(model))
    assert not found.matrices.any() and not found.heads.any() and not found.neurons.any()
    assert (found.embed, found.share) == (0.0, 0.0)


def test_one_head_one_neuron_and_one_matrix_are_found_where_they_are(model):
    after = copy.deepcopy(model)
    with torch.no_grad():
        after.blocks[1].attn.wq.weight[4:8] *= 1.5  # head 1 of 4, each 4 wide
        after.blocks[0].mlp.w_in.weight[7] *= 2
    found = movement(model, after)
    assert np.argwhere(found.heads).tolist() == [[1, 1]]
    assert np.argwhere(found.neurons).tolist() == [[0, 7]]
    parts = [(row, found.parts[column]) for row, column in np.argwhere(found.matrices)]
    assert parts == [(0, "up"), (1, "q")]
    old = model.blocks[1].attn
    own = [old.wq.weight[4:8], old.wk.weight[0:4], old.wv.weight[0:4], old.wo.weight[:, 4:8]]
    size = sum(float(x.detach().square().sum()) for x in own) ** 0.5
    assert found.heads[1, 1] == pytest.approx(0.5 * float(own[0].norm()) / size, rel=1e-5)
    assert found.matrices[0, list(found.parts).index("up")] == pytest.approx(
        float(model.blocks[0].mlp.w_in.weight[7].norm() / model.blocks[0].mlp.w_in.weight.norm()), rel=1e-5
    )
    changed = 4 * 16 + 16
    assert found.share == pytest.approx(changed / sum(p.numel() for p in model.parameters()))


def test_the_directions_of_a_change_are_its_rank(model):
    after = copy.deepcopy(model)
    u, v = torch.randn(2, 16, generator=torch.Generator().manual_seed(2)), torch.ones(16)
    with torch.no_grad():
        after.blocks[0].attn.wq.weight.add_(torch.outer(u[0], v))
    values = singular_values(model, after, 0, "q")
    assert values[0] == pytest.approx(float(u[0].norm() * v.norm()), rel=1e-4) and values[1] < 1e-4


def test_models_of_two_shapes_are_refused(model):
    other = Transformer(ModelConfig.from_dict(SHAPE | {"d_model": 32}), seed=0)
    with pytest.raises(ValueError, match="different shapes"):
        movement(model, other)
