"""How strongly a model can be steered before it breaks: what it writes at one strength after another.

Activation addition: Turner et al. 2023, arXiv:2308.10248. What is written is judged by the same model unsteered (how
surprised it is), by Tinyland's grammar (how far it can be read), and by the words of a category.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from core.analysis.interventions.directions import mentions
from core.analysis.interventions.intervene import SAMPLE_SEED, Intervened, steering_edit
from core.analysis.skills.cases import story_openings
from core.generation import greedy_batch
from core.intervals import mean_interval
from core.model import Checkpoint, Transformer
from core.model.padding import pad
from core.text import tinyland

BROKEN = 1.0  # nats per token above the unsteered text: each token e times less likely
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
LOOKED_AT = 400  # stories among which openings of one length are sought


@dataclass(frozen=True)
class Written:
    """What was written at one strength, from every opening, and (mean, low, high) over the texts, 95 % intervals.

    nats: the unsteered model's surprise per new token. read: the share of the new characters up to which Tinyland's
    grammar can follow. mentions: words of the category in a hundred tokens (None without a category).
    """

    strength: float
    texts: tuple[str, ...]
    nats: tuple[float, float, float]
    read: tuple[float, float, float]
    mentions: tuple[float, float, float] | None


def openings(checkpoint: Checkpoint, count: int) -> list[list[int]]:
    """First sentences of Tinyland stories (ids), all of the same length so that they run as one batch: the commonest
    length among LOOKED_AT stories, at most `count` of them."""
    stories = tinyland.documents(SAMPLE_SEED + 1, stop=LOOKED_AT, weights={"story": 1})
    by_length: dict[int, list[list[int]]] = defaultdict(list)
    for case in story_openings(checkpoint.tokenizer, stories):
        by_length[len(case.ids)].append(case.ids)
    return max(by_length.values(), key=len)[:count]


def write_steered(
    checkpoint: Checkpoint,
    layer: int,
    direction: Tensor,
    prompts: Sequence[Sequence[int]],
    new_tokens: int,
    category: str | None = None,
    strengths: Sequence[float] = STRENGTHS,
) -> Iterator[Written]:
    """Continue all prompts greedily at each strength, steering along direction (D,) into block `layer`.

    prompts: ids, of one length (as `openings` gives them), at least two. Lazily: one `Written` when it is done.
    """
    tokenizer = checkpoint.tokenizer
    for strength in strengths:
        model = (
            Intervened(checkpoint.model, [steering_edit(layer, strength * direction)]) if strength else checkpoint.model
        )
        rows = greedy_batch(model, prompts, new_tokens, (tokenizer.eot,))
        texts = tuple(tokenizer.decode([id for id in row if id != tokenizer.eot]) for row in rows)
        starts = [tokenizer.decode(prompt[1:]) for prompt in prompts]
        yield Written(
            strength,
            texts,
            _interval(surprise(checkpoint.model, prompts, rows)),
            _interval([read_share(start, text) for start, text in zip(starts, texts, strict=True)]),
            None
            if category is None
            else _interval([100 * mentions(t, category) / len(row) for t, row in zip(texts, rows, strict=True)]),
        )


def breaks_between(written: Sequence[Written]) -> tuple[float, float] | None:
    """The last strength before, and the first at which the text is more than BROKEN nats per token above the first.

    None when it never is. `written` in order of strength, the first unsteered.
    """
    for before, after in pairwise(written):
        if after.nats[0] > written[0].nats[0] + BROKEN:
            return before.strength, after.strength
    return None


@torch.inference_mode()
def surprise(model: Transformer, prompts: Sequence[Sequence[int]], rows: Sequence[Sequence[int]]) -> list[float]:
    """Mean -ln p in nats that the model gives the tokens of each row, which continue prompts of one length P."""
    whole = pad([*prompt, *row] for prompt, row in zip(prompts, rows, strict=True))
    ids = whole[:, : model.config.context_length]  # (B, T)
    logs = model(ids).log_softmax(dim=-1)[:, :-1].gather(2, ids[:, 1:, None])[..., 0]  # (B, T - 1)
    start = len(prompts[0]) - 1
    return [float(-log[start : start + len(row)].mean()) for log, row in zip(logs, rows, strict=True)]


def read_share(start: str, text: str) -> float:
    """The share of `text` up to which Tinyland's grammar can follow a story that begins with `start`; 1 for all."""
    reached = tinyland.parse(start + text, {"story": 1}).failed_at
    return min(max(reached - len(start), 0) / len(text), 1.0) if text else 1.0


def _interval(values: Sequence[float]) -> tuple[float, float, float]:
    mean, low, high = mean_interval(values)
    return float(mean), float(low), float(high)
