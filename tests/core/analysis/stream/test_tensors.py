"""A block's tensors: their Python gives them, their sites are those of a trace, they read what came before."""

import numpy as np
import pytest

from core.analysis.stream.cells import block
from core.analysis.stream.tensors import block_tensors
from core.model import SITES, run_trace
from tests.core.model.models import FAMILIES, make, random_ids


class Loaded:
    def __init__(self, model):
        self.model = model


@pytest.mark.parametrize("family", FAMILIES)
def test_of_every_tensor_of_every_family(family):
    model = make(family)
    trace = run_trace(model, random_ids(5))
    layer = model.config.n_layers - 1
    found, described = block(model, trace, layer), block_tensors(model, run_trace(model, random_ids(1)), layer)
    assert list(found) == list(described)
    for name, tensor in described.items():
        *before, line = tensor.code.split("\n")
        scope = {"trace": trace, "checkpoint": Loaded(model)}
        exec("\n".join(before), scope)
        value = eval(line, scope)
        got = value if tensor.site == "" else value[layer]
        np.testing.assert_array_equal(got.detach().numpy(), found[name].numpy(), err_msg=name)
        assert len(tensor.axes.split(", ")) == value.dim() and (tensor.site == "") == (name not in SITES)
        earlier = list(found)[: list(found).index(name)]
        assert set(tensor.reads) <= set(earlier) and (tensor.reads or name == "resid_pre")
        assert tensor.terms >= 1 and tensor.formula and tensor.inputs
