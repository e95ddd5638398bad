"""Which weights a stage trains, and how: all of them, LoRA, or only some layers. No torch here."""

import re
from dataclasses import dataclass, fields
from typing import Any

WAYS = ("full", "lora", "layers")
MATRICES = {  # what the field calls them, and the parameters of ours: blocks.3.attn.wq.weight
    "q": "attn.wq", "k": "attn.wk", "v": "attn.wv", "o": "attn.wo",
    "gate": "mlp.w_gate", "up": "mlp.w_in", "down": "mlp.w_out", "embed": "embed",
}  # fmt: skip
_LAYER = re.compile(r"blocks\.(\d+)\.")


@dataclass(frozen=True)
class Tuning:
    """Which weights a stage trains.

    way: "full", every weight; "lora", low-rank updates of the `matrices` (names of MATRICES) in all layers, of `rank`
    and scaled by alpha / rank; "layers", every weight of the blocks in `layers` and nothing else. LoRA's defaults are
    those of `peft`, except for the matrices: all of the blocks, as Schulman et al. 2025 ("LoRA Without Regret") found
    best.
    """

    way: str = "full"
    rank: int = 8
    alpha: float = 8.0
    matrices: tuple[str, ...] = ("q", "k", "v", "o", "gate", "up", "down")
    layers: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise ValueError(f"tuning.way must be one of {', '.join(WAYS)}, not {self.way!r}")
        if type(self.rank) is not int or not 1 <= self.rank <= 1024:
            raise ValueError(f"tuning.rank must be a whole number from 1, not {self.rank!r}")
        if type(self.alpha) not in (int, float) or not 0 < self.alpha <= 1e6:
            raise ValueError(f"tuning.alpha must be a number above 0, not {self.alpha!r}")
        for name in ("matrices", "layers"):
            if not isinstance(getattr(self, name), list | tuple):
                raise ValueError(f"tuning.{name} must be a list, not {getattr(self, name)!r}")
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if unknown := [one for one in self.matrices if one not in MATRICES]:
            raise ValueError(f"tuning.matrices must be among {', '.join(MATRICES)}, not {unknown[0]!r}")
        if self.way == "lora" and not self.matrices:
            raise ValueError("LoRA needs at least one matrix to update")
        if not all(type(layer) is int and layer >= 0 for layer in self.layers):
            raise ValueError(f"tuning.layers must be whole numbers from 0, not {self.layers!r}")
        if self.way == "layers" and not self.layers:
            raise ValueError("choose at least one layer to train")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Tuning":
        """Missing fields take their defaults; unknown ones raise ValueError."""
        if unknown := values.keys() - {f.name for f in fields(cls)}:
            raise ValueError(f"unknown tuning settings: {', '.join(sorted(unknown))}")
        return cls(**values)

    def trains(self, name: str) -> bool:
        """Whether the parameter of this name is updated."""
        if self.way == "full":
            return True
        layer = _LAYER.match(name)
        if self.way == "layers":
            return layer is not None and int(layer[1]) in self.layers
        module = name.removesuffix(".weight")
        wanted = {MATRICES[one] for one in self.matrices}
        return name.endswith(".weight") and (module[layer.end() :] if layer else module) in wanted
