"""The memory that a model will take, known before any of it is read."""

from core import memory
from core.model.config import ModelConfig
from core.model.description import CheckpointError
from core.model.precision import BYTES, PRECISIONS, Precision

ROOM = 300_000_000  # for the activations of a text, and for whatever else the server does


def needed(config: ModelConfig, precision: Precision) -> int:
    """Bytes: the weights, the tables of rotary positions, and what the largest matrix takes while it is widened."""
    weights = config.parameter_count()["total"]
    tables = 2 * config.context_length * config.d_head * 4 if config.position == "rotary" else 0
    widened = 4 * config.d_model * max(config.vocab_size, config.d_mlp) if precision != "float32" else 0
    return weights * BYTES[precision] + tables + widened


def check_memory(config: ModelConfig, precision: Precision) -> None:
    """CheckpointError, which says how much is missing and what would fit, where the model does not fit."""
    free = memory.available()
    need = needed(config, precision) + ROOM
    if free is None or need <= free:
        return
    smaller = [other for other in PRECISIONS if needed(config, other) + ROOM <= free]
    advice = f"; in {smaller[0]} it would fit" if smaller else ""
    raise CheckpointError(
        f"this model needs {memory.spoken(need)} of memory in {precision}, and {memory.spoken(free)} are free: "
        f"{memory.spoken(need - free)} are missing{advice}"
    )
