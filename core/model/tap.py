"""Taps: the one way to look inside a forward pass, or to reach inside it.

A tap is a function `tap(site, tensor) -> tensor`. The model calls it at each named site with the tensor it has just
computed and goes on with whatever comes back: the same tensor (looking), or another of the same shape (intervening).
Taps belong to the caller and are never stored on a model.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

LAYER_SITES = (
    "resid_pre", "q", "k", "v", "attn_scores", "pattern", "z", "attn_out",
    "resid_mid", "mlp_pre", "mlp_post", "mlp_out", "resid_post",
)  # fmt: skip
SITES = ("embed", "pos_embed", *LAYER_SITES, "ln_final", "logits")  # in the order in which they fire


class Site(NamedTuple):
    """A place in the model: one of SITES, with the block's number for those in LAYER_SITES."""

    name: str
    layer: int | None = None

    def __str__(self) -> str:
        return self.name if self.layer is None else f"blocks.{self.layer}.{self.name}"


Tap = Callable[[Site, Tensor], Tensor]


def apply(tap: Tap, site: Site, tensor: Tensor) -> Tensor:
    """What `tap` makes of `tensor`. Raises ValueError unless it is a tensor of the same shape."""
    result = tap(site, tensor)
    if result is tensor:  # it only looked
        return tensor
    if not isinstance(result, Tensor) or result.shape != tensor.shape:
        got = tuple(result.shape) if isinstance(result, Tensor) else type(result).__name__
        raise ValueError(f"the tap must return a tensor of shape {tuple(tensor.shape)} at {site}, not {got}")
    return result


def compose(*taps: Tap) -> Tap:
    """One tap that applies all of them from left to right, each to what the one before it returned."""

    def in_turn(site: Site, tensor: Tensor) -> Tensor:
        for tap in taps:
            tensor = apply(tap, site, tensor)
        return tensor

    return in_turn
