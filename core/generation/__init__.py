"""From logits to text. The sampler is pure NumPy; torch is imported when the first name of `streaming` is asked for."""

from typing import TYPE_CHECKING

from core.first_use import on_first_use
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


__getattr__ = on_first_use(
    __name__, dict.fromkeys(("Step", "generate", "generate_text", "greedy_batch", "uniform"), "streaming")
)
