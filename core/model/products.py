"""Products of many rows with a matrix, by oneDNN. It uses AVX-512 wherever there is any; MKL, which torch asks for
float32, does so on Intel's processors alone."""

import torch
from torch import Tensor

# More than the tokens of one text, so that a text gets the same numbers with a cache and without.
# Measured on one thread of a processor with AVX-512 that is not Intel's, GFlop/s, MKL and oneDNN: 600 rows of 160 with
# a matrix of 160, 112 and 230; of 2,048, 95 and 203; 29 rows, 87 and 80. torch's own way to oneDNN (`to_mkldnn`)
# copies what comes out: 70 with a matrix of 2,048.
MANY = 300


def pays(x: Tensor) -> bool:
    """Whether x (…, inputs) goes through `many`: no gradient is kept, and there are rows enough."""
    return (
        not torch.compiler.is_compiling()  # asked first: a program breaks in two at every question that follows
        and torch.is_inference_mode_enabled()
        and x.dtype == torch.float32
        and x.device.type == "cpu"
        and x.numel() >= MANY * x.shape[-1]
        and torch.backends.mkldnn.is_available()
    )


def many(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """As `torch.nn.functional.linear`: the operator that torch.compile calls for it."""
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return product
