"""What the optimizer of a stage updates: all weights of the model, some of them, or the factors of low-rank updates."""

from collections.abc import Mapping

from torch import Tensor, nn

from core.model import Transformer
from core.training.config import TrainConfig
from core.training.tuning_config import Tuning
from core.tuning.lora import Lora


class Trained:
    """The parameters that are updated, by name, and how their gradients come from the model's."""

    def __init__(self, model: Transformer, config: TrainConfig) -> None:
        """Raises ValueError where there is nothing to train."""
        tuning = Tuning.from_dict(config.tuning)
        chosen = {name: p for name, p in model.named_parameters() if tuning.trains(name)}
        if not chosen:
            raise ValueError(f"this model has no such {'layer' if tuning.way == 'layers' else 'matrix'} to train")
        self.lora = Lora(chosen, tuning.rank, tuning.alpha, config.seed) if tuning.way == "lora" else None
        self.parameters: dict[str, nn.Parameter] = dict(self.lora.named_parameters()) if self.lora else chosen

    def take_gradients(self) -> None:
        """The model has its gradients: those of what is trained follow."""
        if self.lora:
            self.lora.pull_back()

    def write(self) -> None:
        """What is trained was updated: the model follows."""
        if self.lora:
            self.lora.merge()

    def tensors(self) -> dict[str, Tensor]:
        """What must be saved beside the model to go on."""
        return self.lora.tensors() if self.lora else {}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `tensors` returned; without any, what the model holds now is where training begins."""
        if self.lora:
            self.lora.load(tensors) if tensors else self.lora.rebase()
