"""What a model writes when it is asked for nothing: drawn before it is taught something new, and read again meanwhile,
so that it forgets less (self-replay)."""

import json
from collections.abc import Sequence
from pathlib import Path

from core.files import write_atomically
from core.generation.rollouts import rollouts
from core.model import Transformer
from core.text import Tokenizer
from core.training.config import OWN_SAMPLES, TrainConfig

MOST = 512  # samples of a run
USUAL = 64  # tokens of a sample, about
BATCH = 64
LONGEST = 255  # tokens of a sample: a model made elsewhere may never end one


def write_own_samples(folder: Path, model: Transformer, tokenizer: Tokenizer, config: TrainConfig) -> None:
    """Draw, at temperature 1, about as many tokens as the run will replay, and leave them in the folder of the run."""
    wanted = config.replay * config.batch_tokens * config.steps
    count = int(min(MOST, max(20, wanted // USUAL)))
    seeds = [(config.seed << 32) + number for number in range(count)]
    found = own_samples(model, tokenizer, seeds, min(model.config.context_length - 1, LONGEST))
    write_atomically(folder / OWN_SAMPLES, json.dumps(found).encode())


def own_samples(model: Transformer, tokenizer: Tokenizer, seeds: Sequence[int], longest: int) -> list[list[int]]:
    """What it writes after the token that texts begin with, of at most so many tokens, for each seed."""
    found: list[list[int]] = []
    for start in range(0, len(seeds), BATCH):
        some = seeds[start : start + BATCH]
        drawn = rollouts(model, [[tokenizer.eot]] * len(some), some, longest, stop=tokenizer.stops)
        found += [[tokenizer.eot, *sample.ids] for sample in drawn if sample.ids]
    return found
