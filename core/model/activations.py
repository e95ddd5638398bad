"""The activations that a model's MLPs may have: one row each. No torch here.

What they make of one number stands in the row, and is what is shown; their arithmetic on tensors is
core.model.transformer.ACTIVATE, that of a single token core.generation.kernels.activate. A test holds the three to one
another.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

ActivationName = Literal["gelu", "gelu_tanh", "swiglu", "relu2"]


@dataclass(frozen=True)
class Activation:
    """formula: as people write it, x being what goes in; `of` computes it. hugging_face: what transformers calls it.

    gated: the MLP has a second matrix, w_gate; what it gives goes through the activation and is then multiplied with
    what w_in gives.
    """

    formula: str
    of: Callable[[float], float]
    hugging_face: str
    gated: bool = False


def gelu(x: float) -> float:
    return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))


def gelu_tanh(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x: float) -> float:
    return x / (1 + math.exp(-x)) if x > -700 else 0.0


def relu2(x: float) -> float:
    return max(0.0, x) ** 2


ACTIVATIONS: dict[ActivationName, Activation] = {
    "gelu": Activation("gelu(x) = x · Φ(x)", gelu, "gelu"),
    "gelu_tanh": Activation("gelu(x) ≈ x · Φ(x)", gelu_tanh, "gelu_new"),
    "swiglu": Activation("x / (1 + e⁻ˣ)", silu, "silu", gated=True),
    "relu2": Activation("max(0, x)²", relu2, "relu2"),
}
