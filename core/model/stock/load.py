"""`load_pretrained`: a folder of a stock class as a Checkpoint, with the very weights that lie in it.

Nothing is folded, centred or added: the logits are those of `transformers`. Weights that are stored as float32 and lie
as ours do are used where the file is mapped, without a copy.
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from core.model.checkpoint import Checkpoint, check_values
from core.model.config import ModelConfig
#X
from core.model.stock.shards import Stored, stored_tensors
from core.model.stock.weights import Source, check, is_tied, sources
from core.model.transformer import Transformer


def load_stock(folder: Path) -> Checkpoint:
    """The model of a folder in Hugging Face's layout. CheckpointError says what cannot be read, and why."""
    described = None
    model = read_stock_model(folder, described.config)
    return Checkpoint(**vars(described) | {"config": model.config}, model=model)


def read_stock_model(folder: Path, config: ModelConfig) -> Transformer:
    """The model: float32, eval mode, frozen. CheckpointError unless the files hold just its tensors, all finite."""
    found = stored_tensors(folder)
    embed = sources(config, ["embed.weight"], found)["embed.weight"].name or ""
    config = replace(config, tie_embeddings=is_tied(config, found, embed))
    made = check(config, found)
    model = Transformer(config, seed=None).requires_grad_(False).eval()
    for name, source in made.items():
        place(model, name, read(source, found, model.get_parameter(name)))
    if config.tie_embeddings:
        model.unembed.weight = model.embed.weight
    return model


def read(source: Source, found: dict[str, Stored], like: Tensor) -> Tensor:
    """One parameter as float32, contiguous: a view of the mapped file where it can be one."""
    if source.name is None:
        return torch.zeros_like(like)
    stored = found[source.name].read()
    check_values({source.name: stored}, found[source.name].path.name)
    return source.take(stored).float().contiguous()


def place(model: nn.Module, name: str, tensor: Tensor) -> None:
    """Put a tensor in a parameter's place, without copying it."""
    module, _, kind = name.rpartition(".")
    setattr(model.get_submodule(module), kind, nn.Parameter(tensor, requires_grad=False))


