"""A figure as JSON for plotly.js: arrays travel as its base64 typed arrays, and what is not a number as null."""

import base64
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.figures.layout import Figure

TYPES = {"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
         "float32": "f4", "float64": "f8"}  # fmt: skip
INTEGERS = (np.int8, np.int16, np.int32)  # plotly.js knows no wider ones


def to_json(figure: Figure) -> bytes:
    """The figure, packed: {"x": np.arange(3)} becomes {"x": {"dtype": "i1", "bdata": "AAEC"}}."""
    try:
        return _dumps(figure)
    except ValueError:  # a number among its lists is not finite, which JSON cannot say
        return _dumps(_finite(figure))


def _dumps(figure: Any) -> bytes:
    return json.dumps(figure, separators=(",", ":"), allow_nan=False, default=_plain).encode()


def _plain(value: Any) -> Any:
    """What `json` does not know: arrays, and single numbers of NumPy."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return _typed_array(value)
    raise TypeError(f"{type(value).__name__} has no place in a figure")


def _typed_array(array: np.ndarray) -> Any:
    if array.dtype in (np.int64, np.uint64) and array.size:
        least, most = array.min(), array.max()
        fits = (kind for kind in INTEGERS if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max)
        array = array.astype(next(fits, np.float64))
    code = TYPES.get(array.dtype.name)
    if code is None or not array.size:
        return array.tolist()
    spec = {"dtype": code, "bdata": base64.b64encode(array.tobytes()).decode("ascii")}
    return spec if array.ndim == 1 else spec | {"shape": ", ".join(map(str, array.shape))}


def _finite(value: Any) -> Any:
    """The same with None for each number of a list that is not finite; arrays keep theirs."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float | np.floating) and not math.isfinite(value) else value
