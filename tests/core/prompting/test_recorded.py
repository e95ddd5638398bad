"""What is kept beside a model: each part beside those that were kept before, and only of the same weights."""

import torch
from safetensors.torch import save_file

from core.model import load_checkpoint
from core.prompting.injection import Injection, Rates
from core.prompting.recorded import recorded, write
from core.prompting.window import Found
from tests.tiny import make_checkpoint


def test_a_part_is_kept_beside_the_others_until_it_is_measured_again(tmp_path):
    make_checkpoint(tmp_path)
    checkpoint = load_checkpoint(tmp_path)
    found = Found((0, 2), (9.5, 30.0), {"first": ((0.2, 0.1, 0.3), (0.0, 0.0, 0.1))}, 40, 64)
    once = Injection({})
    again = Injection({"a role": Rates({"obeyed": (0.5, 0.4, 0.6)}, (0.9, 0.8, 1.0), 50, "prompt", "answer")})
    assert recorded(checkpoint, "window") is None
    for parts in ({"window": found}, {"injection": once}, {"injection": again}):
        write(checkpoint, parts)
    assert recorded(checkpoint, "window") == found
    assert recorded(checkpoint, "injection") == again
    save_file({"embed.weight": torch.zeros(2)}, checkpoint.folder / "model.safetensors", {"step": str(checkpoint.step)})
    assert recorded(checkpoint, "window") is None
    write(checkpoint, {"injection": once})  # what was of other weights is not kept
    assert recorded(checkpoint, "window") is None and recorded(checkpoint, "injection") == once
