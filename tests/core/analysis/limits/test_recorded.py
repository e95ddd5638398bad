"""What is kept beside a model: the same again, beside what was kept before, and only of the same weights."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.analysis.limits.recorded import measure, recorded, write
from core.model import load_checkpoint
from core.model.folders import weights_digest
from tests.tiny import make_checkpoint


@pytest.fixture
def checkpoint(tmp_path):
    make_checkpoint(tmp_path)
    return load_checkpoint(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["pronouns", "inside"])
def test_a_part_is_there_again_beside_the_other_and_not_of_other_weights(checkpoint, part):
    other = {"pronouns": "inside", "inside": "pronouns"}[part]
    assert recorded(checkpoint, part) is None
    measured = {name: measure(checkpoint, name) for name in (part, other)}
    write(checkpoint, {part: measured[part]})
    write(checkpoint, {other: measured[other]})
    for name, one in measured.items():
        again = recorded(checkpoint, name)
        assert type(again) is type(one)
        for key, value in vars(one).items():
            if isinstance(value, tuple):
                assert getattr(again, key) == value
            else:
                np.testing.assert_allclose(getattr(again, key), value, rtol=1e-6, atol=1e-7)
    save_file({"embed.weight": torch.zeros(2)}, checkpoint.folder / "model.safetensors", {"step": str(checkpoint.step)})
    assert recorded(checkpoint, part) is None


def test_the_same_tensors_under_another_header_are_the_same_weights(checkpoint):
    path = checkpoint.folder / "model.safetensors"
    before = weights_digest(checkpoint.folder, checkpoint.step)
    tensors = load_file(path)
    save_file(tensors, path, {"step": str(checkpoint.step), "note": "written again"})
    assert weights_digest(checkpoint.folder, checkpoint.step) == before
    tensors["embed.weight"][0, 0] += 1
    save_file(tensors, path, {"step": str(checkpoint.step)})
    assert weights_digest(checkpoint.folder, checkpoint.step) != before
