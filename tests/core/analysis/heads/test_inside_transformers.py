"""Lens, attribution and residuals against the modules of Hugging Face's transformers, with the same weights."""

import pytest
import torch

from core.analysis.stream.attribution import attribute, neuron_effects
from core.analysis.stream.lens import logit_lens
from core.model import run_trace
from tests.core.model.models import make, random_ids

# in the order of Llama's parameters
PARTS = ("attn.wq", "attn.wk", "attn.wv", "attn.wo", "mlp.w_gate", "mlp.w_in", "mlp.w_out", "ln1", "ln2")
CLOSE = dict(atol=1e-4, rtol=1e-3)


@pytest.fixture(scope="module")
def pair():
    """Our trace, and what hooks on their modules saw of the same text: the input of each o_proj, down_proj and norm."""
    from transformers import LlamaConfig, LlamaForCausalLM

    model = make("llama")
    c = model.config
    theirs = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=c.vocab_size, hidden_size=c.d_model, intermediate_size=c.d_mlp, num_hidden_layers=c.n_layers,
            num_attention_heads=c.n_heads, num_key_value_heads=c.n_kv_heads, rms_norm_eps=c.norm_eps,
            max_position_embeddings=c.context_length, tie_word_embeddings=False, attn_implementation="eager",
        )
    ).eval()  # fmt: skip
    names = ["embed", *(f"blocks.{i}.{part}" for i in range(c.n_layers) for part in PARTS), "ln_final", "unembed"]
    seen: dict[str, list[torch.Tensor]] = {"o_proj": [], "down_proj": [], "norm": []}
    with torch.no_grad():
        for parameter, name in zip(theirs.parameters(), names, strict=True):
            parameter.copy_(model.get_parameter(f"{name}.weight"))
        for name, module in theirs.named_modules():
            if (kind := name.split(".")[-1]) in seen:
                module.register_forward_pre_hook(lambda _, given, kind=kind: seen[kind].append(given[0][0]))
        ids = random_ids(9)
        out = theirs(ids[None], output_hidden_states=True)
    return model, theirs, run_trace(model, ids), seen, out


def test_every_row_of_the_lens_is_their_head_on_their_hidden_states(pair):
    model, theirs, trace, _, out = pair
    lens = logit_lens(model, trace, 4)
    with torch.no_grad():
        early = [theirs.lm_head(theirs.model.norm(hidden[0])) for hidden in out.hidden_states[:-1]]
    for row, logits in enumerate([*early, out.logits[0]]):
        probs = logits.softmax(dim=-1)
        torch.testing.assert_close(torch.from_numpy(lens.top_probability[row]), probs.max(dim=-1).values, **CLOSE)
        torch.testing.assert_close(torch.from_numpy(lens.probability[row]), probs[:, 4], **CLOSE)
        entropy = torch.distributions.Categorical(logits=logits).entropy()
        torch.testing.assert_close(torch.from_numpy(lens.entropy[row]), entropy, **CLOSE)
        kl = torch.nn.functional.kl_div(logits.log_softmax(-1), out.logits[0].softmax(-1), reduction="none").sum(-1)
        torch.testing.assert_close(torch.from_numpy(lens.kl[row]), kl, atol=1e-4, rtol=1e-2)


def test_each_part_is_what_their_modules_wrote_read_by_their_head(pair):
    model, theirs, trace, seen, out = pair
    position, token, against = 6, 11, 30
    found = attribute(model, trace, position, token, against)
    logits = out.logits[0, position]
    assert found.total == pytest.approx(float(logits[token] - logits[against]), abs=1e-3)
    with torch.no_grad():
        last = seen["norm"][0][position]  # what the final norm was given
        scale = (last.square().mean() + model.config.norm_eps).rsqrt()
        read = (theirs.lm_head.weight[token] - theirs.lm_head.weight[against]) * theirs.model.norm.weight * scale
        for i, layer in enumerate(theirs.model.layers):
            neurons = layer.mlp.down_proj.weight * seen["down_proj"][i][position]  # (D, M)
            effects = torch.from_numpy(neuron_effects(model, trace, position, token, against)[i]).float()
            torch.testing.assert_close(effects, read @ neurons, **CLOSE)
            assert found.mlps[i] == pytest.approx(float(read @ neurons.sum(dim=1)), abs=1e-3)
            split = (layer.self_attn.o_proj.weight * seen["o_proj"][i][position]).view(
                len(read), model.config.n_heads, -1
            )
            heads = torch.einsum("d,dhk->h", read, split)
            torch.testing.assert_close(torch.from_numpy(found.heads[i]).float(), heads, **CLOSE)
