"""What a value gives when it is kept as a file of arrays."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.arrays import npz


@dataclass
class Measured:
    weights: np.ndarray
    words: list[str]
    nothing: object = None


def kept(name: str, value: object) -> dict[str, Any]:
    return dict(np.load(io.BytesIO(npz(name, value)), allow_pickle=False))


@pytest.mark.slow
@given(arrays.arrays(st.sampled_from(["f4", "f8", "i8", "u1", "?"]), arrays.array_shapes(min_dims=0, max_dims=4)))
def test_an_array_comes_back_as_it_was(array):
    found = kept("trace.pattern[2, 1]", array)
    assert list(found) == ["trace.pattern[2, 1]"] and found["trace.pattern[2, 1]"].dtype == array.dtype
    np.testing.assert_array_equal(found["trace.pattern[2, 1]"], array)


def test_parts_have_names():
    measured = Measured(np.arange(2), ["red", "<b>"])
    value = {"a/b": torch.ones(2, 3), "m": measured, "ragged": [[1.0], [2.0, 3.0]], "no": None}
    found = kept("x", value)
    assert set(found) == {"x.a_b", "x.m.weights", "x.m.words", "x.ragged.0", "x.ragged.1"}
    assert found["x.a_b"].shape == (2, 3) and found["x.m.words"].tolist() == ["red", "<b>"]


@pytest.mark.parametrize("value", [None, object(), {}, {"a": object()}])
def test_what_holds_no_numbers_is_refused(value):
    with pytest.raises(ValueError, match="no numbers"):
        npz("x", value)
