"""Neurons of the MLPs: which are active here, on what text each is most active, which tokens it asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.analysis.stream.weights import layer_weights, weight
from core.brief import Brief
from core.model import Checkpoint, Site, Trace, Transformer
from core.model.ids import checked_ids, checked_place
from core.text import tinyland

SEED = 1_000_000_123  # a stream of documents of its own: neither trained on nor used to measure skills
SAMPLE = 20_000_000_000  # tokens × parameters that a sample may cost: a few seconds of one core
BATCH_NUMBERS = 6_000_000  # activations held at once while a corpus is read: 24 MB in float32


@dataclass(frozen=True, eq=False, repr=False)
class Scan(Brief):
    """The strongest activations of every neuron over some documents, at most one from each.

    value (L, M, k) float32, largest first; document, position (L, M, k) int32 say where; active (L, M) float32 is the
    share of all `tokens` tokens on which the neuron was above 0.
    """

    value: NDArray[np.float32]
    document: NDArray[np.int32]
    position: NDArray[np.int32]
    active: NDArray[np.float32]
    tokens: int


@torch.inference_mode()
def writes(model: Transformer, trace: Trace, position: int) -> NDArray[np.float32]:
    """How long a vector each neuron adds to the stream at `position`: |activation| × |output weights|, (L, M).
    ValueError: no such position."""
    checked_place("position", position, len(trace.ids))
    lengths = torch.stack([out.norm(dim=0) for out in layer_weights(model, "mlp.w_out.weight")])  # (L, M)
    return (trace.mlp_post[:, position].abs() * lengths.float()).numpy()


def sample(checkpoint: Checkpoint) -> tuple[str, list[list[int]]]:
    """What the sample is, and its token ids: unseen Tinyland, or the model's own training text where it has one."""
    config, tokenizer = checkpoint.config, checkpoint.tokenizer
    budget = min(max(SAMPLE // config.parameter_count()["total"], 2_000), 25_000)
    data = checkpoint.card.get("data") or {}
    path = checkpoint.folder / str(data.get("path", ""))
    if data.get("kind") == "text" and path.is_file():
        with path.open(encoding="utf-8", errors="replace") as file:
            ids = tokenizer.encode(file.read(6 * budget))[:budget]
        size = config.context_length - 1
        return "its training text", [[tokenizer.eot, *ids[i : i + size]] for i in range(0, len(ids), size)]
    found: list[list[int]] = []
    tokens = 0
    for document in tinyland.documents(SEED):
        ids = [tokenizer.eot, *tokenizer.encode(document.text, special=True)][: config.context_length]
        found.append(ids)
        tokens += len(ids)
        if tokens >= budget:
            return "Tinyland", found
    raise AssertionError("the stream of documents has no end")


@torch.inference_mode()
def scan(
    model: Transformer,
    documents: Sequence[Sequence[int]],
    k: int = 8,
    progress: Callable[[float], None] | None = None,
) -> Scan:
    """Read `documents` (token ids, each at most the context) and keep each neuron's k highest activations.

    Several documents are read at once, padded on the right, which no earlier token can see. `progress` is called with
    the share of documents read. ValueError: no document, an empty one, or k < 1.
    """
    if k < 1 or not documents or not all(len(document) for document in documents):
        raise ValueError("need k of at least 1 and at least one document, none of them empty")
    c = model.config
    k = min(k, len(documents))
    best = torch.full((c.n_layers, c.d_mlp, k), -torch.inf)
    place = torch.zeros((2, c.n_layers, c.d_mlp, k), dtype=torch.int32)  # document, position
    active = torch.zeros(c.n_layers, c.d_mlp)
    longest = max(map(len, documents))
    size = max(1, BATCH_NUMBERS // (longest * c.n_layers * c.d_mlp))
    for first in range(0, len(documents), size):
        rows = documents[first : first + size]
        values, where, above = _strongest(model, rows)  # (L, M, B), (L, M, B), (L, M)
        found = torch.stack((torch.arange(first, first + len(rows), dtype=torch.int32).expand_as(where), where))
        best, chosen = torch.cat((best, values), dim=-1).topk(k, dim=-1)
        place = torch.cat((place, found), dim=-1).gather(-1, chosen.expand(2, *chosen.shape))
        active += above
        if progress:
            progress(min(1.0, (first + size) / len(documents)))
    tokens = sum(map(len, documents))
    return Scan(best.numpy(), place[0].numpy(), place[1].numpy(), (active / tokens).numpy(), tokens)


def _strongest(model: Transformer, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor, Tensor]:
    """Of each row: every neuron's highest activation (L, M, B) and its position; and how many tokens were above 0."""
    lengths = torch.tensor([len(row) for row in rows])
    padded = torch.zeros((len(rows), int(lengths.max())), dtype=torch.int64)
    for r, row in enumerate(rows):
        padded[r, : len(row)] = torch.tensor(checked_ids(row, model.config))
    outside = torch.arange(padded.shape[1]) >= lengths[:, None]  # (B, T)
    values, where, above = [], [], []

    def look(site: Site, x: Tensor) -> Tensor:
        if site.name == "mlp_post":
            inside = x.float().cpu().masked_fill(outside[..., None], -torch.inf)  # (B, T, M)
            top, at = inside.max(dim=1)
            values.append(top.T)
            where.append(at.T.int())
            above.append((inside > 0).sum(dim=(0, 1)).float())
        return x

    model.last_logits(padded.to(model.device), tap=look)
    return torch.stack(values), torch.stack(where), torch.stack(above)


@torch.inference_mode()
def activations(model: Transformer, ids: Sequence[int], layer: int, neuron: int) -> NDArray[np.float32]:
    """One neuron on one text: (T,) float32, mlp_post[layer, :, neuron]. ValueError: no such neuron; ids as for
    a trace."""
    read = torch.tensor([checked_ids(ids, model.config)], device=model.device)  # (1, T)
    checked_place("layer", layer, model.config.n_layers)
    checked_place("neuron", neuron, model.config.d_mlp)
    kept = []

    def look(site: Site, x: Tensor) -> Tensor:
        if site == Site("mlp_post", layer):
            kept.append(x[0, :, neuron].float().cpu())
        return x

    model.last_logits(read, tap=look)
    return kept[0].numpy()


@torch.inference_mode()
def vocabulary_effect(model: Transformer, layer: int, neuron: int) -> NDArray[np.float32]:
    """What one unit of a neuron's activation adds to every logit, (V,), when the final norm divides by 1.

    Its output weights read by the final norm's gain and the unembedding; LayerNorm takes their mean off first. The
    true change is this × activation / σ of the stream: the order of the tokens does not depend on σ.
    """
    c = model.config
    if not (0 <= layer < c.n_layers and 0 <= neuron < c.d_mlp):
        raise ValueError(f"there is no neuron {neuron} in layer {layer}: {c.n_layers} layers of {c.d_mlp} neurons")
    written = weight(model, f"blocks.{layer}.mlp.w_out.weight")[:, neuron]  # (D,)
    if c.norm == "layernorm":
        written = written - written.mean()
    unembed = model.get_parameter("unembed.weight").detach().float().cpu()
    return (unembed @ (written * weight(model, "ln_final.weight")).float()).numpy()
