"""A trace: every intermediate tensor of one forward pass over one sequence."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import FrozenInstanceError

import torch
from torch import Tensor

from core.model.ids import checked_ids
from core.model.tap import LAYER_SITES, SITES, Site, Tap, compose
from core.model.transformer import Transformer

# A trace holds many tensors of a megabyte or two, and glibc would give their pages back to the system with each that is
# freed, to fault them in again for the next: at 4 layers and T = 256 half of the time. Freeing one block just below its
# largest threshold (32 MiB), which touches no page, makes it keep them. Other allocators do not mind.
torch.empty(31 << 20, dtype=torch.uint8)

Parts = dict[str, list[Tensor]]  # by site: the tensor of each layer, with a batch of one


class Trace:
    """What the model computed for one text. All tensors are float32 on the CPU and belong to this trace alone.

    L layers, H query heads, T tokens, D width, Dh width of a head, M width of the MLP, V vocabulary. What each site
    holds is written at `Transformer.forward`; here k and v are repeated to the query heads, so that head h of `pattern`
    goes with head h of all of q, k, v and z. `pos_embed` is None for a model without learned positions. Frozen.

    The layers of a site are put together when it is first asked for: most readers look at a few sites, and doing it for
    all took a fifth of the time of a trace.
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

    def __init__(self, ids: Tensor, parts: Parts, group: int) -> None:
        """`parts` as `run_trace` collects them; `group`: query heads to each key/value head."""
        sizes = (len(parts["q"]), parts["q"][0].shape[1], parts["embed"][0].shape[-1], parts["logits"][0].shape[-1])
        self.__dict__.update(ids=ids, _parts=parts, _group=group, _sizes=sizes)

    def __getattr__(self, name: str) -> Tensor | None:
        """A site at first sight: a copy, on its own. Several threads may ask at once: each finds the parts or it."""
        parts = self.__dict__.get("_parts", {}).get(name)
        if parts is not None:
            whole = torch.stack([part[0] for part in parts]) if name in LAYER_SITES else parts[0][0].clone()
            if name in ("k", "v"):
                whole = whole.repeat_interleave(self.__dict__["_group"], dim=1)
            self.__dict__[name] = whole
            self.__dict__["_parts"].pop(name, None)
        elif name != "pos_embed" and name not in self.__dict__:
            raise AttributeError(f"a trace has no {name!r}")
        found: Tensor | None = self.__dict__.get(name)
        return found

    def __dir__(self) -> list[str]:
        """Completion offers every site, also those that nobody has asked for yet."""
        return [*object.__dir__(self), *SITES]

    def __repr__(self) -> str:
        layers, heads, width, vocab = self.__dict__["_sizes"]
        shape = f"{layers} layers × {heads} heads, width {width}, vocabulary {vocab:,}"
        return f"Trace({len(self.ids)} tokens through {shape})"

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"a trace cannot be changed: {name}")

    @property
    def probs(self) -> Tensor:
        """The distribution of the next token after each token, (T, V): softmax of the logits."""
        return self.logits.softmax(dim=-1)


def run_trace(model: Transformer, ids: Sequence[int] | Tensor, tap: Tap | None = None) -> Trace:
    """Run `model` over one sequence, ids (T,), and keep everything. The trace holds what `tap`, if given, made of it.

    Raises ValueError for an empty sequence, one longer than the context, or ids outside the vocabulary.
    """
    ids = torch.tensor(checked_ids(ids, model.config))  # (T,)
    parts: Parts = defaultdict(list)
    on_cpu = model.device.type == "cpu" and model.dtype == torch.float32

    def keep(site: Site, tensor: Tensor) -> Tensor:
        """The model writes to no tensor that it has shown, so it need not be copied; another tap might write to it."""
        parts[site.name].append(tensor if on_cpu and tap is None else tensor.to("cpu", torch.float32, copy=True))
        return tensor

    with torch.inference_mode():
        model(ids[None].to(model.device), tap=compose(tap, keep) if tap else keep)
    return Trace(ids, parts, model.config.n_heads // model.config.n_kv_heads)
