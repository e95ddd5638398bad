"""The model's parameters by name, as analysis computes with them."""

from collections.abc import Iterator

from torch import Tensor

from core.model import Transformer
from core.model.packed import Packed


def weight(model: Transformer, name: str, rows: int | slice = slice(None)) -> Tensor:
    """A parameter or some of its rows, float64 on the CPU: weight(model, "blocks.0.ln1.weight"). KeyError: no such."""
    path, _, kind = name.rpartition(".")
    try:
        module = model.get_submodule(path)
        if isinstance(module, Packed) and kind == "weight":
            return module.rows(rows).double().cpu()
        return model.get_parameter(name).detach()[rows].double().cpu()
    except AttributeError:
        raise KeyError(f"this model has no parameter {name}") from None


def layer_weights(model: Transformer, name: str) -> Iterator[Tensor]:
    """That parameter of every block in turn, for instance layer_weights(model, "attn.wo.weight")."""
    return (weight(model, f"blocks.{layer}.{name}") for layer in range(model.config.n_layers))
