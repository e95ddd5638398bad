"""The shape of a model, as a validated, frozen record: enough for the GPT-2 and the Llama families and for our own."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.model.activations import ACTIVATIONS, ActivationName
from core.model.rope_scaling import RopeScaling

Norm = Literal["layernorm", "rmsnorm"]
Position = Literal["learned", "rotary", "none"]

LARGEST_SIZE = 10_000_000  # no real model exceeds these two; they stop a damaged file before it asks for all memory
MOST_LAYERS = 1_000


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Everything that fixes the shapes and the arithmetic of a `Transformer`. The defaults are those of our own models.

    `n_kv_heads`, `d_mlp`, `d_head` and `qkv_bias` may be left out (None): they become `n_heads`, `4 * d_model`,
    `d_model // n_heads` and `bias`. `rope_scaling` is None for rotary positions that were never stretched.

    GPT-2 is `norm="layernorm", position="learned", activation="gelu_tanh", bias=True, tie_embeddings=True,
    qk_norm=False`; Llama is `norm="rmsnorm", position="rotary", activation="swiglu", bias=False, qk_norm=False` with
    fewer `n_kv_heads` than `n_heads`. `bias` covers every linear layer and LayerNorm, but not the unembedding; Qwen2
    has it for queries, keys and values only: `bias=False, qkv_bias=True`.

    Raises ValueError, naming the field, for anything that cannot be a model.
    """

    vocab_size: int
    context_length: int
    n_layers: int
    n_heads: int
    d_model: int
    n_kv_heads: int = None  # type: ignore[assignment]
    d_mlp: int = None  # type: ignore[assignment]
    d_head: int = None  # type: ignore[assignment]
    norm: Norm = "rmsnorm"
    norm_eps: float = 1e-5
    position: Position = "rotary"
    rope_theta: float = 10_000.0
    activation: ActivationName = "relu2"
    tie_embeddings: bool = True
    bias: bool = False
    qk_norm: bool = True
    qkv_bias: bool = None  # type: ignore[assignment]
    rope_scaling: RopeScaling | None = None

    def __post_init__(self) -> None:
        for name in ("vocab_size", "context_length", "n_layers", "n_heads", "d_model"):
            self._check_size(name)
        if self.d_head is None and self.d_model % self.n_heads:
            raise ValueError(f"d_model={self.d_model} is not a multiple of n_heads={self.n_heads}; give d_head")
        defaults = {"n_kv_heads": self.n_heads, "d_mlp": 4 * self.d_model, "d_head": self.d_model // self.n_heads}
        for name, default in defaults.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, default)
            self._check_size(name)
        if self.qkv_bias is None:
            object.__setattr__(self, "qkv_bias", self.bias)
        self._check_choices()
        if self.n_heads % self.n_kv_heads:
            raise ValueError(f"n_heads={self.n_heads} is not a multiple of n_kv_heads={self.n_kv_heads}")
        if self.position == "rotary" and self.d_head % 2:
            raise ValueError(f"rotary positions turn pairs of numbers: d_head={self.d_head} must be even")

    def _check_size(self, name: str) -> None:
        value, most = getattr(self, name), MOST_LAYERS if name == "n_layers" else LARGEST_SIZE
        if type(value) is not int or not 1 <= value <= most:
            raise ValueError(f"{name} must be a whole number from 1 to {most}, not {value!r}")

    def _check_choices(self) -> None:
        for name, choices in (
            ("norm", get_args(Norm)), ("position", get_args(Position)), ("activation", tuple(ACTIVATIONS)),
        ):  # fmt: skip
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        for name in ("norm_eps", "rope_theta"):
            value = getattr(self, name)
            if type(value) not in (int, float) or not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a positive number, not {value!r}")
        for name in ("tie_embeddings", "bias", "qk_norm", "qkv_bias"):
            if type(getattr(self, name)) is not bool:
                raise ValueError(f"{name} must be true or false, not {getattr(self, name)!r}")
        if self.rope_scaling is not None and type(self.rope_scaling) is not RopeScaling:
            raise ValueError("rope_scaling must be a RopeScaling or None")

    @property
    def gated(self) -> bool:
        """Whether its MLPs have a gate beside w_in."""
        return ACTIVATIONS[self.activation].gated

    def to_dict(self) -> dict[str, Any]:
        """Every field by name, ready for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "ModelConfig":
        """The config that `to_dict` described. Raises ValueError for unknown, missing or impossible fields."""
        if not isinstance(fields, dict):
            raise ValueError(f"a model config is a table of fields, not {type(fields).__name__}")
        known = {field.name: field for field in dataclasses.fields(cls)}
        required = {name for name, field in known.items() if field.default is dataclasses.MISSING}
        if unknown := sorted(map(str, fields.keys() - known.keys())):
            raise ValueError(f"unknown config fields: {', '.join(unknown)}")
        if missing := sorted(required - fields.keys()):
            raise ValueError(f"missing config fields: {', '.join(missing)}")
        scaling = fields.get("rope_scaling")
        if not isinstance(scaling, dict):
            return cls(**fields)
        try:
            return cls(**fields | {"rope_scaling": RopeScaling(**scaling)})
        except TypeError:
            raise ValueError(f"rope_scaling has unknown or missing fields: {', '.join(map(str, scaling))}") from None

    def parameter_count(self) -> dict[str, int]:
        """Parameters by part, and their sum as "total"; tied embeddings count once, under "embed"."""
        heads, kv_heads = self.n_heads * self.d_head, self.n_kv_heads * self.d_head  # widths of q, and of k and of v
        d, mlp_inputs = self.d_model, 1 + self.gated
        attention = d * (heads + 2 * kv_heads) + heads * d + self.qkv_bias * (heads + 2 * kv_heads) + self.bias * d
        mlp = (mlp_inputs + 1) * d * self.d_mlp + self.bias * (mlp_inputs * self.d_mlp + d)
        norm = d * (2 if self.norm == "layernorm" and self.bias else 1)
        parts = {
            "embed": self.vocab_size * d,
            "pos_embed": self.context_length * d if self.position == "learned" else 0,
            "attention": self.n_layers * attention,
            "mlp": self.n_layers * mlp,
            "norms": (2 * self.n_layers + 1) * norm + self.n_layers * self.qk_norm * 2 * self.d_head,
            "unembed": 0 if self.tie_embeddings else self.vocab_size * d,
        }
        return parts | {"total": sum(parts.values())}

    def weights_per_token(self) -> tuple[int, int]:
        """The weights that every token is multiplied with: those of the blocks, and those of the unembedding. The
        look-up of embeddings multiplies nothing."""
        parts = self.parameter_count()
        return parts["attention"] + parts["mlp"], self.vocab_size * self.d_model
