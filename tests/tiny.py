"""A tiny model with random weights and three steps of life: what the page and browser tests look at.

python -m tests.tiny runs/tiny      # makes one by hand
"""

import sys
from pathlib import Path

from core.text import Tokenizer, train_bpe

STEPS = (0, 10, 200)
CONTEXT = 64
SENTENCES = [
    "Mia gave the red ball to Tom because she was tired. Tom thanked her.",
    "The baker in the small town has a brown dog. The dog likes bread.",
] * 4


def make_checkpoint(folder: Path) -> None:
    """Writes the tiny checkpoint, the same each time."""
    import torch

    from core.model import ModelConfig, Transformer, save_checkpoint, save_snapshot

    tokenizer = Tokenizer.from_bpe(train_bpe(SENTENCES, 300), "tiny")
    shape = {"vocab_size": tokenizer.vocab_size, "context_length": CONTEXT, "n_layers": 2, "n_heads": 2, "d_model": 16}
    model = Transformer(ModelConfig(**shape))
    for step in STEPS:
        generator = torch.Generator().manual_seed(step)
        with torch.no_grad():
            for weight in model.parameters():
                weight.normal_(0, 0.3, generator=generator)
        save_snapshot(folder, step, model)
    stages = [{"name": "pretrain", "first_step": 0}, {"name": "sft", "first_step": STEPS[1]}]
    save_checkpoint(folder, model, tokenizer, {"name": "tiny", "steps": STEPS[-1], "stages": stages})


if __name__ == "__main__":
    make_checkpoint(Path(sys.argv[1]))
