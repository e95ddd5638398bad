"""One update after another: the model, its optimizer and the workers that compute its gradients."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from core.model import Transformer
from core.training.compute import Gradients
from core.training.config import TrainConfig
from core.training.costs.measure import update_ratios, working_dtype
from core.training.data.batches import MicroBatch
from core.training.optim import Optimizer, gradients
from core.training.trained import Trained


@dataclass(frozen=True)
class Update:
    """What one update did. `loss` (nats per token) and `grad_norm`, before clipping, are of the weights before it.

    `ratios`: how far each part moved in relation to its size, None where that was not asked for.
    """

    loss: float
    grad_norm: float
    ratios: dict[str, float] | None = None

    @property
    def finite(self) -> bool:
        """Whether the numbers are numbers; where not, the weights stayed as they were."""
        return math.isfinite(self.loss + self.grad_norm)


class Learner:
    """Updates `model` in place. Whoever makes it closes `workers`."""

    def __init__(self, model: Transformer, config: TrainConfig, workers: Gradients) -> None:
        self.model, self.workers, self.clip = model, workers, config.clip
        self.trained = Trained(model, config)
        self.optimizer = make_optimizer(self.trained.parameters, config)

    def update(
        self,
        batch: Sequence[MicroBatch],
        rates: dict[str, float],
        *,
        measured: bool = False,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Update:
        """One update on `batch` with these learning rates by optimizer.

        measured: also say how far the weights moved. meanwhile: called when the workers are free again.
        """
        loss = self.workers.gradients(batch)
        meanwhile()
        self.trained.take_gradients()
        norm = float(nn.utils.get_total_norm(gradients(self.trained.parameters.values())))
        update = Update(loss, norm)
        if not update.finite:
            return update
        nn.utils.clip_grads_with_norm_(self.trained.parameters.values(), self.clip, torch.tensor(norm))
        before = {name: p.detach().clone() for name, p in self.model.named_parameters()} if measured else None
        self.optimizer.step(**rates)
        self.trained.write()
        if before is None:
            return update
        return Update(loss, norm, update_ratios(before, {n: p.detach() for n, p in self.model.named_parameters()}))

    def tensors(self) -> dict[str, torch.Tensor]:
        """All that has to be saved to go on: {"model.…": …, "optimizer.…": …, with LoRA also "lora.…": …}."""
        tensors = {f"model.{name}": p.detach() for name, p in self.model.named_parameters()}
        tensors |= {f"lora.{name}": tensor for name, tensor in self.trained.tensors().items()}
        return tensors | {f"optimizer.{name}": t for name, t in self.optimizer.state.items()}

    @torch.no_grad()
    def restore(self, tensors: dict[str, torch.Tensor], updates: int) -> bool:
        """Take over what `tensors` returned after `updates` updates. False: it held no state for this optimizer, which
        therefore begins without a past."""
        parts = split_state(tensors)
        for name, p in self.model.named_parameters():  # not load_state_dict: tied weights are saved once
            p.copy_(parts["model"][name])
        self.trained.load(parts["lora"])
        if parts["optimizer"].keys() != self.optimizer.state.keys():
            return False
        self.optimizer.load_state(parts["optimizer"], updates)
        return True


def make_optimizer(parameters: Mapping[str, nn.Parameter], config: TrainConfig) -> Optimizer:
    """The optimizer that `config` describes, over these parameters."""
    return Optimizer(
        parameters.items(),
        kind=config.optimizer,
        momentum=config.momentum,
        betas=(config.beta1, config.beta2),
        weight_decay=config.weight_decay,
        dtype=working_dtype(config.precision),
    )


def split_state(tensors: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """{"model.a": x, "optimizer.b": y} -> {"model": {"a": x}, "optimizer": {"b": y}}."""
    parts: dict[str, dict[str, torch.Tensor]] = {"model": {}, "optimizer": {}, "lora": {}}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        parts[part][rest] = tensor
    return parts
