"""`load_pretrained`: logits, attention, hidden states and cached generation are those of `transformers`."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.generation import Sampler, generate
from core.model import CheckpointError, describe, load_checkpoint, load_pretrained, run_trace, save_pretrained
from core.model.stock import need
from core.model.stock.compare import largest_difference
from tests.core.model.stock.folders import CONFIGS, VOCAB, reference, write

SHARDED = {"qwen3", "gpt2"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Each reference and its folder, made once."""
    made = {}

    def get(name):
        if name not in made:
            model = reference(name)
            size = "20KB" if name in SHARDED else "5GB"
            made[name] = model, write(tmp_path_factory.mktemp("m"), name, model, size)
        return made[name]

    return get


def random_ids(count):
    return torch.randint(0, VOCAB, (1, count), generator=torch.Generator().manual_seed(1))


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_everything_is_as_in_transformers(name, folders):
    theirs, folder = folders(name)
    checkpoint = load_pretrained(folder)
    ours, config = checkpoint.model, checkpoint.config
    assert config.parameter_count()["total"] == sum(p.numel() for p in ours.parameters())
    ids = random_ids(min(config.context_length, 1500 if name == "long" else 200))
    with torch.no_grad():
        wanted = theirs(ids, output_attentions=True, output_hidden_states=True)
        assert (wanted.logits - ours(ids)).abs().max() <= 1e-4
    trace = run_trace(ours, ids[0].tolist())
    assert (torch.stack(wanted.attentions)[:, 0] - trace.pattern).abs().max() <= 1e-5
    streams = torch.stack([*trace.resid_pre, trace.ln_final])  # theirs are normed at the end
    assert (torch.stack(wanted.hidden_states)[:, 0] - streams).abs().max() <= 1e-4
    prompt = ids[0, :9].tolist()
    made = theirs.generate(torch.tensor([prompt]), max_new_tokens=12, do_sample=False, eos_token_id=None)
    steps = generate(ours, prompt, Sampler(temperature=0), 12, seed=0)
    assert [step.id for step in steps] == made[0, len(prompt) :].tolist()


def test_a_shipped_model_that_was_exported_comes_back_equal(tmp_path):
    from tests.core.model.test_pretrained import SHAPES, checkpoint

    for shape in ("gpt2", "llama, tied, biased", "qwen3"):
        before = checkpoint(**SHAPES[shape])
        save_pretrained(before, tmp_path / shape)
        after = load_pretrained(tmp_path / shape)
        ids = torch.randint(0, 300, (1, 20))
        assert (before.model(ids) - after.model(ids)).abs().max() <= 1e-5
        text = "Mia gave <|endoftext|> the ball."
        for special in (True, False):
            assert before.tokenizer.encode(text, special=special) == after.tokenizer.encode(text, special=special)


@pytest.mark.parametrize("name", ["llama with biases", "mistral", "linear", "llama3", "yarn"])
def test_what_was_opened_is_written_for_transformers_again(name, folders, tmp_path):
    theirs, folder = folders(name)
    save_pretrained(load_pretrained(folder), tmp_path)
    again = type(reference("llama3")).from_pretrained(tmp_path) if name == "mistral" else None
    again = again or type(theirs).from_pretrained(tmp_path, attn_implementation="eager")
    ids = random_ids(min(theirs.config.max_position_embeddings, 200))
    with torch.no_grad():
        assert (theirs(ids).logits - again.eval()(ids).logits).abs().max() <= 1e-5
    assert load_pretrained(tmp_path).config.rope_scaling == load_pretrained(folder).config.rope_scaling


def test_it_is_one_of_our_checkpoints(folders):
    _, folder = folders("gpt2")
    known = describe(folder)
    assert known.steps == (0,) and known.card["data"] == {"kind": "elsewhere"} and known.name == folder.name
    assert load_checkpoint(folder).config == load_pretrained(folder).config == known.config
    with pytest.raises(CheckpointError, match="no step 5"):
        describe(folder, 5)


def test_weights_are_used_where_the_file_is_mapped(folders):
    model = load_pretrained(folders("mistral")[1]).model
    maps = [line.split()[0].split("-") for line in Path("/proc/self/maps").read_text().splitlines()
            if line.endswith("model.safetensors")]  # fmt: skip
    spans = [(int(first, 16), int(last, 16)) for first, last in maps]
    assert all(any(a <= weight.data_ptr() < b for a, b in spans) for weight in model.parameters())
    assert not any(weight.requires_grad for weight in model.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gpt2", "qwen2"])
def test_packed_matrices_answer_alike(name, folders, tmp_path):
    _, folder = folders(name)
    ids = random_ids(20)
    copy = tmp_path / "half"
    shutil.copytree(folder, copy)
    if name == "qwen2":  # stored in bfloat16, nothing is lost by holding it so
        half = {key: x.bfloat16() for key, x in load_file(folder / "model.safetensors").items()}
        save_file(half, copy / "model.safetensors")
        exact, packed = load_pretrained(copy), load_pretrained(copy, "bfloat16")
        assert (exact.model(ids) - packed.model(ids)).abs().max() <= 1e-5
        assert packed.model.embed.packed.dtype == torch.bfloat16
    (copy / "glassbox.json").write_text('{"precision": "int8"}')
    small, whole = load_checkpoint(copy), load_pretrained(copy, "float32")
    a, b = small.model(ids).softmax(-1), whole.model(ids).softmax(-1)
    assert small.model.embed.packed.dtype == torch.int8 and 0 < (a - b).abs().max() < 0.1
    step = (whole.model.embed.weight.abs().amax(dim=1) / 127)[:, None]
    assert ((small.model.embed.weight - whole.model.embed.weight).abs() <= 0.51 * step).all()
    assert len(list(generate(small.model, ids[0].tolist(), Sampler(temperature=0), 3, seed=0))) == 3
    assert torch.isfinite(run_trace(small.model, ids[0].tolist()).logits).all()


def test_the_difference_that_the_sidebar_tells(folders):
    checkpoint = load_pretrained(folders("qwen2")[1])
    exact, tokens = largest_difference(checkpoint)
    assert 0 <= exact <= 1e-4 and tokens > 20
    with torch.no_grad():
        checkpoint.model.unembed.weight[5] += 1
    assert largest_difference(checkpoint)[0] > 0.01


def test_what_does_not_fit_is_refused_with_what_is_missing(folders, monkeypatch):
    _, folder = folders("qwen2")
    config = describe(folder).config
    monkeypatch.setattr(need, "ROOM", 0)
    monkeypatch.setattr(need.memory, "available", lambda: need.needed(config, "float32") - 50_000)
    with pytest.raises(CheckpointError, match=r"needs 1 MB.*1 MB are missing|missing; in bfloat16 it would fit"):
        load_pretrained(folder)
    assert load_pretrained(folder, "int8").config == config


@pytest.mark.parametrize(("change", "named"), [
    ({"model_type": "gemma2"}, "model_type 'gemma2'; Glassbox computes those of gpt2, llama, mistral, qwen2, qwen3"),
    ({"hidden_act": "gelu"}, "hidden_act 'gelu'"),
    ({"quantization_config": {"bits": 4}}, "quantization_config"),
    ({"rope_parameters": {"rope_type": "longrope", "rope_theta": 1e4}}, "rope_type 'longrope'"),
    ({"rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 0.5}}, "rope_parameters.partial_rotary_factor"),
    ({"model_type": "mistral", "sliding_window": 16}, "sliding_window 16, shorter than its context of 64"),
    ({"architectures": ["LlamaForSequenceClassification"]}, "only language models"),
    ({"num_hidden_layers": 10**9}, "n_layers must be a whole number from 1 to 1000"),
    ({"hidden_size": "32"}, "hidden_size '32', and a whole number is needed"),
    ({"rms_norm_eps": None, "vocab_size": None}, "lacks vocab_size"),
    ({"max_position_embeddings": 10_000_000}, "too long for a model"),
    ({"num_key_value_heads": 3}, "not a multiple of n_kv_heads=3"),
])  # fmt: skip
def test_the_field_that_is_not_ours_is_named(change, named, folders, tmp_path):
    _, folder = folders("llama with biases")
    shutil.copytree(folder, tmp_path / "m")
    path = tmp_path / "m" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CheckpointError) as caught:
        load_pretrained(tmp_path / "m")
    assert named in str(caught.value)


def test_weights_that_differ_though_the_config_ties_them_stay_two(folders, tmp_path):
    _, folder = folders("llama, 8 to 1, tied")
    shutil.copytree(folder, tmp_path / "m")
    tensors = load_file(folder / "model.safetensors")
    embed = tensors["model.embed_tokens.weight"]
    for head, tied in ((embed.clone(), True), (embed + 1, False)):
        save_file(tensors | {"lm_head.weight": head}, tmp_path / "m" / "model.safetensors")
        found = load_pretrained(tmp_path / "m")
        assert found.config.tie_embeddings is tied
        assert torch.equal(found.model.unembed.weight, head)
