"""How likely a model finds an answer after a prompt, and whether greedy decoding would write just this answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.analysis.skills.exact import BATCH_TOKENS, Asked, Passage, ask
from core.arrays import Floats
from core.brief import Brief
from core.model import Transformer
from core.model.padding import pad
from core.text import Tokenizer
from core.text.tinyland import Span


@dataclass(frozen=True, eq=False, repr=False)
class Scores(Brief):
    """Of N answers: log_prob (N,), nats, of each with its end; right (N,): whether greedy decoding writes it."""

    log_prob: Floats
    right: NDArray[np.bool_]


def after(tokenizer: Tokenizer, prompt: str, answer: str) -> Asked:
    """`answer` asked for after `prompt`, which ends where it begins, with a space between them if it needs one."""
    return ask(tokenizer, prompt + answer, [Span(len(prompt), len(prompt + answer), answer.strip())])


@torch.inference_mode()
def score(model: Transformer, tokenizer: Tokenizer, asked: Sequence[Asked]) -> Scores:
    """Of the last passage of each text. ValueError: one does not fit the context."""
    log_prob, right = np.zeros(len(asked)), np.zeros(len(asked), dtype=bool)
    order = sorted(range(len(asked)), key=lambda i: len(asked[i].ids))
    enders = {one.passages[-1].ends: ending(tokenizer, one.passages[-1].ends) for one in asked}
    while order:
        size = max(1, BATCH_TOKENS // len(asked[order[-1]].ids))
        rows, order = order[-size:], order[:-size]
        ids = pad(asked[i].ids for i in rows).to(model.embed.weight.device)  # (B, T)
        logits = model(ids)  # (B, T, V)
        for i, row in zip(rows, logits, strict=True):
            passage = asked[i].passages[-1]
            log_prob[i], right[i] = _score(row, asked[i].ids, passage, enders[passage.ends])
    return Scores(log_prob, right)


def ending(tokenizer: Tokenizer, ends: tuple[bytes, ...]) -> torch.Tensor:
    """The tokens that may follow an answer: those that begin with one of `ends` (all, if it is empty)."""
    found = [id for id in range(tokenizer.vocab_size) if not ends or tokenizer.token_bytes(id).startswith(ends)]
    return torch.tensor(found)


def _score(logits: torch.Tensor, ids: Sequence[int], passage: Passage, enders: torch.Tensor) -> tuple[float, bool]:
    """logits (T, V) of one text -> (log-probability, would be written)."""
    first, last = passage.first, passage.last
    said = logits[first - 1 : last + 1].double().log_softmax(-1)  # (A + 1, V): each token, and what follows
    answer = torch.tensor(ids[first : last + 1], device=said.device)
    total = said[:-1].gather(1, answer[:, None]).sum() + said[-1, enders].logsumexp(0)
    likeliest = said.argmax(-1)
    written = bool((likeliest[:-1] == answer).all()) and int(likeliest[-1]) in enders.tolist()
    return float(total), written
