"""LoRA beside `peft` on the same random Llama, and a merged model beside one that keeps its updates apart."""

import copy
import os

import pytest
import torch

from core.model import ModelConfig, Transformer, save_checkpoint, save_pretrained
from core.model.loading import load_checkpoint
from core.text import Tokenizer
from core.training.tuning_config import MATRICES, Tuning
from core.tuning.lora import Lora

SHAPE = {
    "context_length": 24, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "d_model": 32, "d_mlp": 48, "norm": "rmsnorm",
    "position": "rotary", "activation": "swiglu", "tie_embeddings": True, "bias": False,
}  # fmt: skip
PEFT = {"q": "q_proj", "k": "k_proj", "v": "v_proj", "o": "o_proj", "gate": "gate_proj", "up": "up_proj",
        "down": "down_proj"}  # fmt: skip


def random_model(seed: int = 3) -> Transformer:
    tokens = Tokenizer.byte_tokenizer().vocab_size
    model = Transformer(ModelConfig.from_dict(SHAPE | {"vocab_size": tokens}), seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(p + 0.15 * torch.randn(p.shape, generator=generator))
    return model


def lora_of(model: Transformer, *, seed: int = 5, **settings: object) -> Lora:
    """With B drawn at random, so that the update is not zero."""
    tuning = Tuning.from_dict({"way": "lora", **settings})
    lora = Lora({n: p for n, p in model.named_parameters() if tuning.trains(n)}, tuning.rank, tuning.alpha)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for b in lora.b.values():
            b.copy_(0.2 * torch.randn(b.shape, generator=generator))
    return lora


def some_ids(model: Transformer) -> torch.Tensor:
    return torch.randint(0, model.config.vocab_size, (3, 20), generator=torch.Generator().manual_seed(7))


def loss_of(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(logits[:, :-1].float().flatten(0, 1), ids[:, 1:].flatten())


def kept_apart(model: Transformer, lora: Lora) -> Transformer:
    """A copy that computes x W₀ᵀ + (α / r)(x Aᵀ) Bᵀ in every matrix, the update beside what was there."""
    twin = copy.deepcopy(model)
    for name, p in twin.named_parameters():
        if name in lora.base:
            p.data.copy_(lora.base[name])
    for name in lora.base:
        a, b, scale = lora.a[name].detach(), lora.b[name].detach(), lora.scale

        def low_rank(module, args, output, a=a, b=b, scale=scale):
            a, b = a.to(output.dtype), b.to(output.dtype)
            if isinstance(module, torch.nn.Embedding):
                return output + scale * (b[args[0]] @ a)
            return output + scale * ((args[0] @ a.T) @ b.T)

        module = name.removesuffix(".weight")
        twin.get_submodule(module).register_forward_hook(low_rank)
        if module == "embed" and model.config.tie_embeddings:
            twin.unembed.register_forward_hook(low_rank)
    return twin


@pytest.mark.parametrize("matrices", [tuple(PEFT), ("embed",), ("q", "down", "embed")])
def test_merged_is_unmerged_with_tied_embeddings_in_float32(matrices):
    model = random_model()
    lora = lora_of(model, rank=3, alpha=5.0, matrices=matrices)
    before, ids = model(some_ids(model)).detach(), some_ids(model)
    twin = kept_apart(model, lora)
    lora.merge()
    assert model.unembed.weight is model.embed.weight
    assert (model(ids) - before).abs().max() > 0.05
    torch.testing.assert_close(model(ids), twin(ids), atol=2e-5, rtol=1e-5)


def test_merged_is_unmerged_in_bfloat16_but_for_its_rounding():
    """Rounding once (merged) is not rounding twice; neither may be further from the float32 model than the other by
    more than bfloat16 can tell."""
    model = random_model()
    lora = lora_of(model, rank=3, alpha=5.0, matrices=(*PEFT, "embed"))
    twin = kept_apart(model, lora).to(torch.bfloat16)
    lora.merge()
    ids = some_ids(model)
    exact, merged, apart = model(ids), copy.deepcopy(model).to(torch.bfloat16)(ids), twin(ids)
    spread = float(exact.detach().std())
    assert float((merged.float() - exact).detach().abs().mean()) < 0.02 * spread
    assert float((merged.float() - apart.float()).detach().abs().mean()) < 0.03 * spread


def test_the_update_has_the_rank_and_the_scale_that_were_asked_for():
    model = random_model()
    lora = lora_of(model, rank=3, alpha=12.0)
    lora.merge()
    for name, base in lora.base.items():
        update = model.get_parameter(name).detach() - base
        torch.testing.assert_close(update, 4.0 * lora.b[name].detach() @ lora.a[name].detach(), atol=1e-5, rtol=1e-4)
        singular = torch.linalg.svdvals(update)
        assert singular[2] > 1e-3 and singular[3] < 1e-5


def test_it_begins_as_the_model_that_was_there():
    model = random_model()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    tuning = Tuning(way="lora")
    Lora({n: p for n, p in model.named_parameters() if tuning.trains(n)}, 8, 8.0).merge()
    for name, p in model.named_parameters():
        torch.testing.assert_close(p, before[name], atol=0, rtol=0)


@pytest.mark.slow
def test_loss_gradients_and_merged_weights_are_those_of_peft(tmp_path):
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = random_model()
    save_checkpoint(tmp_path / "ours", model, Tokenizer.byte_tokenizer(), {"name": "random"}, step=0)
    save_pretrained(load_checkpoint(tmp_path / "ours"), tmp_path / "theirs")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "theirs", dtype=torch.float32)
    settings = LoraConfig(r=4, lora_alpha=6, target_modules=list(PEFT.values()), lora_dropout=0.0)
    wrapped = get_peft_model(theirs, settings)
    lora = lora_of(model, rank=4, alpha=6.0)

    def theirs_of(name: str, factor: str) -> torch.nn.Parameter:
        layer, part, own = name.split(".")[1:4]
        kind = next(k for k, module in MATRICES.items() if module == f"{part}.{own}")
        parent = "self_attn" if part == "attn" else "mlp"
        path = f"base_model.model.model.layers.{layer}.{parent}.{PEFT[kind]}.lora_{factor}.default.weight"
        return wrapped.get_parameter(path)

    with torch.no_grad():
        for name in lora.base:
            theirs_of(name, "A").copy_(lora.a[name])
            theirs_of(name, "B").copy_(lora.b[name])
    ids = some_ids(model)
    lora.merge()
    ours, their_loss = loss_of(model(ids), ids), loss_of(wrapped(input_ids=ids).logits, ids)
    assert float(ours.detach()) == pytest.approx(float(their_loss.detach()), abs=1e-5)
    ours.backward()
    their_loss.backward()
    lora.pull_back()
    for name in lora.base:
        for factor, own in (("A", lora.a[name]), ("B", lora.b[name])):
            torch.testing.assert_close(own.grad, theirs_of(name, factor).grad, atol=1e-5, rtol=1e-4)
    merged = wrapped.merge_and_unload()
    torch.testing.assert_close(model(ids), merged(input_ids=ids).logits, atol=1e-4, rtol=1e-4)


# ---- the settings ----


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"way": "half"}, "tuning.way"),
        ({"way": "lora", "rank": 0}, "tuning.rank"),
        ({"way": "lora", "alpha": -1}, "tuning.alpha"),
        ({"way": "lora", "matrices": []}, "at least one matrix"),
        ({"way": "lora", "matrices": ["x"]}, "tuning.matrices"),
        ({"way": "layers"}, "at least one layer"),
        ({"way": "layers", "layers": [-1]}, "tuning.layers"),
        ({"colour": 3}, "unknown"),
    ],
)
def test_impossible_settings_are_refused(values, what):
    with pytest.raises(ValueError, match=what):
        Tuning.from_dict(values)


def test_what_each_way_trains():
    names = [name for name, _ in random_model().named_parameters()]
    assert all(Tuning().trains(name) for name in names)
    some = Tuning(way="layers", layers=(1,))
    assert {name for name in names if some.trains(name)} == {name for name in names if name.startswith("blocks.1.")}
    lora = Tuning(way="lora", matrices=("q", "embed"))
    wanted = {"embed.weight", "blocks.0.attn.wq.weight", "blocks.1.attn.wq.weight"}
    assert {name for name in names if lora.trains(name)} == wanted
