"""How far a model as we compute it is from `transformers` on the same files, where that is installed."""

from importlib.util import find_spec
from pathlib import Path

import torch

from core.model.checkpoint import Checkpoint
from core.model.description import CheckpointError
from core.model.stock.need import check_memory

PROBE = "The quick brown fox jumps over the lazy dog, twice: 1 + 1 = 2. Was it naïve?"


def installed() -> bool:
    """Whether there is a `transformers` to compare with."""
    return find_spec("transformers") is not None


def largest_difference(checkpoint: Checkpoint, text: str = PROBE) -> tuple[float, int]:
    """Between the logits of this model and of the stock class, over the tokens of a text; and how many those are.

    CheckpointError: no room for a second model, or `transformers` cannot read the folder.
    """
    check_memory(checkpoint.config, "float32")
    tokenizer = checkpoint.tokenizer
    ids = torch.tensor([[tokenizer.eot, *tokenizer.encode(text)][: checkpoint.config.context_length]])
    try:
        from transformers import AutoModelForCausalLM

        theirs = AutoModelForCausalLM.from_pretrained(
            Path(checkpoint.folder), dtype=torch.float32, local_files_only=True, use_safetensors=True
        )
    except Exception as error:  # whatever the library and the files come to
        raise CheckpointError(f"transformers cannot read it: {str(error).splitlines()[0][:200]}") from None
    with torch.inference_mode():
        found = (theirs(ids).logits - checkpoint.model(ids)).abs().max()
    return float(found), ids.shape[1]
