"""Matrices that are held in fewer bits and widened to float32 as they are used: half or a quarter of the memory.

bfloat16 loses nothing of weights that are stored so, as those of most public models are. int8 has a scale for each row:
the largest number of a row becomes 127. All arithmetic stays in float32, and `weight` reads as it does elsewhere.
"""

from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.model.precision import Precision


class Packed(nn.Module):
    """A matrix (N, M) as bfloat16, or as int8 with `scale` (N, 1)."""

    packed: Tensor
    scale: Tensor | None

    def __init__(self, matrix: Tensor, precision: Precision) -> None:
        super().__init__()
        scale = None
        if precision == "int8":
            scale = (matrix.float().abs().amax(dim=1, keepdim=True) / 127).clamp_min(1e-30)
            matrix = (matrix.float() / scale).round().to(torch.int8)
        self.register_buffer("packed", matrix.to(torch.bfloat16) if precision == "bfloat16" else matrix)
        self.register_buffer("scale", scale)

    @classmethod
    def sharing(cls, other: "Packed") -> Self:
        """One that uses the matrix of another."""
        made = cls.__new__(cls)
        nn.Module.__init__(made)
        made.register_buffer("packed", other.packed)
        made.register_buffer("scale", other.scale)
        made.register_parameter("bias", None)
        return made

    def rows(self, chosen: Tensor | slice | int = slice(None)) -> Tensor:
        """Some rows in float32."""
        widened = self.packed[chosen].float()
        return widened if self.scale is None else widened * self.scale[chosen]

    @property
    def weight(self) -> Tensor:
        """The whole matrix in float32, made anew each time."""
        return self.rows()


class PackedLinear(Packed):
    bias: nn.Parameter | None

    def __init__(self, matrix: Tensor, precision: Precision, bias: Tensor | None) -> None:
        super().__init__(matrix, precision)
        self.register_parameter("bias", bias if bias is None else nn.Parameter(bias, requires_grad=False))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class PackedEmbedding(Packed):
    def forward(self, ids: Tensor) -> Tensor:
        return self.rows(ids)
