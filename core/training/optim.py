"""Muon for the matrices of attention and MLP with AdamW for everything else, AdamW alone, or SGD.

Muon: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/ — Nesterov momentum whose matrix is replaced by
(nearly) the closest orthogonal one, found by a Newton-Schulz iteration. AdamW: Loshchilov & Hutter 2019,
https://arxiv.org/abs/1711.05101. SGD with momentum as in torch.optim.SGD: velocity = momentum ·
velocity + gradient.
"""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # Jordan's quintic: steep at 0, singular values end within about [0.7, 1.2]


def orthogonalise(matrices: Tensor, dtype: torch.dtype = torch.bfloat16, iterations: int = 5) -> Tensor:
    """Push all singular values of each of `matrices` (n, r, c) towards 1, keeping the singular vectors; in `dtype`."""
    a, b, c = NEWTON_SCHULZ
    x = matrices.to(dtype)
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)  # spectral norm <= Frobenius norm = 1
    for _ in range(iterations):
        gram = x @ x.mT  # (n, r, r), the smaller side
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrices.dtype)


class Optimizer:
    """Updates the named parameters in place from their `.grad`; its state is a flat dict of tensors, named
    as PyTorch names them: exp_avg and exp_avg_sq of AdamW, momentum_buffer of Muon and SGD.

    `kind`: "muon" (Muon for the matrices inside the blocks, AdamW for the rest), "adamw" or "sgd" for everything.
    Matrices of one shape are orthogonalised together in one batch, in `dtype`. Weight decay is decoupled (scaled by the
    learning rate), on matrices only.
    """

    def __init__(
        self,
        parameters: Iterable[tuple[str, nn.Parameter]],
        *,
        kind: str,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        self.dtype = dtype
        self.momentum, self.betas, self.eps, self.weight_decay = momentum, betas, eps, weight_decay
        self.step_count = 0
        self.state: dict[str, Tensor] = {}
        self.adamw: list[tuple[str, nn.Parameter]] = []
        self.sgd: list[tuple[str, nn.Parameter]] = []
        self.muon: dict[tuple[int, ...], list[tuple[str, nn.Parameter]]] = defaultdict(list)
        for name, p in parameters:
            if kind == "sgd":
                self.sgd.append((name, p))
                self.state[f"momentum_buffer.{name}"] = torch.zeros_like(p)
            elif kind == "muon" and is_hidden_matrix(name, p):
                self.muon[tuple(p.shape)].append((name, p))
                self.state[f"momentum_buffer.{name}"] = torch.zeros_like(p)
            else:
                self.adamw.append((name, p))
                self.state[f"exp_avg.{name}"] = torch.zeros_like(p)
                self.state[f"exp_avg_sq.{name}"] = torch.zeros_like(p)

    @torch.no_grad()
    def step(self, *, muon: float = 0.0, adamw: float = 0.0, sgd: float = 0.0) -> None:
        """One update with these learning rates; that of an optimizer which has no parameters is not used."""
        self.step_count += 1
        for shape, group in self.muon.items():
            self._muon(shape, group, muon)
        if self.adamw:
            self._adamw(adamw)
        if self.sgd:
            self._sgd(sgd)

    def _muon(self, shape: tuple[int, ...], group: list[tuple[str, nn.Parameter]], lr: float) -> None:
        params: list[Tensor] = [p for _, p in group]
        grads = gradients(params)
        buffers = [self.state[f"momentum_buffer.{name}"] for name, _ in group]
        torch._foreach_lerp_(buffers, grads, 1 - self.momentum)
        nesterov = torch._foreach_lerp(grads, buffers, self.momentum)
        update = orthogonalise(torch.stack(nesterov), self.dtype)  # (n, r, c)
        rows, columns = shape
        scale = max(1.0, rows / columns) ** 0.5
        self._decay(params, lr)
        torch._foreach_add_(params, list(update.unbind(0)), alpha=-lr * scale)

    def _adamw(self, lr: float) -> None:
        beta1, beta2 = self.betas
        params: list[Tensor] = [p for _, p in self.adamw]
        grads = gradients(params)
        exp_avgs = [self.state[f"exp_avg.{name}"] for name, _ in self.adamw]
        exp_avg_sqs = [self.state[f"exp_avg_sq.{name}"] for name, _ in self.adamw]
        torch._foreach_lerp_(exp_avgs, grads, 1 - beta1)
        torch._foreach_mul_(exp_avg_sqs, beta2)
        torch._foreach_addcmul_(exp_avg_sqs, grads, grads, value=1 - beta2)
        denominator = torch._foreach_sqrt(exp_avg_sqs)
        torch._foreach_div_(denominator, (1 - beta2**self.step_count) ** 0.5)
        torch._foreach_add_(denominator, self.eps)
        self._decay(params, lr)
        torch._foreach_addcdiv_(params, exp_avgs, denominator, value=-lr / (1 - beta1**self.step_count))

    def _sgd(self, lr: float) -> None:
        params: list[Tensor] = [p for _, p in self.sgd]
        buffers = [self.state[f"momentum_buffer.{name}"] for name, _ in self.sgd]
        torch._foreach_mul_(buffers, self.momentum)
        torch._foreach_add_(buffers, gradients(params))
        self._decay(params, lr)
        torch._foreach_add_(params, buffers, alpha=-lr)

    def _decay(self, params: list[Tensor], lr: float) -> None:
        decayed = [p for p in params if p.dim() >= 2]
        if decayed and self.weight_decay:
            torch._foreach_mul_(decayed, 1 - lr * self.weight_decay)

    def load_state(self, tensors: dict[str, Tensor], step_count: int) -> None:
        """Restore from `state` of an optimizer over the same parameters."""
        if tensors.keys() != self.state.keys():
            raise ValueError("the saved optimizer state belongs to another model or optimizer")
        for name, tensor in tensors.items():
            self.state[name].copy_(tensor)
        self.step_count = step_count


def gradients(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Of every parameter, 0 for one that had no part in the loss."""
    return [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]


def is_hidden_matrix(name: str, parameter: nn.Parameter) -> bool:
    """Whether Muon may update it: a matrix inside a block, not a table whose rows are looked
    up or scored one by one."""
    return parameter.dim() == 2 and "embed" not in name
