"""The probability of each of many answers: all of them are followed at once, what they have in common only once.

A beginning that is less likely than LEAST is not followed further: what it has is shared among the answers that go on
from it. So nothing is lost, and the sum over all answers is exact.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from core.arrays import Floats
from core.generation.streaming import empty_cache, rows_of
from core.model import Transformer

LEAST = 1e-4
TOGETHER = 4  # prompts at once


@dataclass
class Node:
    """A beginning that some answers share: what may follow it, the number of the answer that ends here, and of all that
    go on from here."""

    after: dict[int, "Node"] = field(default_factory=dict)
    answer: int | None = None
    answers: list[int] = field(default_factory=list)


def tree_of(answers: Sequence[Sequence[int]]) -> Node:
    """The answers, token by token. ValueError: one is empty, or is another or its beginning."""
    root = Node()
    for number, ids in enumerate(answers):
        node = root
        for id in ids:
            if node.answer is not None:
                raise ValueError("an answer is the beginning of another: end each with what only the whole one has")
            node = node.after.setdefault(id, Node())
            node.answers.append(number)
        if node is root or node.after or node.answer is not None:
            raise ValueError("an answer is empty, or stands twice, or is the beginning of another")
        node.answer = number
    return root


@torch.inference_mode()
def answer_log_probs(
    model: Transformer,
    prompts: Sequence[Sequence[int]],
    answers: Sequence[Sequence[int]],
    report: Callable[[float], object] = lambda _: None,
    least: float = LEAST,
) -> Floats:
    """log P(answer | prompt) of every answer after every prompt, (P, A), in nats. Prompts of one length are asked
    together. ValueError: see `tree_of`."""
    found = np.full((len(prompts), len(answers)), -np.inf)
    longest, tree, done = max(map(len, answers)), tree_of(answers), 0
    for length in sorted({len(ids) for ids in prompts}):
        rows = [i for i, ids in enumerate(prompts) if len(ids) == length]
        for start in range(0, len(rows), TOGETHER):
            part = rows[start : start + TOGETHER]
            cache = empty_cache(model, len(part), length + longest)
            logits = model(torch.tensor([list(prompts[i]) for i in part]), cache=cache)[:, -1]  # (P, V)
            live = [(p, tree, 0.0) for p in part]
            while grown := _grow(live, logits.double().log_softmax(-1), found, math.log(least)):
                live = [(p, node, score) for p, node, score, _, _ in grown]
                cache = rows_of(cache, model, [row for _, _, _, row, _ in grown])
                logits = model(torch.tensor([[id] for *_, id in grown]), cache=cache)[:, -1]  # (R, V)
            done += len(part)
            report(done / len(prompts))
    return found


def _grow(
    live: Sequence[tuple[int, Node, float]], log_probs: Tensor, found: Floats, least: float
) -> list[tuple[int, Node, float, int, int]]:
    """One token further: those that go on, as (prompt, node, score, row of the batch, token); what ends is entered."""
    grown = []
    for row, (prompt, node, score) in enumerate(live):
        scores = log_probs[row, list(node.after)].tolist()
        for (id, child), more in zip(node.after.items(), scores, strict=True):
            if child.answer is not None:
                found[prompt, child.answer] = score + more
            elif score + more < least:
                found[prompt, child.answers] = score + more - math.log(len(child.answers))
            else:
                grown.append((prompt, child, score + more, row, id))
    return grown
