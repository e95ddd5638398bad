"""`save_gguf`: the reader of transformers finds our logits and our ids in the file."""

import doctest
import json
import math

import pytest
import torch
import transformers
from gguf import GGUFReader
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.data.card import CROISSANT
from core.model import CheckpointError, load_pretrained, save_gguf, save_pretrained
from core.model.rope_scaling import RopeScaling
from core.text import SPECIAL_TOKENS, Tokenizer, public_encoding
from core.text import gguf as text_gguf
from tests.core.model.models import GPT2, LLAMA, QWEN3, TOKENIZER, checkpoint, stock_parameters
from tests.core.model.stock import folders

# What the reader does not take from the file, it takes from its own defaults: the context of a GPT-2, the width of a
# head of a Qwen3. Shapes that have others are read with a config.json beside the file.
ALONE = {
    "gpt2": GPT2 | {"context_length": 1024},
    "gpt2 with its own unembedding": GPT2 | {"context_length": 1024, "tie_embeddings": False},
    "llama, 2 to 1": LLAMA,
    "llama, 3 to 1, wide heads, tied": LLAMA | {"n_heads": 3, "n_kv_heads": 1, "d_head": 10, "tie_embeddings": True},
    "qwen2": LLAMA | {"qkv_bias": True},
    "qwen3": QWEN3 | {"d_head": 128, "rope_theta": 500.0},
    "qwen3 with ReLU squared": QWEN3 | {"d_head": 128, "activation": "relu2"},
}
WITH_CONFIG = {
    "gpt2 with a short context and a narrow MLP": GPT2 | {"d_mlp": 17},
    "llama with biases": LLAMA | {"bias": True},
    "qwen3 with its own unembedding": QWEN3 | {"tie_embeddings": False},
}


@pytest.mark.slow  # what transformers imports at first
@pytest.mark.parametrize("shape", ALONE | WITH_CONFIG)
def test_the_reader_of_transformers_finds_our_logits(shape, tmp_path):
    ours = checkpoint(**(ALONE | WITH_CONFIG)[shape])
    save_gguf(ours, tmp_path / "ours.gguf")
    config = {}
    if shape in WITH_CONFIG:
        save_pretrained(ours, tmp_path / "beside")
        config["config"] = transformers.AutoConfig.from_pretrained(tmp_path / "beside")
    theirs, info = AutoModelForCausalLM.from_pretrained(
        tmp_path, gguf_file="ours.gguf", output_loading_info=True, **config
    )
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
    assert sum(p.numel() for p in theirs.parameters()) == stock_parameters(ours.config)
    ids = torch.randint(0, ours.config.vocab_size, (3, 24))
    with torch.no_grad():
        assert (theirs.eval()(ids).logits - ours.model(ids)).abs().max() <= 1e-4


@pytest.fixture(scope="module")
def auto_tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gguf")
    save_gguf(checkpoint(**QWEN3, vocab_size=320), folder / "ours.gguf")
    return AutoTokenizer.from_pretrained(folder, gguf_file="ours.gguf")


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(text=st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=8) | st.sampled_from(
    [*SPECIAL_TOKENS, " ball", "  \n\n x", "it's 12345"]), max_size=6).map("".join))  # fmt: skip
def test_the_reader_of_transformers_finds_our_ids(auto_tokenizer, text):
    assert auto_tokenizer(text)["input_ids"] == TOKENIZER.encode(text, special=True)


@pytest.mark.parametrize("family", ["gpt2", "qwen3"])
def test_a_model_made_elsewhere_keeps_its_own_tokenizer(family, tmp_path):
    ours = load_pretrained(folders.write(tmp_path / family, family))
    save_gguf(ours, tmp_path / "ours.gguf")
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file="ours.gguf")
    for text in folders.TEXTS:
        assert theirs(text)["input_ids"] == ours.tokenizer.encode(text)


def test_the_file_says_what_the_model_is_and_where_its_answers_end(tmp_path):
    taught = checkpoint(**QWEN3)
    taught.card["stages"] = [{"name": "pretrain", "first_step": 0}, {"name": "sft", "first_step": 0}]
    object.__setattr__(taught, "folder", tmp_path)
    (tmp_path / CROISSANT).write_text(json.dumps({"name": "tales", "description": "Twelve pages."}))
    save_gguf(taught, tmp_path / "ours.gguf")
    found = {name: field.contents() for name, field in GGUFReader(tmp_path / "ours.gguf").fields.items()}
    assert found["general.name"] == "demo"
    assert found["general.description"] == "Trained in Glassbox on the corpus tales. Twelve pages."
    assert found["tokenizer.ggml.eos_token_id"] == TOKENIZER.eot
    assert found["tokenizer.ggml.eot_token_id"] == TOKENIZER.special_tokens["<|end|>"]
    assert found["tokenizer.ggml.add_bos_token"] is False
    messages = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Tom."}]
    written = Environment().from_string(found["tokenizer.chat_template"]).render(messages=messages)
    assert written == "<|endoftext|><|user|>Who?<|end|><|assistant|>Tom.<|end|>"


def test_stretched_positions_are_written_as_factors(tmp_path):
    """Those of the reference: `transformers` does not read them from the file."""
    scaling = RopeScaling(kind="llama3", factor=8.0, original_context=16, low_freq_factor=1.0, high_freq_factor=4.0)
    ours = checkpoint(**LLAMA | {"context_length": 128, "rope_scaling": scaling})
    save_gguf(ours, tmp_path / "ours.gguf")
    save_pretrained(ours, tmp_path)
    config = transformers.AutoConfig.from_pretrained(tmp_path)
    theirs, _ = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
    plain = [config.rope_parameters["rope_theta"] ** (-i / config.head_dim) for i in range(0, config.head_dim, 2)]
    (factors,) = [one.data for one in GGUFReader(tmp_path / "ours.gguf").tensors if one.name == "rope_freqs.weight"]
    assert all(
        math.isclose(speed / factor, wanted, rel_tol=1e-5)
        for speed, factor, wanted in zip(plain, factors.tolist(), theirs.tolist(), strict=True)
    )
    linear = checkpoint(**LLAMA | {"rope_scaling": RopeScaling(kind="linear", factor=4.0)})
    save_gguf(linear, tmp_path / "linear.gguf")
    fields = GGUFReader(tmp_path / "linear.gguf").fields
    assert fields["llama.rope.scaling.type"].contents() == "linear"
    assert fields["llama.rope.scaling.factor"].contents() == 4.0


@pytest.mark.parametrize(
    ("tokenizer", "shape", "named"),
    [
        (TOKENIZER, {"activation": "gelu"}, "Qwen3: activation must be swiglu or relu2, not gelu$"),
        (TOKENIZER, GPT2 | {"activation": "relu2"}, "GPT-2 otherwise: activation must be gelu_tanh, not relu2$"),
        (
            TOKENIZER,
            QWEN3 | {"rope_scaling": RopeScaling(kind="llama3", factor=8.0)},
            "computes Qwen3 otherwise: rope_scaling must be none or linear, not llama3$",
        ),
        (public_encoding("gpt2"), GPT2 | {"vocab_size": 50257}, "only a tokenizer that was trained here"),
        (Tokenizer.byte_tokenizer(), GPT2, "a tokenizer without merges"),
    ],
)
def test_what_has_no_form_in_gguf_is_named_and_nothing_is_written(tokenizer, shape, named, tmp_path):
    with pytest.raises(CheckpointError, match=named):
        save_gguf(checkpoint(tokenizer, **shape), tmp_path / "ours.gguf")
    assert not list(tmp_path.iterdir())


def test_sentencepiece_and_other_ways_to_cut_a_text_are_refused(tmp_path):
    sentence_piece = load_pretrained(folders.write(tmp_path / "llama", "llama, 3 to 1"))
    with pytest.raises(CheckpointError, match="only byte-level BPE that cuts as GPT-2"):
        save_gguf(sentence_piece, tmp_path / "ours.gguf")


def test_the_worked_example_is_right():
    assert doctest.testmod(text_gguf).attempted and not doctest.testmod(text_gguf).failed
