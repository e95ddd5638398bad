"""Weights in fewer bytes: bit for bit the same, by whichever way a file is read; a damaged one says so."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save_file

from core.model import CheckpointError, load_checkpoint, update_card
from core.model.byte_planes import UPPER, names, pack, tensor
from core.model.folders import digests
from core.runs.ship import pack_snapshot
from core.training.disk.past import state_from
from core.training.disk.state import Position
from tests.tiny import make_checkpoint

anything = some.dictionaries(
    some.text("abc.", min_size=1, max_size=5),
    arrays(np.uint16, array_shapes(min_dims=1, max_dims=3, min_side=0)).map(lambda bits: bits.view(np.float16)),
    min_size=1, max_size=4,
)  # fmt: skip


@given(tensors=anything)
def test_every_bit_comes_back_whichever_library_opens_the_file(tensors, tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "weights.safetensors"
    path.write_bytes(pack(tensors, {"step": "7"}))
    for framework in ("np", "pt"):
        with safe_open(path, framework=framework) as file:
            assert sorted(names(file)) == sorted(tensors) and file.metadata() == {"step": "7"}
            for name, expected in tensors.items():
                found = tensor(file, name)
                assert found.shape == expected.shape and found.dtype == np.float16
                assert np.array_equal(found.view(np.uint16), expected.view(np.uint16))


def test_trained_weights_take_a_seventh_less():
    shipped = load_checkpoint("tinyland").model
    weights = {name: weight.half().numpy() for name, weight in shipped.named_parameters()}
    assert len(pack(weights, {})) < 0.87 * sum(weight.nbytes for weight in weights.values())


def test_a_packed_step_is_the_same_model_and_begins_the_same_fork(tmp_path):
    make_checkpoint(tmp_path)
    plain = tmp_path / "snapshots/step_00000010.safetensors"
    before, state = load_checkpoint(tmp_path, 10).model, load(state_from(plain, Position(step=10)))
    pack_snapshot(plain, tmp_path / "packed")
    assert (tmp_path / "packed").read_bytes() != plain.read_bytes()
    (tmp_path / "packed").replace(plain)
    update_card(tmp_path, sha256=digests(tmp_path))
    after = load_checkpoint(tmp_path, 10).model
    assert all(torch.equal(one, two) for one, two in zip(before.parameters(), after.parameters(), strict=True))
    began = load(state_from(plain, Position(step=10)))
    assert began.keys() == state.keys() and all(np.array_equal(value, began[name]) for name, value in state.items())


def test_weights_of_32_bits_stay_as_they_are(tmp_path):
    save_file({"w": np.arange(4, dtype=np.float32)}, tmp_path / "plain", {"step": "1"})
    pack_snapshot(tmp_path / "plain", tmp_path / "shipped")
    assert (tmp_path / "shipped").read_bytes() == (tmp_path / "plain").read_bytes()


@pytest.mark.parametrize("upper", [b"", b"no deflate", b"x\x9c\x03\x00\x00\x00\x00\x01"])  # the last: nothing, deflated
def test_damaged_upper_bytes_are_told(upper, tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"w": np.zeros(4, np.uint8), "w" + UPPER: np.frombuffer(upper, np.uint8)}, path)
    with safe_open(path, framework="np") as file, pytest.raises(SafetensorError, match="upper bytes of w"):
        tensor(file, "w")


def test_a_damaged_step_is_no_model(tmp_path):
    make_checkpoint(tmp_path)
    update_card(tmp_path, sha256={})
    lower = {name: np.zeros(tuple(w.shape), np.uint8) for name, w in load_checkpoint(tmp_path).model.named_parameters()}
    upper = {name + UPPER: np.zeros(1, np.uint8) for name in lower}
    save_file(lower | upper, tmp_path / "snapshots/step_00000010.safetensors")
    with pytest.raises(CheckpointError, match=r"step_00000010\.safetensors is damaged .*upper bytes"):
        load_checkpoint(tmp_path, 10)
