"""A trace: every intermediate tensor of one forward pass over one sequence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from core.model.config import ModelConfig
from core.model.tap import LAYER_SITES, Site, Tap, compose
from core.model.transformer import Transformer


@dataclass(frozen=True, eq=False)
class Trace:
    """What the model computed for one text. All tensors are float32 on the CPU and belong to this trace alone.

    L layers, H query heads, T tokens, D width, Dh width of a head, M width of the MLP, V vocabulary. What each site
    holds is written at `Transformer.forward`; here k and v are repeated to the query heads, so that head h of `pattern`
    goes with head h of all of q, k, v and z. `pos_embed` is None for a model without learned positions.
    """

    ids: Tensor  # (T,) int64
    embed: Tensor  # (T, D)
    pos_embed: Tensor | None  # (T, D)
    resid_pre: Tensor  # (L, T, D)
    q: Tensor  # (L, H, T, Dh)
    k: Tensor  # (L, H, T, Dh)
    v: Tensor  # (L, H, T, Dh)
    attn_scores: Tensor  # (L, H, T, T), -inf above the diagonal
    pattern: Tensor  # (L, H, T, T)
    z: Tensor  # (L, H, T, Dh)
    attn_out: Tensor  # (L, T, D)
    resid_mid: Tensor  # (L, T, D)
    mlp_pre: Tensor  # (L, T, M)
    mlp_post: Tensor  # (L, T, M)
    mlp_out: Tensor  # (L, T, D)
    resid_post: Tensor  # (L, T, D)
    ln_final: Tensor  # (T, D)
    logits: Tensor  # (T, V)

    @property
    def probs(self) -> Tensor:
        """The distribution of the next token after each token, (T, V): softmax of the logits."""
        return self.logits.softmax(dim=-1)


def run_trace(model: Transformer, ids: Sequence[int] | Tensor, tap: Tap | None = None) -> Trace:
    """Run `model` over one sequence, ids (T,), and keep everything. The trace holds what `tap`, if given, made of it.

    Raises ValueError for an empty sequence, one longer than the context, or ids outside the vocabulary.
    """
    ids = torch.as_tensor(ids, dtype=torch.int64).detach().cpu().clone()
    if ids.dim() != 1 or len(ids) == 0:
        raise ValueError(f"a trace needs one sequence of at least one token, not shape {tuple(ids.shape)}")
    if len(ids) > model.config.context_length:
        raise ValueError(f"{len(ids)} tokens do not fit the context of {model.config.context_length}")
    fields = empty_fields(model.config, len(ids))
    record = partial(keep, slots(fields), model.config.n_heads // model.config.n_kv_heads)
    with torch.inference_mode():
        model(ids[None].to(model.embed.weight.device), tap=compose(tap, record) if tap else record)
    return Trace(ids=ids, pos_embed=fields.pop("pos_embed", None), **fields)


def empty_fields(config: ModelConfig, T: int) -> dict[str, Tensor]:
    """A tensor for every site that fires, without the batch and, for sites in the blocks, with a layer dimension.

    All are views of one allocation: malloc gives a single large block back without returning its pages to the system,
    and touching fresh pages cost a quarter of the whole trace (6 layers, 160 wide, T = 64).
    """
    heads, square = (config.n_heads, T, config.d_head), (config.n_heads, T, T)
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("embed", *LAYER_SITES, "ln_final"), (T, config.d_model))
    shapes |= {"q": heads, "k": heads, "v": heads, "z": heads, "attn_scores": square, "pattern": square}
    shapes |= {"mlp_pre": (T, config.d_mlp), "mlp_post": (T, config.d_mlp), "logits": (T, config.vocab_size)}
    if config.position == "learned":
        shapes["pos_embed"] = (T, config.d_model)
    shapes = {name: (config.n_layers, *shape) if name in LAYER_SITES else shape for name, shape in shapes.items()}
    sizes = [math.prod(shape) for shape in shapes.values()]
    parts = torch.empty(sum(sizes), dtype=torch.float32).split(sizes)
    return {name: part.view(shape) for part, (name, shape) in zip(parts, shapes.items(), strict=True)}


def slots(fields: dict[str, Tensor]) -> dict[Site, Tensor]:
    """Where each site's tensor goes: the part of its field that belongs to its layer, with a batch of one."""
    places: dict[Site, Tensor] = {}
    for name, field in fields.items():
        if name in LAYER_SITES:
            places |= {Site(name, layer): part for layer, part in enumerate(field[:, None].unbind())}
        else:
            places[Site(name)] = field[None]
    return places


def keep(places: dict[Site, Tensor], group: int, site: Site, tensor: Tensor) -> Tensor:
    """The recording tap: copy at once, so that nothing which happens later can change what was seen."""
    repeated = group > 1 and site.name in ("k", "v")
    places[site].copy_(tensor.repeat_interleave(group, dim=1) if repeated else tensor)
    return tensor
