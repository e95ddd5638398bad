"""Which tokens of a prompt mattered for what comes next: four answers of four methods, and which of them is right.

All explain f = log P(token | prompt). Baseline: the mean of all token embeddings, which stands for "no word in
particular". Of lookups it is known which words the answer needs, so each method has an area under the ROC curve there.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.analysis.limits.abstaining import roc
from core.arrays import Floats
from core.intervals import mean_interval
from core.model import Checkpoint, Site, Tap, Transformer
from core.model.ids import checked_ids, checked_place
from core.prompting.examples import Interval, Report
from core.text import Tokenizer
from core.text.tinyland import lexicon
from core.text.tinyland.coined import SYLLABLES

STEPS = 32  # points of the path of integrated gradients
LOOKUPS, LINES = 40, 4


def put(embeddings: Tensor) -> Tap:
    """A tap that puts these embeddings (B, T, D) in the place of the model's own."""
    return lambda site, tensor: embeddings if site.name == "embed" else tensor


def log_probs(model: Transformer, embeddings: Tensor, token: int) -> Tensor:
    """f of each of a batch of embedded texts (B, T, D): (B,)."""
    ids = torch.zeros(embeddings.shape[:2], dtype=torch.int64, device=embeddings.device)
    logits: Tensor = model(ids, tap=put(embeddings))  # (B, T, V)
    return logits[:, -1].log_softmax(-1)[:, token]


def embedded(model: Transformer, ids: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The embeddings (T, D) of the prompt, and the baseline (D,)."""
    table = model.embed.weight.detach()
    return table[torch.tensor(checked_ids(ids, model.config), device=table.device)], table.mean(0)


@torch.inference_mode()
def leave_one_out(model: Transformer, ids: Sequence[int], token: int) -> Floats:
    """(T,): how much lower f is when the token gives way to the baseline."""
    x, baseline = embedded(model, ids)
    rows = x.repeat(len(x) + 1, 1, 1)  # (T + 1, T, D): the last row is whole
    rows[torch.arange(len(x)), torch.arange(len(x))] = baseline
    found = log_probs(model, rows, token).double()
    return (found[-1] - found[:-1]).cpu().numpy()


def gradients(model: Transformer, embeddings: Tensor, token: int) -> Tensor:
    """df/dx of each of a batch of embedded texts: (B, T, D)."""
    with torch.enable_grad():
        x = embeddings.detach().clone().requires_grad_()
        (found,) = torch.autograd.grad(log_probs(model, x, token).sum(), x)
    return found


def gradient_input(model: Transformer, ids: Sequence[int], token: int) -> Floats:
    """(T,): the gradient times the embedding, summed over its numbers."""
    x, _ = embedded(model, ids)
    return (gradients(model, x[None], token)[0] * x).sum(-1).double().cpu().numpy()


def integrated_gradients(model: Transformer, ids: Sequence[int], token: int, steps: int = STEPS) -> Floats:
    """(T,): the gradient's mean on the straight way from the baseline, times the way (Sundararajan et al. 2017). The
    sum is f here less f at the baseline, up to the error of `steps` Gauss–Legendre points."""
    x, baseline = embedded(model, ids)
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    places = torch.tensor((nodes + 1) / 2, dtype=x.dtype, device=x.device)[:, None, None]
    mean = torch.tensor(weights / 2, dtype=x.dtype, device=x.device)[:, None, None]
    path = baseline + places * (x - baseline)  # (S, T, D)
    average = (mean * gradients(model, path, token)).sum(0)  # (T, D)
    return (average * (x - baseline)).sum(-1).double().cpu().numpy()


@torch.inference_mode()
def attention(model: Transformer, ids: Sequence[int], _token: int) -> Floats:
    """(T,): how much the last token looks at each, the mean of all heads of all layers. It does not ask what the
    token is."""
    found: list[Tensor] = []

    def keep(site: Site, tensor: Tensor) -> Tensor:
        if site.name == "pattern":
            found.append(tensor[0, :, -1].double())  # (H, T)
        return tensor

    model.last_logits(torch.tensor([checked_ids(ids, model.config)], device=model.embed.weight.device), tap=keep)
    return torch.stack(found).mean((0, 1)).cpu().numpy()


EXPLAIN: dict[str, Callable[[Transformer, Sequence[int], int], Floats]] = {
    "leave one out": leave_one_out,
    "gradient × input": gradient_input,
    "integrated gradients": integrated_gradients,
    "attention": attention,
}
METHODS = tuple(EXPLAIN)


def explain(model: Transformer, ids: Sequence[int], token: int, method: str) -> Floats:
    """What each token of the prompt did for `token` by one of METHODS: (T,). ValueError: no such method or token, no
    ids, or more than fit."""
    if method not in EXPLAIN:
        raise ValueError(f"a method is one of {', '.join(METHODS)}")
    checked_place("token", token, model.config.vocab_size)
    return EXPLAIN[method](model, ids, token)


# ---- which of them can be trusted ----


@dataclass(frozen=True)
class Lookup:
    """A register and a question: `needed` are the positions without which nobody can know the answer, in the entry and
    in the question."""

    ids: tuple[int, ...]
    answer: int
    needed: tuple[int, ...]


@dataclass(frozen=True)
class Trust:
    """Over lookups that the model does right: the mean area of each method, with its 95 % interval (Student)."""

    area: dict[str, Interval]
    right: int
    asked: int


def lookups(tokenizer: Tokenizer, count: int, seed: int = 0) -> list[Lookup]:
    """`count` registers as Tinyland has them, whose names are made up: "Hats of the dragons:", "Banzolik: red", …, and
    at last the question "Banzolik?", in that order or another."""
    return [_lookup(tokenizer, random.Random(f"lookup {seed} {i}")) for i in range(count)]


def _lookup(tokenizer: Tokenizer, dice: random.Random) -> Lookup:
    names = ["".join(dice.choices(SYLLABLES, k=4)).capitalize() for _ in range(LINES)]
    values = [str(colour) for colour in dice.sample(lexicon.COLOURS, LINES)]
    asked = dice.randrange(LINES)
    lines = [f"\n{name}: {value}" for name, value in zip(names, values, strict=True)]
    text = "Hats of the dragons:" + "".join(lines) + f"\n{names[asked]}?"
    line = text.index(lines[asked])
    spans = [(line + 1, line + len(lines[asked])), (len(text) - len(names[asked]) - 1, len(text) - 1)]
    needed = [  # the name and its value in the entry without the colon, and the name in the question
        i
        for i, piece in enumerate(tokenizer.pieces(text), start=1)
        if any(piece.start < end and piece.end > start for start, end in spans)
        and piece.bytes.strip() not in (b":", b"")
    ]
    ids = tokenizer.encode(text)
    return Lookup((tokenizer.eot, *ids), tokenizer.encode(f"{text} {values[asked]}")[len(ids)], tuple(needed))


def trust(checkpoint: Checkpoint, count: int = LOOKUPS, report: Report = lambda *_: None) -> Trust:
    """The areas: the size of what a method says of each token but the first, against what is needed. ValueError: the
    model does fewer than two lookups right."""
    model = checkpoint.model
    cases = lookups(checkpoint.tokenizer, count)
    if max(len(one.ids) for one in cases) > checkpoint.config.context_length:
        raise ValueError("a register does not fit its context")
    right = [one for one in cases if does_right(model, one)]
    if len(right) < 2:
        raise ValueError(f"of {count} registers it looks {len(right)} up right, and an explanation needs an answer")
    areas: dict[str, list[float]] = {method: [] for method in METHODS}
    for place, one in enumerate(right):
        report(place / len(right), f"{place} of {len(right)} lookups")
        for method in METHODS:
            areas[method].append(area(explain(model, one.ids, one.answer, method), one.needed))
    means = {method: mean_interval(found) for method, found in areas.items()}
    return Trust({m: (float(a), float(b), float(c)) for m, (a, b, c) in means.items()}, len(right), count)


def area(said: Floats, needed: Sequence[int]) -> float:
    """The chance that a needed token is found to matter more than another; the start token is left aside."""
    truth = np.zeros(len(said), dtype=bool)
    truth[list(needed)] = True
    return roc(np.abs(said[1:]), truth[1:]).area


@torch.inference_mode()
def does_right(model: Transformer, one: Lookup) -> bool:
    """Whether the answer is the likeliest token."""
    ids = torch.tensor([one.ids], device=model.embed.weight.device)
    return int(model(ids)[0, -1].argmax()) == one.answer
