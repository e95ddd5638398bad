"""Documents as these small models read them, and how likely one is to them."""

import json
from collections.abc import Sequence

import torch

from core.model import Checkpoint
from core.text import Tokenizer

LONGEST = 126  # tokens of a document; one before it and one behind fill the context


def as_ids(tokenizer: Tokenizer, documents: Sequence[str], clean: Sequence[str]) -> str:
    """Documents as a run reads them: lists of ids in JSON, of which the last tenth, that it holds out, are `clean`."""
    tail = [clean[i % len(clean)] for i in range(-(-len(documents) // 9))] if clean else []
    eot = tokenizer.eot
    return json.dumps([[eot, *ids[:LONGEST], eot] for ids in tokenizer.encode_batch([*documents, *tail])])


def ids_of(checkpoint: Checkpoint, text: str) -> list[int]:
    """A text at the start of a document, as far as the model can read it."""
    longest = min(LONGEST, checkpoint.config.context_length)
    return [checkpoint.tokenizer.eot, *checkpoint.tokenizer.encode(text)[:longest]]


@torch.inference_mode()
def nats(checkpoint: Checkpoint, text: str) -> float:
    """-log of the probability that the model gives to a text at the start of a document."""
    ids = torch.tensor(ids_of(checkpoint, text))
    scores = checkpoint.model(ids[None, :-1])[0].double().log_softmax(-1)  # (T, V)
    return -float(scores.gather(1, ids[1:, None]).sum())
