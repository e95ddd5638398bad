"""One table of activations: its numbers, the model's tensors, the compiled token and transformers agree."""

from typing import get_args

import numpy as np
import pytest
import torch
from transformers.activations import ACT2FN

from core.generation import kernels
from core.model import ModelConfig, Transformer
from core.model.activations import ACTIVATIONS, ActivationName
from core.model.transformer import ACTIVATE

X = np.concatenate([np.linspace(-12, 12, 97), [-800.0, -0.0, 1e-4]])


def test_every_place_knows_every_activation():
    names = get_args(ActivationName)
    assert tuple(ACTIVATIONS) == names
    assert set(ACTIVATE) == set(kernels.KINDS) == set(names)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_number_tensor_compiled_token_and_transformers_agree(name):
    row = ACTIVATIONS[name]
    expected = np.array([row.of(float(x)) for x in X])
    tensor = torch.tensor(X)
    np.testing.assert_allclose(ACTIVATE[name](tensor).numpy(), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ACT2FN[row.hugging_face](tensor).numpy(), expected, rtol=1e-6, atol=1e-7)
    hidden, gate = (np.ones(len(X)), X) if row.gated else (X, X)
    hidden = hidden.astype(np.float32)
    with np.errstate(over="ignore"):
        kernels.activate(hidden, gate.astype(np.float32), kernels.KINDS[name])
    np.testing.assert_allclose(hidden, expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_gate_is_a_second_matrix(name):
    shape = {"vocab_size": 3, "context_length": 4, "n_layers": 1, "n_heads": 1, "d_model": 2}
    model = Transformer(ModelConfig(**shape, activation=name))
    gates = [weights for weights, _ in model.named_parameters() if "w_gate" in weights]
    assert bool(gates) == ACTIVATIONS[name].gated
    assert model.config.parameter_count()["total"] == sum(p.numel() for p in model.parameters())
