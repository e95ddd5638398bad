"""A run as other programs open it is the run."""

import io
import zipfile

import torch
from gguf import GGUFReader

from core.model import load_pretrained, runs_root, save_checkpoint
from core.runs.elsewhere import obstacle, packed
from tests.core.model.models import GPT2, QWEN3, checkpoint

RUN = "run-20260101-0123456789ab"


def test_both_forms_hold_the_weights_and_no_path(runs, tmp_path):
    made = checkpoint(**QWEN3)
    save_checkpoint(runs_root() / RUN, made.model, made.tokenizer, {})
    assert obstacle(RUN, "transformers") == obstacle(RUN, "gguf") == ""
    zipfile.ZipFile(io.BytesIO(packed(RUN, "transformers"))).extractall(tmp_path)
    opened, ids = load_pretrained(tmp_path / f"{RUN}-transformers"), torch.arange(20)[None]
    torch.testing.assert_close(opened.model(ids), made.model(ids))
    (tmp_path / "run.gguf").write_bytes(file := packed(RUN, "gguf"))
    (embedding,) = [one.data for one in GGUFReader(tmp_path / "run.gguf").tensors if one.name == "token_embd.weight"]
    assert torch.equal(torch.tensor(embedding), made.model.embed.weight)
    assert str(runs_root()).encode() not in file


def test_a_shape_that_others_do_not_have_says_so_before_anything_is_read(runs):
    made = checkpoint(**GPT2 | {"activation": "relu2"})
    save_checkpoint(runs_root() / RUN, made.model, made.tokenizer, {})
    assert obstacle(RUN, "transformers") == ""
    assert obstacle(RUN, "gguf").endswith("activation must be gelu_tanh, not relu2")
    made = checkpoint(activation="gelu")
    save_checkpoint(runs_root() / RUN, made.model, made.tokenizer, {})
    assert obstacle(RUN, "transformers").endswith("activation must be swiglu or relu2, not gelu")
    assert obstacle(RUN, "gguf")
