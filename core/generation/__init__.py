"""From logits to text. The sampler is pure NumPy; torch is imported when the first name of `streaming` is asked for."""

from typing import TYPE_CHECKING

from core.generation.sampler import BOUNDS, ORDER, Sampler, Stage, draw
from core.generation.stages import STAGES, StageKind

if TYPE_CHECKING:
    from core.generation.streaming import Step, generate, generate_text, greedy_batch, uniform

__all__ = [
    "BOUNDS",
    "ORDER",
    "STAGES",
    "Sampler",
    "Stage",
    "StageKind",
    "Step",
    "draw",
    "generate",
    "generate_text",
    "greedy_batch",
    "uniform",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from core.generation import streaming

    return getattr(streaming, name)
