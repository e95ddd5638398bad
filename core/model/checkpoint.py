"""Models on disk: weights in safetensors, everything else in JSON, never pickle. See `core.model.folders`."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from core.files import write_atomically
from core.model import byte_planes, folders
from core.model.config import ModelConfig
from core.model.description import CheckpointError, Description
from core.model.transformer import Transformer
from core.text import Tokenizer

READABLE = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True, eq=False, repr=False)
class Checkpoint(Description):
    """A model at one step of its life. `model` is shared by whoever loads it: float32, on the CPU, frozen."""

    model: Transformer


def load_own(found: Description) -> Checkpoint:
    """The model of a folder in our own layout, at the step that was described."""
    path = folders.weight_files(found.folder)[found.step]
    model = read_model(path, found.config)
    folders.check_digest(path, found)
    return Checkpoint(**vars(found), model=model)


def save_checkpoint(
    folder: Path, model: Transformer, tokenizer: Tokenizer, card: dict[str, Any], step: int | None = None
) -> None:
    """Write a whole checkpoint folder in float32. `step` None: that of the last snapshot, or 0 without any.

    The card gains "sha256", the digest of every file of weights, by which `load_checkpoint` notices any change.
    """
    if step is None:
        step = max(folders.snapshot_files(folder), default=0)
    folders.save_description(folder, model.config, tokenizer, card)
    write_weights(folder / "model.safetensors", step, model, torch.float32)
    folders.update_card(folder, sha256=folders.digests(folder))


def save_snapshot(folder: Path, step: int, model: Transformer, dtype: torch.dtype = torch.float16) -> None:
    """Write the weights of one step into `folder/snapshots`."""
    path = folders.snapshot_path(folder, step)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_weights(path, step, model, dtype)


def write_weights(path: Path, step: int, model: Transformer, dtype: torch.dtype) -> None:
    """Write every parameter, a tied one once; the file appears whole or not at all."""
    tensors = {name: weight.detach().to("cpu", dtype).contiguous() for name, weight in model.named_parameters()}
    write_atomically(path, safetensors.torch.save(tensors, {"format": "pt", "step": str(step)}))


def read_model(path: Path, config: ModelConfig) -> Transformer:
    """The model whose weights a file holds: float32, eval mode, frozen. Raises CheckpointError if they do not fit."""
    where = f"{path.parent.name}/{path.name}"
    expected = parameter_shapes(config)
    try:
        with safe_open(path, framework="pt") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in byte_planes.names(file)}
            check_shapes(found, expected, where)
            tensors = {name: torch.as_tensor(byte_planes.tensor(file, name)) for name in expected}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{where} is damaged ({error}): restore the file or train again") from None
    check_values(tensors, where)
    model = Transformer(config, seed=None).requires_grad_(False).eval()
    for name, weight in model.named_parameters():
        weight.copy_(tensors[name])
    return model


def parameter_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter of a model with this config, without the memory for it."""
    if config.position == "rotary":  # its tables are no parameters, and `arange` on meta imports sympy: 2 s
        config = replace(config, position="none")
    with torch.device("meta"):
        return {name: tuple(weight.shape) for name, weight in Transformer(config, seed=None).named_parameters()}


def check_shapes(found: dict[str, tuple[int, ...]], expected: dict[str, tuple[int, ...]], where: str) -> None:
    """Raise CheckpointError, naming the tensor, unless a file holds exactly the tensors of the config."""
    for name in sorted(expected.keys() | found.keys()):
        if found.get(name) != expected.get(name):
            has = f"has shape {list(found[name])}" if name in found else "is missing"
            needs = f"needs {list(expected[name])}" if name in expected else "has no such tensor"
            raise CheckpointError(f"{where} does not fit its config.json: {name} {has}, the model {needs}")


def check_values(tensors: dict[str, Tensor], where: str) -> None:
    """Raise CheckpointError, naming the tensor, unless all are floating point, of 16 bits or more, and finite."""
    for name, tensor in tensors.items():
        if tensor.dtype not in READABLE:  # those of 4 and 8 bits want scales, which no file here has
            raise CheckpointError(
                f"{where} holds {name} as {tensor.dtype}, not as floating-point numbers of 16, 32 or 64 bits"
            )
        if not tensor.float().isfinite().all():
            raise CheckpointError(f"{where} holds numbers in {name} that are not finite: training diverged, or damage")
