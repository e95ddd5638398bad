"""The forward pass: three independent computations agree, the cache changes nothing, the future stays unseen."""

import copy

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from core.analysis.interventions.intervene import Intervened
from core.model import Cache, ModelConfig, Transformer, run_trace
from tests.core.model.models import FAMILIES, SIZES, make, random_ids
from tests.core.model.reference import Reference

every_family = pytest.mark.parametrize("family", FAMILIES)


def look(site, tensor):
    return tensor


def double(site, tensor, past):
    return 2 * tensor if site.name == "mlp_out" else tensor


def reference(model: Transformer) -> Reference:
    weights = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
    return Reference(model.config.to_dict(), weights)


@every_family
def test_every_site_equals_the_numpy_reference(family):
    model, ids = make(family), random_ids(13)
    trace, expected = run_trace(model, ids), reference(model)(ids.numpy())
    for site, array in expected.items():
        np.testing.assert_allclose(getattr(trace, site).numpy(), array, rtol=1e-4, atol=1e-4, err_msg=site)


@every_family
@pytest.mark.parametrize("T", [1, 2, 24])
def test_fused_equals_tapped_equals_training(family, T):
    model, ids = make(family), random_ids(3, T)
    with torch.inference_mode():
        fused, tapped = model(ids), model(ids, tap=look)
    training = model.requires_grad_(True)(ids).detach()
    assert fused.shape == (3, T, SIZES["vocab_size"])
    torch.testing.assert_close(tapped, fused, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(training, fused, atol=1e-5, rtol=1e-5)


@every_family
@pytest.mark.parametrize("chunks", [[1] * 12, [12], [5, 1, 4, 2], [1, 11]])
@pytest.mark.parametrize("tap", [None, look])
def test_cached_equals_uncached(family, chunks, tap):
    model, ids = make(family), random_ids(2, 12)
    cache = Cache(model.config, batch_size=2, max_length=12)
    with torch.inference_mode():
        parts = [model(part, cache=cache, tap=tap) for part in ids.split(chunks, dim=1)]
        torch.testing.assert_close(torch.cat(parts, dim=1), model(ids), atol=1e-5, rtol=1e-5)
    assert cache.length == 12


@every_family
@torch.inference_mode()
def test_a_pass_goes_on_from_any_block(family):
    model, ids = make(family), random_ids(3, 13)
    fired, streams = [], {}

    def keep(site, tensor):
        fired.append(site)
        streams[site] = tensor
        return tensor

    logits = model(ids, tap=keep)
    whole = fired.copy()
    L = model.config.n_layers
    for layer in range(L):
        stream = streams["resid_pre", layer]
        torch.testing.assert_close(model.forward_from({layer: stream}), model(ids), atol=1e-5, rtol=1e-5)  # fused
        fired.clear()
        assert torch.equal(model.forward_from({layer: stream}, tap=keep), logits)
        assert fired == whole[whole.index(("resid_pre", layer)) :]
        fired.clear()
        left = model.finish_block(layer, stream, streams["z", layer], tap=keep)
        assert torch.equal(left, streams["resid_post", layer])
        assert fired == whole[whole.index(("attn_out", layer)) : whole.index(("resid_post", layer)) + 1]
    streams["resid_pre", L] = streams["resid_post", L - 1]
    parts = {layer: streams["resid_pre", layer][layer : layer + 1] for layer in range(L + 1)}
    rows = model(ids[: L + 1])
    torch.testing.assert_close(model.forward_from(parts), rows, atol=1e-5, rtol=1e-5)  # each row joins at its block


@pytest.mark.parametrize(
    ("shape", "layer"),
    [((1, 3, 24), 3), ((1, 3, 24), -1), ((3, 24), 0), ((1, 3, 23), 0), ((1, 25, 24), 0), ((1, 0, 24), 0)],
)
def test_no_pass_goes_on_from_what_is_no_stream(shape, layer):
    with pytest.raises(ValueError):
        make("ours").forward_from({layer: torch.zeros(shape)})
    with pytest.raises(ValueError):
        make("ours").forward_from({0: torch.zeros(1, 4, 24), layer: torch.zeros(shape)})


@torch.inference_mode()
def test_a_truncated_cache_goes_on_from_there():
    model, ids, other = make("llama"), random_ids(1, 10), random_ids(1, 10, seed=9)
    cache = Cache(model.config)
    model(ids, cache=cache)
    cache.truncate(4)
    again = model(other[:, 4:], cache=cache)
    torch.testing.assert_close(again, model(torch.cat([ids[:, :4], other[:, 4:]], dim=1))[:, 4:], atol=1e-5, rtol=1e-5)
    for length in (-1, 11):
        with pytest.raises(ValueError, match="cannot truncate"):
            cache.truncate(length)


def test_a_cache_made_in_inference_mode_works_outside_and_counts_its_bytes():
    model = make("llama")
    with torch.inference_mode():
        cache = Cache(model.config, max_length=8)
    with torch.no_grad():
        model(random_ids(1, 3), cache=cache)
    assert cache.nbytes == 2 * 2 * 1 * 2 * 8 * 6 * 4  # k and v, layers, batch, kv heads, positions, width, float32


def test_caches_that_cannot_be_are_refused():
    for batch, length in [(0, 4), (1, 0), (1, SIZES["context_length"] + 1)]:
        with pytest.raises(ValueError, match="a cache needs"):
            Cache(make("ours").config, batch, length)


@every_family
def test_a_tap_acts_alike_with_and_without_a_cache(family):
    def silence_a_head(site, tensor):
        if site.name != "z" or site.layer != 0:
            return tensor
        return torch.cat([torch.zeros_like(tensor[:, :1]), tensor[:, 1:]], dim=1)

    model, ids = make(family), random_ids(1, 9)
    cache = Cache(model.config)
    with torch.inference_mode():
        whole = model(ids, tap=silence_a_head)
        parts = [model(part, tap=silence_a_head, cache=cache) for part in ids.split([4, 1, 1, 3], dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-5)
    assert (whole - model(ids)).abs().max() > 0.01


@every_family
@pytest.mark.parametrize("tap", [None, look])
@torch.inference_mode()
def test_a_later_token_changes_no_earlier_logit(family, tap):
    model, ids = make(family), random_ids(1, 16)
    before = model(ids, tap=tap)
    for t in (1, 7, 15):
        changed = ids.clone()
        changed[0, t] = (changed[0, t] + 1) % SIZES["vocab_size"]
        after = model(changed, tap=tap)
        assert (after[:, :t] - before[:, :t]).abs().max() <= 1e-6
        assert (after[:, t:] - before[:, t:]).abs().amax(-1).min() > 1e-4  # and does change its own and every later one


@every_family
@torch.inference_mode()
def test_the_last_logits_are_the_last_of_all(family):
    model, ids = make(family), random_ids(3, 11)
    whole, cache, edited = model(ids), Cache(model.config, 3), Intervened(model, [double])
    for start, end, last in ((0, 6, 1), (6, 7, 1), (7, 11, 3)):
        found = model.last_logits(ids[:, start:end], last, cache=cache)
        torch.testing.assert_close(found, whole[:, end - last : end], atol=1e-5, rtol=1e-5)
        assert cache.length == end
    torch.testing.assert_close(edited.last_logits(ids, 2), edited(ids)[:, -2:])
    fired, of_last = [], []
    model(ids, tap=lambda site, x: (fired.append((site, x)), x)[1])
    model.last_logits(ids, 2, tap=lambda site, x: (of_last.append((site, x)), x)[1])
    for (site, all_of_it), (same, found) in zip(fired, of_last, strict=True):
        expected = all_of_it[:, -2:] if site.name in ("ln_final", "logits") else all_of_it
        assert site == same
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert (edited.last_logits(ids) - whole[:, -1:]).abs().max() > 1e-3
    with pytest.raises(ValueError, match="do not fit"):
        model.last_logits(random_ids(1, 25))


@torch.inference_mode()
def test_sequences_of_a_batch_do_not_see_each_other():
    model, ids = make("ours"), random_ids(4, 9)
    alone = torch.cat([model(row[None]) for row in ids])
    torch.testing.assert_close(model(ids), alone, atol=1e-5, rtol=1e-5)


def test_gradients_equal_those_through_a_tap_and_finite_differences():
    model, ids = make("llama").double(), random_ids(1, 6)
    weight = model.blocks[0].attn.wk.weight.requires_grad_(True)
    weights = torch.linspace(-1, 1, SIZES["vocab_size"], dtype=torch.float64)
    (plain,) = torch.autograd.grad((model(ids) * weights).sum(), weight)
    (tapped,) = torch.autograd.grad((model(ids, tap=look) * weights).sum(), weight)
    torch.testing.assert_close(plain, tapped)
    with torch.no_grad():
        sums = []
        for change in (1e-5, -2e-5):
            weight[3, 5] += change
            sums.append((model(ids) * weights).sum())
    assert plain[3, 5].item() == pytest.approx((sums[0] - sums[1]).item() / 2e-5, rel=1e-4)


@pytest.mark.parametrize("shape", [(5,), (1, 0), (1, 2, 3)])
def test_ids_must_be_a_batch_of_sequences(shape):
    with pytest.raises(ValueError, match=r"ids must be \(batch, tokens\)"):
        make("ours")(torch.zeros(shape, dtype=torch.int64))


def test_what_does_not_fit_is_refused_and_leaves_the_cache_as_it_was():
    model = make("ours")
    with pytest.raises(ValueError, match="25 tokens do not fit the context of 24"):
        model(random_ids(1, 25))
    cache = Cache(model.config, batch_size=1, max_length=6)
    model(random_ids(1, 4), cache=cache)
    with pytest.raises(ValueError, match="7 tokens do not fit the cache of 6"):
        model(random_ids(1, 3), cache=cache)
    with pytest.raises(ValueError, match="made for a batch of 1, not 2"):
        model(random_ids(2, 1), cache=cache)
    assert cache.length == 4


@pytest.mark.parametrize("id", [-1, 37, 2**40])
@pytest.mark.parametrize("tap", [None, look])
def test_ids_outside_the_vocabulary_are_refused(id, tap):
    with pytest.raises(ValueError, match="token ids must lie from 0 to 36"):
        make("ours")(torch.tensor([[1, id]]), tap=tap)


def test_the_same_seed_gives_the_same_model_and_leaves_the_global_rng_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    config = ModelConfig(**SIZES)
    one, same, other = Transformer(config, seed=1), Transformer(config, seed=1), Transformer(config, seed=2)
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.embed.weight, other.embed.weight)


@every_family
def test_first_weights(family):
    """σ as documented; the blocks add nothing yet; untied logits are all zero, so the loss is exactly ln V."""
    model = Transformer(ModelConfig(**(SIZES | FAMILIES[family] | {"vocab_size": 2000})))
    ids = random_ids(2, 8)
    sites = {}
    logits = model(ids, tap=lambda site, x: sites.setdefault(site.name, x) if site.name == "resid_pre" else x)
    assert model.embed.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert model.blocks[0].attn.wq.weight.std().item() == pytest.approx(24**-0.5, rel=0.15)
    torch.testing.assert_close(logits, model.unembed(model.ln_final(sites["resid_pre"])))
    if model.config.tie_embeddings:
        assert model.unembed.weight is model.embed.weight
    else:
        assert logits.abs().max() == 0


def test_rotary_tables_are_not_weights():
    names = make("ours").state_dict().keys()
    assert not [name for name in names if "cos" in name or "sin" in name]


def test_a_copy_of_a_model_computes_with_its_own_weights():
    model, ids = make("gpt2"), random_ids(1, 5)
    twin, before = copy.deepcopy(model), model(ids)
    for parameter in twin.parameters():
        parameter.zero_()
    assert torch.equal(model(ids), before)
    assert twin(ids).abs().max() == 0


def test_gpt2_equals_transformers():
    model = make("gpt2")
    config = model.config
    theirs = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.context_length,
            n_embd=config.d_model,
            n_layer=config.n_layers,
            n_head=config.n_heads,
            attn_implementation="eager",
        )
    ).eval()
    names = {"wte": "embed", "wpe": "pos_embed", "ln_f": "ln_final"}
    parts = {"ln_1": "ln1", "ln_2": "ln2", "attn.c_proj": "attn.wo", "mlp.c_fc": "mlp.w_in", "mlp.c_proj": "mlp.w_out"}
    names |= {f"h.{i}.{part}": f"blocks.{i}.{ours}" for i in range(config.n_layers) for part, ours in parts.items()}
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in theirs.transformer.named_parameters():
            module, _, kind = name.rpartition(".")
            if module.endswith("c_attn"):
                block = f"blocks.{module.split('.')[1]}.attn"
                weight = torch.cat([weights[f"{block}.w{what}.{kind}"] for what in "qkv"])
            else:
                weight = weights[f"{names[module]}.{kind}"]
            parameter.copy_(weight.T if "c_" in module and kind == "weight" else weight)  # Conv1D is transposed
        ids = random_ids(2, 20)
        torch.testing.assert_close(model(ids), theirs(ids).logits, atol=1e-4, rtol=1e-4)


def test_llama_equals_transformers():
    model = make("llama")
    config = model.config
    theirs = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=config.vocab_size,
            max_position_embeddings=config.context_length,
            hidden_size=config.d_model,
            intermediate_size=config.d_mlp,
            num_hidden_layers=config.n_layers,
            num_attention_heads=config.n_heads,
            num_key_value_heads=config.n_kv_heads,
            rms_norm_eps=config.norm_eps,
            tie_word_embeddings=False,
        )
    ).eval()
    names = {"model.embed_tokens": "embed", "model.norm": "ln_final", "lm_head": "unembed"}
    parts = {"input_layernorm": "ln1", "post_attention_layernorm": "ln2"}
    parts |= {f"self_attn.{what}_proj": f"attn.w{what}" for what in "qkvo"}
    parts |= {"mlp.up_proj": "mlp.w_in", "mlp.gate_proj": "mlp.w_gate", "mlp.down_proj": "mlp.w_out"}
    names |= {
        f"model.layers.{i}.{t}": f"blocks.{i}.{ours}" for i in range(config.n_layers) for t, ours in parts.items()
    }
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in theirs.named_parameters():
            module, _, kind = name.rpartition(".")
            parameter.copy_(weights.pop(f"{names[module]}.{kind}"))
        ids = random_ids(2, 20)
        torch.testing.assert_close(model(ids), theirs(ids).logits, atol=1e-4, rtol=1e-4)
    assert not weights  # every one of ours was used
