"""`save_pretrained`: stock classes of transformers load the folder, with our logits and our ids."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.model import CheckpointError, ModelConfig, load_checkpoint, save_pretrained
from core.model.pretrained import STEEP, family_of
from core.model.rope_scaling import RopeScaling
from core.text import SPECIAL_TOKENS, public_encoding
from tests.core.model.models import GPT2, LLAMA, QWEN3, SIZES, TOKENIZER, checkpoint, stock_parameters

SHAPES = {
    "gpt2": GPT2,
    "gpt2 with its own unembedding and another activation": GPT2 | {"tie_embeddings": False, "activation": "gelu"},
    "gpt2 with ReLU squared": GPT2 | {"activation": "relu2", "d_mlp": 17},
    "llama": LLAMA,
    "llama, tied, biased": LLAMA | {"tie_embeddings": True, "bias": True},
    "qwen2": LLAMA | {"qkv_bias": True},
    "qwen3": QWEN3,
    "qwen3 with wide heads": QWEN3 | {"d_head": 10, "rope_theta": 500.0, "n_heads": 3, "n_kv_heads": 3},
    "qwen3 with its own unembedding": QWEN3 | {"tie_embeddings": False},
    "qwen3 with ReLU squared": QWEN3 | {"activation": "relu2"},
    "llama, biased, with ReLU squared": LLAMA | {"bias": True, "activation": "relu2"},
}
CLASSES = {
    "gpt2": "GPT2LMHeadModel", "llam": "LlamaForCausalLM", "qwen": "Qwen3ForCausalLM", "qwen2": "Qwen2ForCausalLM"
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_stock_classes_give_our_logits(shape, tmp_path):
    ours = checkpoint(**SHAPES[shape])
    save_pretrained(ours, tmp_path)
    theirs, info = AutoModelForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert type(theirs).__name__ == CLASSES[shape if shape in CLASSES else shape[:4]]
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
    assert sum(p.numel() for p in theirs.parameters()) == stock_parameters(ours.config)
    ids = torch.randint(0, ours.config.vocab_size, (3, ours.config.context_length))
    with torch.no_grad():
        assert (theirs.eval()(ids).logits - ours.model(ids)).abs().max() <= 1e-4


@given(st.floats(-100, 100, width=32))
def test_a_steep_gate_is_relu_squared(x):
    z = torch.tensor(x)
    gated = torch.nn.functional.silu(z * STEEP) * (z / STEEP)
    assert float(gated) == pytest.approx(max(0.0, x) ** 2, rel=1e-6, abs=5e-7)


@pytest.mark.slow
@pytest.mark.parametrize("step", [17000, 33203, None])
def test_the_shipped_model_opens_as_a_stock_class(step, tmp_path):
    ours = load_checkpoint("tinyland", step=step)
    save_pretrained(ours, tmp_path)
    theirs, tokenizer = AutoModelForCausalLM.from_pretrained(tmp_path), AutoTokenizer.from_pretrained(tmp_path)
    text = "Anna had a red ball. She gave it to Tom. Who has the ball? Tom."
    assert tokenizer(text)["input_ids"] == ours.tokenizer.encode(text)
    ids = torch.randint(0, ours.config.vocab_size, (2, ours.config.context_length))
    with torch.no_grad():
        assert (theirs.eval()(ids).logits - ours.model(ids)).abs().max() <= 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["gpt2", "llama", "qwen3"])
def test_tied_weights_are_stored_once_and_stay_tied(shape, tmp_path):
    for tied in (True, False):
        save_pretrained(checkpoint(**SHAPES[shape] | {"tie_embeddings": tied}), tmp_path)
        with safe_open(tmp_path / "model.safetensors", "pt") as file:
            assert ("lm_head.weight" in file.keys()) is not tied  # noqa: SIM118
        theirs = AutoModelForCausalLM.from_pretrained(tmp_path)
        same = theirs.get_output_embeddings().weight is theirs.get_input_embeddings().weight
        assert theirs.config.tie_word_embeddings is tied and same is tied


@pytest.fixture(scope="module", params=["gpt2", "llama", "qwen3"])
def auto_tokenizer(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    save_pretrained(checkpoint(**SHAPES[request.param]), folder)
    return AutoTokenizer.from_pretrained(folder)


@settings(max_examples=60, deadline=None)
@given(text=st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=8) | st.sampled_from(
    [*SPECIAL_TOKENS, " ball", "  \n\n x", "it's 12345"]), max_size=6).map("".join))  # fmt: skip
def test_auto_tokenizer_gives_our_ids(auto_tokenizer, text):
    ids = auto_tokenizer(text)["input_ids"]
    assert ids == TOKENIZER.encode(text, special=True)
    assert auto_tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text


def test_special_tokens_keep_their_ids_also_when_saved_again(auto_tokenizer, tmp_path):
    auto_tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    for name, id in TOKENIZER.special_tokens.items():
        assert again.convert_tokens_to_ids(name) == auto_tokenizer.convert_tokens_to_ids(name) == id
    assert (again.bos_token_id, again.eos_token_id, again.pad_token_id) == (TOKENIZER.eot,) * 3


def test_the_chat_template_writes_what_training_reads_and_marks_what_the_assistant_says(auto_tokenizer):
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Who has the ball?"},
                {"role": "assistant", "content": "Tom."}, {"role": "user", "content": "And now?"},
                {"role": "assistant", "content": "Mia."}]  # fmt: skip
    text = ("<|endoftext|><|system|>Be short.<|end|><|user|>Who has the ball?<|end|><|assistant|>Tom.<|end|>"
            "<|user|>And now?<|end|><|assistant|>Mia.<|end|>")  # fmt: skip
    options = {"return_dict": True, "return_assistant_tokens_mask": True}
    given = auto_tokenizer.apply_chat_template(messages, **options)
    assert given["input_ids"] == TOKENIZER.encode(text, special=True)
    marked = [id for id, mark in zip(given["input_ids"], given["assistant_masks"], strict=True) if mark]
    assert TOKENIZER.decode(marked) == "Tom.<|end|>Mia.<|end|>"
    asked = auto_tokenizer.apply_chat_template(messages[:2], tokenize=False, add_generation_prompt=True)
    assert asked == text[: text.index("Tom.<|end|>")]


def test_generate_stops_at_the_end_of_the_text(tmp_path):
    save_pretrained(checkpoint(**QWEN3), tmp_path)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert theirs.generation_config.eos_token_id == theirs.generation_config.bos_token_id == TOKENIZER.eot
    assert theirs.config.pad_token_id is None  # it would freeze a row of the embeddings when trained on
    assert theirs.get_input_embeddings().padding_idx is None
    taught = checkpoint(**QWEN3)
    taught.card["stages"] = [{"name": "pretrain", "first_step": 0}, {"name": "sft", "first_step": 0}]
    save_pretrained(taught, tmp_path)
    stops = AutoModelForCausalLM.from_pretrained(tmp_path).generation_config.eos_token_id
    assert stops == [TOKENIZER.eot, TOKENIZER.special_tokens["<|end|>"]]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"activation": "gelu"}, "Qwen3: activation must be swiglu or relu2, not gelu$"),
        (QWEN3 | {"bias": True}, "Qwen3: bias must be False, not True$"),
        (QWEN3 | {"position": "none"}, "position must be rotary, not none"),
        (QWEN3 | {"norm": "layernorm", "norm_eps": 1e-5}, "norm must be rmsnorm, not layernorm"),
        (QWEN3 | {"qkv_bias": True}, "qkv_bias must be bias = False, not True$"),
        (
            GPT2 | {"position": "rotary", "rope_scaling": RopeScaling(kind="linear", factor=2.0)},
            "GPT-2: position must be learned, not rotary$",
        ),
        (GPT2 | {"bias": False}, "GPT-2: bias must be True, not False$"),
        (GPT2 | {"n_kv_heads": 2}, "GPT-2: n_kv_heads must be n_heads = 4, not 2$"),
        (GPT2 | {"d_head": 8}, "GPT-2: d_head must be d_model / n_heads = 6, not 8$"),
    ],
)
def test_what_no_stock_class_has_is_named_and_nothing_is_written(change, named, tmp_path):
    with pytest.raises(CheckpointError, match=named):
        save_pretrained(checkpoint(**change), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_public_encoding_is_refused_in_words(tmp_path):
    gpt2 = checkpoint(public_encoding("gpt2"), **GPT2, vocab_size=50257)
    with pytest.raises(CheckpointError, match="demo cannot be written for transformers: only a tokenizer that was"):
        save_pretrained(gpt2, tmp_path / "out")


@pytest.mark.parametrize(("shape", "name"), [(GPT2, "GPT-2"), (LLAMA, "Llama"), (QWEN3, "Qwen3")])
def test_each_shape_finds_its_class(shape, name):
    assert family_of(ModelConfig(**SIZES | shape)).name == name
