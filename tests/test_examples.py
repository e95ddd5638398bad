"""The scripts in examples/ run, and what they compute is what their words promise."""

import runpy
import tempfile
from pathlib import Path

import pytest
import torch

from core.model import load_checkpoint, load_pretrained


@pytest.mark.slow
def test_the_tour_runs_and_does_what_it_says(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = runpy.run_path(str(Path(__file__).parents[1] / "examples/tour.py"))
    assert not torch.equal(made["after"].probs, made["trace"].probs)  # the change inside was made, ...
    assert torch.equal(made["after"].z[0], made["trace"].z[0])  # ... in no layer below it
    assert made["losses"][-1] < made["losses"][0] - 1
    assert made["tokenizer"].decode([step.id for step in made["steps"]]) == "I am a small model.<|end|>"
    ids = torch.tensor([made["ids"]])
    own, opened = (
        load_checkpoint(made["folder"] / "small").model, load_pretrained(made["folder"] / "for-transformers").model
    )  # fmt: skip
    torch.testing.assert_close(opened(ids), own(ids), atol=1e-4, rtol=0)
