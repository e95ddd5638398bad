"""The numbers of the diagram, one by one in plain Python."""

import math

import numpy as np
import pytest
import torch

from core.analysis.stream.flow import flow, newly_written
from core.model import Trace, run_trace
from tests.core.model.models import make, random_ids


def length(vector: torch.Tensor) -> float:
    return math.sqrt(sum(float(x) ** 2 for x in vector))


@pytest.mark.parametrize("family", ["ours", "gpt2", "one layer, one head"])
@pytest.mark.parametrize(("start", "stop"), [(0, None), (3, 7), (8, 9)])
def test_every_length_is_that_of_its_vector(family, start, stop):
    model = make(family)
    trace = run_trace(model, random_ids(9))
    found, tokens, layers = flow(trace, start, stop), range(9)[start:stop], model.config.n_layers
    rows = [trace.resid_pre[0]] + [
        part[layer] for layer in range(layers) for part in (trace.resid_mid, trace.resid_post)
    ]
    np.testing.assert_allclose(found.stream, [[length(row[t]) for t in tokens] for row in rows], rtol=1e-5)
    for ours, site in ((found.attention, trace.attn_out), (found.mlp, trace.mlp_out)):
        np.testing.assert_allclose(ours, [[length(site[i, t]) for t in tokens] for i in range(layers)], rtol=1e-5)
    for i in range(layers):
        for place, t in enumerate(tokens):
            heads = [trace.pattern[i, head, t].numpy() for head in range(model.config.n_heads)]
            np.testing.assert_allclose(found.links[i, place], sum(heads) / len(heads), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found.links.sum(-1), 1, rtol=1e-5)
    assert found.longest == found.stream.max() and found.usual_addition > 0


def test_a_silent_model_has_no_zero_to_divide_by():
    model = make("ours")
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    assert not any(part.any() for part in newly_written(run_trace(model, [1, 2])))
    found = flow(run_trace(model, [1, 2]))
    assert not found.stream.any() and (found.longest, found.usual_addition) == (1.0, 1.0)


def test_no_token_is_no_flow():
    trace: Trace = run_trace(make("ours"), [1, 2, 3])
    for start, stop in ((3, None), (2, 2)):
        with pytest.raises(ValueError, match="no token"):
            flow(trace, start, stop)


def test_what_is_newly_written():
    trace = run_trace(make("ours"), random_ids(5))
    for found, new, old in zip(
        newly_written(trace), (trace.attn_out, trace.mlp_out), (trace.resid_pre, trace.resid_mid), strict=True
    ):
        for layer in range(len(found)):
            for t in range(5):
                added, there = length(new[layer, t]), length(old[layer, t])
                assert found[layer, t] == pytest.approx(added / (added + there), rel=1e-5)
