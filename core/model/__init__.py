"""The model: its shape, its forward pass, its insides, its files.

    from core.model import load_checkpoint, run_trace
    checkpoint = load_checkpoint("tinyland")
    trace = run_trace(checkpoint.model, checkpoint.tokenizer.encode("Mara gave the ball to Tom."))
    trace.pattern.shape      # (layers, heads, tokens, tokens)

Names that need torch are imported on first use, so that listing models or reading a config does not load it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from core.model.config import ModelConfig
from core.model.tap import LAYER_SITES, SITES, Site, Tap, compose

if TYPE_CHECKING:
    from core.model.cache import Cache
    from core.model.trace import Trace, run_trace
    from core.model.transformer import Transformer

_NEED_TORCH = {
    "Cache": "cache",
    "Trace": "trace",
    "Transformer": "transformer",
    "run_trace": "trace",
}

__all__ = [
    "LAYER_SITES",
    "SITES",
    "Cache",
    "ModelConfig",
    "Site",
    "Tap",
    "Trace",
    "Transformer",
    "compose",
    "run_trace",
]


def __getattr__(name: str) -> Any:
    if name not in _NEED_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_NEED_TORCH[name]}"), name)
