"""How the matrices of a model are held in memory. No torch here."""

from typing import Literal, get_args

Precision = Literal["float32", "bfloat16", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
BYTES: dict[Precision, int] = {"float32": 4, "bfloat16": 2, "int8": 1}  # of a number
