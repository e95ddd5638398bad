"""Taps and traces: every site fires in order, interventions act, nobody's tensors mix with anybody else's."""

import dataclasses
import threading

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from core.model import LAYER_SITES, SITES, Site, Trace, compose, run_trace
from tests.core.model.models import FAMILIES, SIZES, make, random_ids
from tests.core.model.reference import Reference

every_family = pytest.mark.parametrize("family", FAMILIES)


@every_family
def test_every_site_fires_once_and_in_order(family):
    model, fired = make(family), []

    def note(site, tensor):
        fired.append(site)
        return tensor

    model(random_ids(1, 3), tap=note)
    before, after = SITES[: SITES.index(LAYER_SITES[0])], SITES[SITES.index(LAYER_SITES[-1]) + 1 :]
    if model.config.position != "learned":
        before = tuple(name for name in before if name != "pos_embed")
    layers = [Site(name, layer) for layer in range(model.config.n_layers) for name in LAYER_SITES]
    assert fired == [*map(Site, before), *layers, *map(Site, after)]


def test_the_sites_are_those_of_the_design():
    assert SITES == (
        "embed", "pos_embed", "resid_pre", "q", "k", "v", "attn_scores", "pattern", "z", "attn_out",
        "resid_mid", "mlp_pre", "mlp_post", "mlp_out", "resid_post", "ln_final", "logits",
    )  # fmt: skip
    assert set(Trace.__annotations__) == {"ids", *SITES}
    assert str(Site("pattern", 2)) == "blocks.2.pattern" and str(Site("embed")) == "embed"


@every_family
def test_what_returns_from_any_site_is_what_the_model_goes_on_with(family):
    """Adding a random tensor at a site changes the logits: for every site, by what the tap returned and not before."""
    model, ids = make(family), random_ids(1, 7)
    plain = model(ids)
    for target in [Site(name) for name in ("embed", "ln_final", "logits")] + [Site(name, 0) for name in LAYER_SITES]:

        def push(site, tensor, target=target):
            push_by = torch.linspace(-1, 1, tensor.numel()).view(tensor.shape).exp()
            return tensor * push_by if site == target else tensor  # a product: -inf in the scores stays -inf

        assert (model(ids, tap=push) - plain).abs().max() > 1e-3, target


@every_family
def test_sites_of_a_trace_add_up(family):
    model, ids = make(family), random_ids(11)
    trace = run_trace(model, ids)
    config, T = model.config, 11
    start = trace.embed if trace.pos_embed is None else trace.embed + trace.pos_embed
    assert (trace.pos_embed is None) == (config.position != "learned")
    assert torch.equal(trace.resid_pre[0], start)
    assert torch.equal(trace.resid_pre[1:], trace.resid_post[:-1])
    assert torch.equal(trace.resid_mid, trace.resid_pre + trace.attn_out)
    assert torch.equal(trace.resid_post, trace.resid_mid + trace.mlp_out)
    heads = (config.n_layers, config.n_heads, T, config.d_head)
    assert trace.q.shape == trace.k.shape == trace.v.shape == trace.z.shape == heads
    assert trace.pattern.shape == (config.n_layers, config.n_heads, T, T)
    torch.testing.assert_close(trace.z, trace.pattern @ trace.v)
    torch.testing.assert_close(trace.attn_scores.tril(), (trace.q @ trace.k.mT * config.d_head**-0.5).tril())
    above = torch.ones(T, T, dtype=torch.bool).triu(1)
    assert (trace.attn_scores[..., above] == -torch.inf).all() and (trace.pattern[..., above] == 0).all()
    torch.testing.assert_close(trace.pattern.sum(-1), torch.ones(heads[:3]))
    torch.testing.assert_close(trace.logits, trace.ln_final @ model.unembed.weight.T)
    torch.testing.assert_close(trace.logits, model(ids[None])[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(trace.probs.sum(-1), torch.ones(T))
    assert torch.equal(trace.ids, ids)


def test_a_trace_owns_plain_float32_tensors():
    model, ids = make("gpt2").requires_grad_(True), random_ids(5)
    trace, other = run_trace(model, ids), run_trace(model, ids)
    for site in SITES:
        tensor = getattr(trace, site)
        assert tensor.dtype == torch.float32 and not tensor.requires_grad and not tensor.is_inference()
        tensor.zero_()  # changing one trace changes neither the model nor another trace
    ids.zero_()
    again = run_trace(model, random_ids(5))
    for site in ("ids", *SITES):
        assert torch.equal(getattr(again, site), getattr(other, site))
    with pytest.raises(dataclasses.FrozenInstanceError):
        trace.logits = other.logits


def test_taps_apply_from_left_to_right_and_the_trace_shows_the_result():
    model, ids = make("ours"), random_ids(6)

    def zero(site, tensor):
        return torch.zeros_like(tensor) if site == Site("mlp_out", 1) else tensor

    def add_two(site, tensor):
        return tensor + 2 if site == Site("mlp_out", 1) else tensor

    trace = run_trace(model, ids, tap=compose(zero, add_two))
    assert (trace.mlp_out[1] == 2).all()
    assert torch.equal(trace.resid_post[1], trace.resid_mid[1] + 2)
    assert (run_trace(model, ids, tap=compose(add_two, zero)).mlp_out[1] == 0).all()
    assert torch.equal(run_trace(model, ids, tap=compose()).logits, run_trace(model, ids).logits)


@every_family
def test_a_tap_that_writes_in_place_harms_neither_the_model_nor_what_was_recorded_before(family):
    model, ids = make(family), random_ids(6)
    weights = {name: parameter.clone() for name, parameter in model.named_parameters()}
    plain = run_trace(model, ids)

    def vandal(site, tensor):
        return tensor.mul_(1.5) if site.name not in ("embed", "resid_pre") else tensor

    def at_second_resid_pre(site, tensor):
        return tensor.zero_() if site == Site("resid_pre", model.config.n_layers - 1) else tensor

    run_trace(model, ids, tap=vandal)
    assert all(torch.equal(parameter, weights[name]) for name, parameter in model.named_parameters())
    changed = run_trace(model, ids, tap=at_second_resid_pre)
    assert torch.equal(changed.embed, plain.embed)
    assert torch.equal(changed.resid_post[:-1], plain.resid_post[:-1])
    assert (changed.resid_pre[-1] == 0).all()


@pytest.mark.parametrize("wrong", [lambda x: None, lambda x: x[..., :1], lambda x: x.numpy()])
def test_a_tap_must_return_a_tensor_of_the_same_shape(wrong):
    with pytest.raises(ValueError, match=r"the tap must return a tensor of shape \(1, 4, 6, 6\) at blocks.1.z, not"):
        run_trace(make("ours"), random_ids(6), tap=lambda site, x: wrong(x) if site == Site("z", 1) else x)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], "at least one token"),
        ([[1, 2]], "one sequence"),
        (7, "one sequence"),
        ([0] * 25, "25 tokens do not fit the context of 24"),
        ([36, 37], "token ids must lie from 0 to 36"),
    ],
)
def test_what_cannot_be_traced_is_refused(ids, message):
    with pytest.raises(ValueError, match=message):
        run_trace(make("ours"), ids)


def test_one_token_and_a_full_context_can_be_traced():
    model = make("gpt2")
    assert (run_trace(model, [3]).pattern == 1).all()
    assert run_trace(model, [3] * SIZES["context_length"]).logits.shape == (24, 37)


def test_traces_in_many_threads_do_not_mix():
    """Threads meet at every site of every trace, so their passes do interleave; each gets what it gets alone."""
    model, threads = make("ours"), 4
    texts = [random_ids(3 + number, seed=number) for number in range(threads)]
    alone, together = [run_trace(model, ids) for ids in texts], [None] * threads
    barrier = threading.Barrier(threads, timeout=30)

    def meet(site, tensor):
        barrier.wait()
        return tensor

    def work(number):
        together[number] = run_trace(model, texts[number], tap=meet)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for one, other in zip(alone, together, strict=True):
        for site in SITES:
            if site != "pos_embed":
                assert torch.equal(getattr(one, site), getattr(other, site)), site


# ---- the same numbers by other hands ----


@every_family
def test_pattern_and_z_equal_the_numpy_reference(family):
    model, ids = make(family), random_ids(11)
    trace = run_trace(model, ids)
    weights = {name: parameter.numpy() for name, parameter in model.named_parameters()}
    sites = Reference(model.config.to_dict(), weights)(ids.numpy())
    for site in ("q", "attn_scores", "pattern", "z", "resid_post"):
        torch.testing.assert_close(getattr(trace, site).double(), torch.from_numpy(sites[site]), atol=2e-4, rtol=1e-3)


def test_pattern_and_z_equal_those_of_llama_in_transformers():
    model, ids = make("llama"), random_ids(19)
    config = model.config
    theirs = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=config.vocab_size, max_position_embeddings=config.context_length, hidden_size=config.d_model,
            intermediate_size=config.d_mlp, num_hidden_layers=config.n_layers, num_attention_heads=config.n_heads,
            num_key_value_heads=config.n_kv_heads, rms_norm_eps=config.norm_eps, tie_word_embeddings=False,
            attn_implementation="eager",
        )
    ).eval()  # fmt: skip
    read: list[torch.Tensor] = []  # what each layer's output projection is given: the z of all heads, side by side
    weights = dict(model.named_parameters())
    with torch.no_grad():
        theirs.model.embed_tokens.weight.copy_(weights["embed.weight"])
        for i, layer in enumerate(theirs.model.layers):
            ours, attention = f"blocks.{i}.", layer.self_attn
            for name in "qkvo":
                getattr(attention, f"{name}_proj").weight.copy_(weights[f"{ours}attn.w{name}.weight"])
            for name, part in (("up", "w_in"), ("gate", "w_gate"), ("down", "w_out")):
                getattr(layer.mlp, f"{name}_proj").weight.copy_(weights[f"{ours}mlp.{part}.weight"])
            layer.input_layernorm.weight.copy_(weights[f"{ours}ln1.weight"])
            layer.post_attention_layernorm.weight.copy_(weights[f"{ours}ln2.weight"])
            attention.o_proj.register_forward_pre_hook(lambda module, given: read.append(given[0][0]))
        found = theirs(ids[None], output_attentions=True, output_hidden_states=True)
    trace = run_trace(model, ids)
    torch.testing.assert_close(trace.pattern, torch.cat(found.attentions), atol=1e-5, rtol=1e-4)
    z = torch.stack(read).view(config.n_layers, len(ids), config.n_heads, config.d_head).transpose(1, 2)
    torch.testing.assert_close(trace.z, z, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(trace.resid_pre, torch.cat(found.hidden_states[:-1]), atol=1e-4, rtol=1e-4)


# ---- sites are put together when asked for ----


def test_what_is_done_to_one_site_reaches_no_other():
    """Inside the model embed is the first resid_pre, and each resid_post the next resid_pre: not in a trace."""
    model, ids = make("ours"), random_ids(6)
    plain, trace = run_trace(model, ids), run_trace(model, ids)
    for done in ("embed", "resid_post", "attn_scores", "logits"):
        getattr(trace, done).fill_(7.0)
    for site in ("resid_pre", "resid_mid", "pattern", "ln_final"):
        assert torch.equal(getattr(trace, site), getattr(plain, site)), site
    assert trace.resid_post is trace.resid_post and (trace.resid_post == 7).all()


def test_a_trace_has_its_sites_and_nothing_else():
    trace = run_trace(make("ours"), random_ids(3))
    with pytest.raises(AttributeError, match="no 'patterns'"):
        trace.patterns  # noqa: B018
    assert trace.pos_embed is None


def test_a_notebook_completes_the_sites_and_shows_a_trace_in_a_line():
    model = make("llama")
    for ids in ([1, 2, 3], [5]):
        trace = run_trace(model, ids)
        told = f"Trace({len(ids)} tokens through 2 layers × 4 heads, width 24, vocabulary 37)"
        assert repr(trace) == told and set(SITES) <= set(dir(trace)) and {"ids", "probs"} <= set(dir(trace))
        assert "pattern" not in vars(trace)  # nothing was put together for it
        for name in dir(trace):
            getattr(trace, name)  # what is offered is there
        assert repr(trace) == told


def test_threads_that_ask_for_a_site_at_once_all_get_it():
    model, ids = make("llama"), random_ids(20)
    whole = run_trace(model, ids)
    for _ in range(20):
        trace, barrier, found = run_trace(model, ids), threading.Barrier(4), []

        def ask(trace=trace, barrier=barrier, found=found):
            barrier.wait()
            found.append((trace.k, trace.pattern))

        workers = [threading.Thread(target=ask) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert len(found) == 4
        assert all(torch.equal(k, whole.k) and torch.equal(pattern, whole.pattern) for k, pattern in found)
