"""What most numbers outside a model are: NumPy arrays of float64. And what of any value can be kept as arrays."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
KEPT = "biufU"  # the kinds of dtype that a file of arrays can hold without pickle: truth, whole numbers, floats, words


def npz(name: str, value: object) -> bytes:
    """`value` as a compressed file that `numpy.load` opens: numbers, lists and tensors (shapes and dtypes as they are)
    under `name`, the parts of mappings, tuples, lists and dataclasses under name.part. Raises ValueError where there is
    nothing that is an array."""
    found = dict(_arrays(name.replace("/", "_"), value))
    if not found:
        raise ValueError("there are no numbers in it")
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **found)
    return out.getvalue()


def _arrays(name: str, value: object) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, Mapping):
        parts = {str(key): part for key, part in value.items()}
    elif is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: getattr(value, f.name) for f in fields(value)}
    elif (array := _array(value)) is not None:
        yield name, array
        return
    elif isinstance(value, list | tuple):
        parts = {str(i): part for i, part in enumerate(value)}
    else:
        return
    for key, part in parts.items():
        yield from _arrays(f"{name}.{key.replace('/', '_')}", part)


def _array(value: object) -> np.ndarray | None:
    """None for what is no array: lists of different lengths, objects, None."""
    if value is None:
        return None
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        return None
    return array if array.dtype.kind in KEPT else None
