"""The model's parameters by name, as analysis computes with them."""

from collections.abc import Iterator

from torch import Tensor

from core.model import Transformer


def weight(model: Transformer, name: str) -> Tensor:
    """One parameter, float64 on the CPU, for instance weight(model, "blocks.0.mlp.w_in.weight"). KeyError: no such."""
    try:
        return model.get_parameter(name).detach().double().cpu()
    except AttributeError:
        raise KeyError(f"this model has no parameter {name}") from None


def layer_weights(model: Transformer, name: str) -> Iterator[Tensor]:
    """That parameter of every block in turn, for instance layer_weights(model, "attn.wo.weight")."""
    return (weight(model, f"blocks.{layer}.{name}") for layer in range(model.config.n_layers))
