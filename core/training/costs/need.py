"""The memory that training a model takes, and how much of a batch is read at once, known before it begins. No torch."""

from core import memory
from core.model.config import ModelConfig
from core.model.description import CheckpointError

BYTES = 28  # for each weight: itself, a working copy, the gradients of both, what LoRA began from, a state being saved


def check_memory(config: ModelConfig) -> None:
    """CheckpointError, which says how much is missing, where a model is too large to be trained here."""
    free, need = memory.available(), BYTES * config.parameter_count()["total"]
    if free is not None and need > free:
        raise CheckpointError(
            f"training this model needs about {memory.spoken(need)} of memory, and {memory.spoken(free)} are free: "
            f"{memory.spoken(need - free)} are missing"
        )


def micro_batch_tokens(config: ModelConfig, most: int) -> int:
    """How many tokens may go through a model at once, `most` at most: a large vocabulary makes each of them dear."""
    return max(64, min(most, memory.LOGITS // config.vocab_size))
