import json

import pytest
import safetensors.torch
import torch

from core.training.disk.state import STATE, Position, read_state, save_state
from core.training.optim import Optimizer

EARLIER = {
    "adamw": {"exp_avg": "mean", "exp_avg_sq": "square"},
    "muon": {"momentum_buffer": "momentum", "exp_avg": "mean", "exp_avg_sq": "square"},
    "sgd": {"momentum_buffer": "velocity"},
}


@pytest.mark.parametrize("kind", EARLIER)
def test_a_state_of_an_earlier_version_fits_the_optimizer_of_today(tmp_path, kind):
    layers = torch.nn.ModuleDict({"w_in": torch.nn.Linear(3, 2, bias=False), "embed": torch.nn.Embedding(4, 3)})
    optimizer = Optimizer(layers.named_parameters(), kind=kind)
    for tensor in optimizer.state.values():
        tensor.normal_()
    tensors = {f"optimizer.{name}": tensor for name, tensor in optimizer.state.items()}
    tensors |= {f"model.{name}": p.detach() for name, p in layers.named_parameters()}
    save_state(tmp_path, tensors, Position(7))
    today, _ = read_state(tmp_path / STATE)
    old = {}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        state, _, parameter = rest.partition(".")
        old[f"optimizer.{EARLIER[kind][state]}.{parameter}" if part == "optimizer" else name] = tensor
    assert old.keys() != tensors.keys()
    (tmp_path / STATE).write_bytes(safetensors.torch.save(old, {"position": json.dumps({"step": 7})}))
    upgraded, position = read_state(tmp_path / STATE)
    assert position == Position(7) and upgraded.keys() == today.keys() == tensors.keys()
    assert all(torch.equal(upgraded[name], tensor) for name, tensor in tensors.items())
