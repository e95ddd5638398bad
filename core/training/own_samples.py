"""What a model writes when it is asked for nothing: drawn before it is taught something new, and read again meanwhile,
so that it forgets less (self-replay)."""

import json
from pathlib import Path

from core.files import write_atomically
from core.generation.rollouts import rollouts
from core.model import Transformer
from core.text import Tokenizer
from core.training.config import OWN_SAMPLES, TrainConfig

MOST = 512  # samples of a run
USUAL = 64  # tokens of a sample, about
BATCH = 64


def write_own_samples(folder: Path, model: Transformer, tokenizer: Tokenizer, config: TrainConfig) -> None:
    """Draw, at temperature 1, about as many tokens as the run will replay, and leave them in the folder of the run."""
    wanted = config.replay * config.batch_tokens * config.steps
    count = int(min(MOST, max(20, wanted // USUAL)))
    room = model.config.context_length - 1
    found: list[list[int]] = []
    for start in range(0, count, BATCH):
        seeds = [(config.seed << 32) + number for number in range(start, min(start + BATCH, count))]
        drawn = rollouts(model, [[tokenizer.eot]] * len(seeds), seeds, room, stop=(tokenizer.eot,))
        found += [[tokenizer.eot, *sample.ids] for sample in drawn if sample.ids]
    write_atomically(folder / OWN_SAMPLES, json.dumps(found).encode())
