"""The keys and values of the tokens with which texts begin, of as many rows in each layer as came through it: what a
pass of `Transformer.forward_from` had, for another that goes on with other tokens."""

from collections.abc import Mapping

import torch
from torch import Tensor


class Past:
    """`kept` has k and v, (rows, Hkv, length, Dh) each, of every layer that was passed. Nobody writes into them: a pass
    that goes on from here makes what is `after` it."""

    def __init__(self, kept: Mapping[int, tuple[Tensor, Tensor]] | None = None) -> None:
        self.kept = kept or {}
        self.length = next(iter(self.kept.values()))[0].shape[2] if self.kept else 0
        self._whole: dict[int, tuple[Tensor, Tensor]] = {}

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """A layer's new k and v, (rows, Hkv, T, Dh), behind the kept ones: (rows, Hkv, length + T, Dh) each.
        ValueError where the kept ones are of another number of rows."""
        if self.length:
            before = self.kept.get(layer)
            if before is None or before[0].shape[0] != k.shape[0]:
                raise ValueError(f"layer {layer} is passed by {k.shape[0]} rows, and not by as many in the past")
            k, v = torch.cat((before[0], k), dim=2), torch.cat((before[1], v), dim=2)
        self._whole[layer] = k, v
        return k, v

    def after(self) -> "Past":
        """The past of what follows on the pass that went on from here."""
        return Past(self._whole)

    def first(self, tokens: int) -> "Past":
        """That of the first tokens alone."""
        return Past({layer: (k[:, :, :tokens], v[:, :, :tokens]) for layer, (k, v) in self.kept.items()})

    @property
    def nbytes(self) -> int:
        """Memory of what is kept."""
        return sum(k.nbytes + v.nbytes for k, v in self.kept.values())
