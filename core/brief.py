"""How results show themselves in a notebook: in one short line, arrays as their dtype and shape."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

SHORT = 40  # the most characters of one value
FEW = 4  # so many entries of a collection are written out, if they are short


class Brief:
    """For a dataclass with `repr=False`: Lens(top=int64 (7, 9), rank=int64 (7, 9), …)."""

    def __repr__(self) -> str:
        parts = (f"{f.name}={told(getattr(self, f.name))}" for f in fields(self) if f.repr)  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(parts)})"


def told(value: object) -> str:
    """A value in at most about SHORT characters."""
    shape = getattr(value, "shape", ())
    if shape:  # an array or a tensor
        return f"{str(getattr(value, 'dtype', '')).removeprefix('torch.')} {tuple(shape)}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str):
        return repr(value if len(value) <= SHORT else f"{value[: SHORT - 1]}…")
    if isinstance(value, Mapping | Sequence | set | frozenset) and (len(value) > FEW or len(repr(value)) > SHORT):
        return f"{type(value).__name__} of {len(value)}"
    written = repr(value)
    return written if len(written) <= SHORT else f"{type(value).__name__}(…)"
