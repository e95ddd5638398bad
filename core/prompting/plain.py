"""Frozen dataclasses of numbers, words, tuples and dicts as JSON, and back: what is no such thing is a ValueError."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def from_plain(kind: type[T], value: object) -> T:
    """What `dataclasses.asdict` made of a `kind`, after JSON. ValueError: it is none."""
    found: T = _read(kind, value)
    return found


def _read(kind: Any, value: Any) -> Any:  # noqa: ANN401 (types as values)
    if is_dataclass(kind) and isinstance(kind, type):
        types = get_type_hints(kind)
        if not isinstance(value, Mapping) or value.keys() != {field.name for field in fields(kind)}:
            raise ValueError(f"no {kind.__name__}: {str(value)[:60]}")
        return kind(**{name: _read(types[name], value[name]) for name in value})
    origin, inner = get_origin(kind), get_args(kind)
    if origin is dict and isinstance(value, Mapping):
        return {str(key): _read(inner[1], one) for key, one in value.items()}
    if origin is tuple and isinstance(value, list):
        kinds = [inner[0]] * len(value) if inner[-1] is ... else inner
        return tuple(_read(one, part) for one, part in zip(kinds, value, strict=True))
    if kind is float and type(value) in (int, float):
        return float(value)
    if isinstance(kind, type) and type(value) is kind:
        return value
    raise ValueError(f"no {kind}: {str(value)[:60]}")
