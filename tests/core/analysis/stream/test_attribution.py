"""Direct logit attribution against its definition: take a part off the last stream, hold the norm's scale, compare."""

import numpy as np
import pytest

from core.analysis.stream.attribution import attribute, neuron_effects, sources
from core.model import run_trace
from tests.core.model.models import FAMILIES, make, random_ids
from tests.core.model.reference import Reference

T = 7


@pytest.fixture(scope="module", params=FAMILIES)
def case(request):
    model = make(request.param)
    ids = random_ids(T)
    weights = {name: value.numpy() for name, value in model.named_parameters()}
    reference = Reference(model.config.to_dict(), weights)
    return model, run_trace(model, ids), reference, reference(ids.numpy())


def frozen_logits(reference, stream, whole):
    """The logits of `stream` (D,) when the final norm divides by the scale of `whole`: its definition, in NumPy."""
    gain, bias = reference.w["ln_final.weight"], reference.w.get("ln_final.bias", 0)
    if reference.c["norm"] == "layernorm":
        stream, whole = stream - stream.mean(), whole - whole.mean()
    scale = np.sqrt((whole**2).mean() + reference.c["norm_eps"])
    unembed = reference.w["embed.weight" if reference.c["tie_embeddings"] else "unembed.weight"]
    return unembed @ (stream / scale * gain + bias)


def effect(case, part, position, token, against):
    """What is lost from the logit when `part` (D,) is taken off the last stream."""
    _, _, reference, sites = case
    whole = sites["resid_post"][-1, position]
    lost = frozen_logits(reference, whole, whole) - frozen_logits(reference, whole - part, whole)
    return lost[token] - (0 if against is None else lost[against])


def written(case, layer, head, values):
    """What a head's `values` (Dh,) become in the stream."""
    _, _, reference, _ = case
    Dh = reference.c["d_head"]
    return reference.w[f"blocks.{layer}.attn.wo.weight"][:, head * Dh : (head + 1) * Dh] @ values


@pytest.mark.parametrize("against", [None, 5])
@pytest.mark.parametrize("position", [0, T - 1])
def test_every_part_is_what_is_lost_without_it(case, position, against):
    model, trace, reference, sites = case
    found = attribute(model, trace, position, 30, against)
    lose = lambda part: effect(case, part, position, 30, against)  # noqa: E731
    close = dict(rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.embed, lose(sites["embed"][position]), **close)
    if "pos_embed" in sites:
        np.testing.assert_allclose(found.pos_embed, lose(sites["pos_embed"][position]), **close)
    else:
        assert found.pos_embed == 0
    for layer in range(model.config.n_layers):
        np.testing.assert_allclose(found.mlps[layer], lose(sites["mlp_out"][layer, position]), **close)
        bias = reference.w.get(f"blocks.{layer}.attn.wo.bias")
        np.testing.assert_allclose(found.attention_bias[layer], 0 if bias is None else lose(bias), **close)
        for head in range(model.config.n_heads):
            part = written(case, layer, head, sites["z"][layer, head, position])
            np.testing.assert_allclose(found.heads[layer, head], lose(part), **close)


@pytest.mark.parametrize("against", [None, 5])
def test_the_parts_sum_to_the_logit(case, against):
    model, trace, _, sites = case
    for position in range(T):
        found = attribute(model, trace, position, 30, against)
        logit = sites["logits"][position, 30] - (0 if against is None else sites["logits"][position, against])
        np.testing.assert_allclose([found.logit, found.total], logit, rtol=1e-4, atol=1e-4)


def test_a_head_s_sources_are_its_values_one_by_one(case):
    model, trace, _, sites = case
    layer, head, position = model.config.n_layers - 1, model.config.n_heads - 1, T - 2
    found = sources(model, trace, position, layer, head, 30, 5)
    assert found.shape == (position + 1,)
    values = sites["v"][layer, head]  # the reference repeats each value head for the query heads it serves
    for k in range(position + 1):
        part = written(case, layer, head, sites["pattern"][layer, head, position, k] * values[k])
        np.testing.assert_allclose(found[k], effect(case, part, position, 30, 5), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        found.sum(), attribute(model, trace, position, 30, 5).heads[layer, head], rtol=1e-4, atol=1e-5
    )


def test_each_neuron_is_its_share_of_the_mlp(case):
    model, trace, reference, sites = case
    found = neuron_effects(model, trace, 3, 30)
    assert found.shape == (model.config.n_layers, model.config.d_mlp)
    for layer in range(model.config.n_layers):
        weights = reference.w[f"blocks.{layer}.mlp.w_out.weight"]
        part = weights[:, 2] * sites["mlp_post"][layer, 3, 2]
        np.testing.assert_allclose(found[layer, 2], effect(case, part, 3, 30, None), rtol=1e-3, atol=1e-4)
        bias = reference.w.get(f"blocks.{layer}.mlp.w_out.bias", np.zeros(len(weights)))
        total = found[layer].sum() + effect(case, bias, 3, 30, None)
        np.testing.assert_allclose(total, attribute(model, trace, 3, 30).mlps[layer], rtol=1e-3, atol=1e-4)


def test_what_does_not_exist_is_refused(case):
    model, trace, _, _ = case
    for token, against in ((-1, None), (37, None), (0, 37)):
        with pytest.raises(ValueError, match="tokens lie between 0 and 36"):
            attribute(model, trace, 0, token, against)
    with pytest.raises(ValueError, match="positions lie between 0 and 6"):
        attribute(model, trace, T, 0)
    with pytest.raises(ValueError, match="no head 9"):
        sources(model, trace, 0, 0, 9, 0)
