"""`load_pretrained`: a folder of a stock class as a Checkpoint, with the very weights that lie in it.

Nothing is folded, centred or added: the logits are those of `transformers`. Weights that are stored as they will be
held, and lie as ours do, are used where the file is mapped, without a copy.
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from core.model.checkpoint import Checkpoint
from core.model.config import ModelConfig
from core.model.description import CheckpointError, Description, is_stock
from core.model.packed import PackedEmbedding, PackedLinear
from core.model.precision import Precision
from core.model.stock import hub
from core.model.stock.describe import describe_stock, precision_of
from core.model.stock.need import check_memory
from core.model.stock.shards import Stored, stored_tensors
from core.model.stock.weights import Source, check, is_tied, sources
from core.model.transformer import Transformer


def load_pretrained(folder_or_hub_id: str | Path, precision: Precision | None = None) -> Checkpoint:
    """A GPT-2, Llama, Mistral, Qwen2 or Qwen3 model in Hugging Face's layout, from a folder or from the hub.

    A str that is no folder here is the id of a model on the hub, which is fetched (see core.model.stock.hub).
    `precision`: how its matrices are held; None: as the folder's glassbox.json says, else float32. CheckpointError
    names what cannot be read or computed, or how much memory is missing.
    """
    folder = Path(folder_or_hub_id)
    if isinstance(folder_or_hub_id, str) and not folder.is_dir():
        folder = hub.fetch(folder_or_hub_id, precision or "float32")
    if not folder.is_dir():
        raise CheckpointError(f"there is no folder {folder.name}")
    if not is_stock(folder):
        raise CheckpointError(f"{folder.name} has no config.json with a model_type: it is not in Hugging Face's layout")
    return load_stock(describe_stock(folder), precision)


def load_stock(described: Description, precision: Precision | None = None) -> Checkpoint:
    """The model that `describe_stock` described."""
    model = read_stock_model(described.folder, described.config, precision or precision_of(described.folder))
    return Checkpoint(**vars(described) | {"config": model.config}, model=model)


def read_stock_model(folder: Path, config: ModelConfig, precision: Precision = "float32") -> Transformer:
    """The model: eval mode, frozen. CheckpointError unless the files hold just its tensors, all finite, and it fits."""
    found = stored_tensors(folder)
    embed = sources(config, ["embed.weight"], found)["embed.weight"].name or ""
    config = replace(config, tie_embeddings=is_tied(config, found, embed))
    made = check(config, found)
    check_memory(config, precision)
    model = Transformer(config, seed=None).requires_grad_(False).eval()
    for name, source in sorted(made.items(), key=lambda item: item[0].endswith(".weight")):  # biases first
        shape = model.get_parameter(name).shape
        tensor = torch.zeros(shape) if source.name is None else read(source, found[source.name])
        place(model, name, tensor, precision)
    if config.tie_embeddings:
        tie(model)
    return model


def read(source: Source, stored: Stored) -> Tensor:
    """One parameter as it is stored: a view of the mapped file. CheckpointError: numbers that are not finite."""
    tensor = stored.read()
    # a sum is finite where all of its numbers are, and needs no second tensor; one that overflows is looked at closely
    if not tensor.sum(dtype=torch.float64).isfinite() and not tensor.isfinite().all():
        raise CheckpointError(f"{stored.path.name} holds numbers in {stored.name} that are not finite: damage")
    return source.take(tensor)


def place(model: Transformer, name: str, tensor: Tensor, precision: Precision) -> None:
    """Put a tensor in a parameter's place: packed where it is a matrix and that is asked for, else as float32."""
    path, _, kind = name.rpartition(".")
    module = model.get_submodule(path)
    if precision == "float32" or tensor.dim() == 1 or path == "pos_embed":
        setattr(module, kind, nn.Parameter(tensor.float().contiguous(), requires_grad=False))
        return
    owner, _, attribute = path.rpartition(".")
    packed = PackedEmbedding(tensor.contiguous(), precision) if path == "embed" else PackedLinear(
        tensor.contiguous(), precision, getattr(module, "bias", None)
    )  # fmt: skip
    setattr(model.get_submodule(owner), attribute, packed)


def tie(model: Transformer) -> None:
    """Let the unembedding use the matrix of the embedding."""
    if isinstance(model.embed, PackedEmbedding):
        model.add_module("unembed", PackedLinear.sharing(model.embed))
    else:
        model.unembed.weight = model.embed.weight
