"""What fewer bits do to a model: its size, its loss, its skills, and which matrix suffers most."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.limits.bits import matrices, size_in_bytes, with_fewer_bits
from core.analysis.skills import spot_checks
from core.analysis.skills.cases import TEST_SEED, document_losses
from core.analysis.skills.chats import kinds_read
from core.arrays import Floats
from core.brief import Brief
from core.model import Checkpoint
from core.text import tinyland
from core.text.tinyland.document import Document

SHOWN = ("float32", "int8", "int4", "int3", "ternary")
ALONE = "int3"  # the grid on which each matrix is rounded alone
DOCUMENTS, CASES = 80, 40
Report = Callable[[float, str], object]


@dataclass(frozen=True, eq=False, repr=False)
class Rounding(Brief):
    """Of each grid of SHOWN: size (G,) bytes, loss (G,) nats per document, errors (G, M) of the matrices, right (G, S)
    cases of each skill and cases (S,) asked. floor: of the same documents. alone (M,): what rounding one matrix alone
    to ALONE adds to the loss."""

    size: Floats
    loss: Floats
    errors: Floats
    right: Floats
    cases: Floats
    floor: float
    alone: Floats


def rounding(checkpoint: Checkpoint, report: Report = lambda *_: None) -> Rounding:
    """All of it, on held-out documents and cases of Tinyland that fit the model."""
    model, tokenizer, texts = checkpoint.model, checkpoint.tokenizer, documents(checkpoint)
    names, steps = list(matrices(model)), len(SHOWN) * 4 + len(matrices(model))
    size, loss, errors, right, cases = [], [], [], [], np.zeros(len(spot_checks.SKILLS))
    for place, grid in enumerate(SHOWN):
        report(place * 4 / steps, f"{grid}: loss and skills")
        rounded, done = with_fewer_bits(model, grid)
        size.append(size_in_bytes(model, grid))
        loss.append(float(np.mean(document_losses(rounded, tokenizer, texts))))
        errors.append([one.error for one in done])
        shares = [spot_checks.measure(rounded, tokenizer, skill, CASES) for skill in spot_checks.SKILLS]
        right.append([share.right for share in shares])
        cases = np.array([share.n for share in shares], dtype=np.float64)
    alone = []
    for place, name in enumerate(names):
        report((len(SHOWN) * 4 + place) / steps, f"one matrix at a time: {place + 1} of {len(names)}")
        rounded, _ = with_fewer_bits(model, ALONE, name)
        alone.append(float(np.mean(document_losses(rounded, tokenizer, texts[: DOCUMENTS // 2]))))
    whole = float(np.mean(document_losses(model, tokenizer, texts[: DOCUMENTS // 2])))
    floor = -float(np.mean([d.log_prob for d in texts]))
    return Rounding(np.array(size), np.array(loss), np.array(errors), np.array(right, dtype=np.float64), cases, floor,
                    np.array(alone) - whole)  # fmt: skip


def documents(checkpoint: Checkpoint) -> list[Document]:
    """Held-out documents of what the model has read, DOCUMENTS of them at most, which it can read whole."""
    data, tokenizer = checkpoint.read, checkpoint.tokenizer
    drawn = tinyland.documents(TEST_SEED + 9, 0, 2 * DOCUMENTS, kinds_read(checkpoint), total=data.get("documents"))
    found = [d for d in drawn if len(tokenizer.encode(d.text)) + 2 <= checkpoint.config.context_length]
    return found[:DOCUMENTS]


def table(names: Sequence[str], values: Floats) -> tuple[list[str], list[str], Floats]:
    """Values of matrices, by name, as (kinds of matrices, layers, (K, L)); NaN where a layer has none of a kind."""
    parts = [name.removeprefix("blocks.").removesuffix(".weight") for name in names]
    found = {p: p.partition(".")[::2] if p[0].isdigit() else ("all", p) for p in parts}
    layers = list(dict.fromkeys(layer for layer, _ in found.values()))
    kinds = list(dict.fromkeys(kind for _, kind in found.values()))
    cells = np.full((len(kinds), len(layers)), np.nan)
    for part, value in zip(parts, values, strict=True):
        layer, kind = found[part]
        cells[kinds.index(kind), layers.index(layer)] = value
    return kinds, layers, cells
