"""How the rotary positions of a model were stretched to a longer context than it was first trained on. No torch here.

Sources: linear, Chen et al. 2023 (arXiv:2306.15595); YaRN, Peng et al. 2023 (arXiv:2309.00071); llama3, the Llama 3.1
release. The arithmetic is in core.model.rope, and is that of `transformers`.
"""

import math
from dataclasses import dataclass, fields
from typing import Literal, get_args

Kind = Literal["linear", "llama3", "yarn"]


@dataclass(frozen=True, kw_only=True)
class RopeScaling:
    """`factor`: how much longer. llama3 and yarn look at the context of the first training, `original_context`: what
    turns slowly in it is slowed by the factor, what turns fast is left. `attention_factor` multiplies cos and sin.

    llama3 has wavelengths: slowed from original_context / low_freq_factor, left below original_context /
    high_freq_factor. yarn counts turns in the context: left from `beta_fast` turns, slowed up to `beta_slow`;
    `truncate` rounds the two bounds to whole dimensions. Raises ValueError, naming the field.
    """

    kind: Kind
    factor: float
    original_context: int = 1
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    attention_factor: float = 1.0
    truncate: bool = True

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"rope_scaling.kind must be one of {', '.join(get_args(Kind))}, not {self.kind!r}")
        if type(self.original_context) is not int or type(self.truncate) is not bool:
            raise ValueError("rope_scaling.original_context must be a whole number and truncate true or false")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("kind", "truncate"):
                continue
            if type(value) not in (int, float) or not (math.isfinite(value) and value > 0):
                raise ValueError(f"rope_scaling.{field.name} must be a positive number, not {value!r}")
        if self.kind == "llama3" and self.low_freq_factor == self.high_freq_factor:
            raise ValueError("rope_scaling.low_freq_factor and high_freq_factor must differ")
