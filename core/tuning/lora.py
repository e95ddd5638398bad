"""Low-rank adaptation: Hu et al. 2021 (arXiv:2106.09685), section 4.1.

A matrix that has learned stays as it is, W₀; what is learned on top of it is a product of two thin ones:

    W = W₀ + (α / r) B A      with A (r, inputs), B (outputs, r), and r much smaller than either

B begins at zero, so that training begins from the model as it was; A is drawn as `peft` draws it. The model here always
computes with W itself, so what is trained is to the bit what is saved and shown: merging cannot change it, not in
bfloat16 either, and not where one table is both embedding and unembedding. The gradients of A and B follow from that of
W by the chain rule: ∂L/∂A = (α / r) Bᵀ ∂L/∂W, ∂L/∂B = (α / r) ∂L/∂W Aᵀ.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn


class Lora:
    """Low-rank updates of some parameters, whose tensors it changes in place in `merge`."""

    def __init__(self, matrices: Mapping[str, nn.Parameter], rank: int, alpha: float, seed: int = 0) -> None:
        """matrices: parameters (outputs, inputs) by name; their values now are W₀."""
        self.matrices, self.scale = dict(matrices), alpha / rank
        generator = torch.Generator().manual_seed(seed)
        self.base: dict[str, Tensor] = {}
        self.a: dict[str, nn.Parameter] = {}
        self.b: dict[str, nn.Parameter] = {}
        for name, matrix in self.matrices.items():
            outputs, inputs = matrix.shape
            bound = inputs**-0.5  # Kaiming's uniform with a = √5
            self.a[name] = nn.Parameter(torch.empty(rank, inputs).uniform_(-bound, bound, generator=generator))
            self.b[name] = nn.Parameter(torch.zeros(outputs, rank))
        self.rebase()

    def rebase(self) -> None:
        """What the matrices hold now is W₀."""
        self.base = {name: matrix.detach().clone() for name, matrix in self.matrices.items()}

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """A and B of every matrix."""
        for name in self.matrices:
            yield f"lora_A.{name}", self.a[name]
            yield f"lora_B.{name}", self.b[name]

    @torch.no_grad()
    def pull_back(self) -> None:
        """Set the gradients of A and B from those of the matrices."""
        for name, matrix in self.matrices.items():
            whole = torch.zeros_like(matrix) if matrix.grad is None else matrix.grad
            self.a[name].grad = self.scale * (self.b[name].T @ whole)
            self.b[name].grad = self.scale * (whole @ self.a[name].T)

    @torch.no_grad()
    def merge(self) -> None:
        """Write W₀ + (α / r) B A into the matrices."""
        for name, matrix in self.matrices.items():
            matrix.copy_(torch.addmm(self.base[name], self.b[name], self.a[name], alpha=self.scale))

    def tensors(self) -> dict[str, Tensor]:
        """All that has to be saved to go on."""
        found = {name: p.detach() for name, p in self.named_parameters()}
        return found | {f"base.{name}": matrix for name, matrix in self.base.items()}

    @torch.no_grad()
    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `tensors` returned."""
        for name, p in self.named_parameters():
            p.copy_(tensors[name])
        for name, matrix in self.base.items():
            matrix.copy_(tensors[f"base.{name}"])
