"""What the embeddings page reads again and again: computed once, in the background, for all visitors."""

from collections.abc import Hashable
from typing import Any

import numpy as np

from core.analysis.embeddings import analogies, projection, words
from core.analysis.embeddings.words import Words
from pages.ui import background, cache
from pages.ui.view import View

SHUFFLES = 20  # of the groups, for what chance would give


def key(view: View, *parts: Hashable) -> tuple[Hashable, ...]:
    return (*parts, view.name, cache.stamp(view.name))


def table(view: View) -> np.ndarray:
    """The embeddings at this step, (V, D) float32; shared: copy before changing."""
    return view.checkpoint.model.embed.weight.detach().numpy()


def tables(view: View) -> np.ndarray | None:
    """The embeddings at every kept step, (S, V, D) float32; None while they are read."""
    checkpoint = view.checkpoint
    return background.compute(
        key(view, "tables"), lambda report: words.tables(checkpoint, report), "Reading the embeddings of every step"
    )


def vectors_to_compare(view: View, compare: str) -> tuple[np.ndarray, np.ndarray] | None:
    """The vectors to compare, (V, D), and their lengths (V,); None while they are made."""
    model = view.checkpoint.model

    def work(_report: background.Report) -> tuple[np.ndarray, np.ndarray]:
        rows = words.spoken_rows(model) if compare == "as spoken" else model.embed.weight.detach().numpy()
        return rows, np.linalg.norm(rows, axis=1)

    return background.compute(key(view, "vectors", view.step, compare), work, "Preparing the table")


def unit_rows(view: View) -> np.ndarray | None:
    """The embeddings (V, D) at length 1; None while they are made."""
    rows = table(view)
    return background.compute(key(view, "unit", view.step), lambda _: analogies.unit(rows), "Preparing the table")


def journey(view: View, found: Words, method: projection.Method, dims: int) -> projection.Journey | None:
    """The maps of the words at every step; None while they are drawn."""
    rows = tables(view)
    if rows is None:
        return None
    return background.compute(
        key(view, "journey", method, dims),
        lambda report: projection.journey(list(rows[:, list(found.ids)]), method, dims, report),  # of (S, N, D)
        f"Drawing the {method} map",
        slow=method != "PCA",
    )


def silhouettes(view: View, found: Words) -> dict[str, Any] | None:
    """Mean silhouettes at every step: "mean" (S,), "groups" {name: (S,)}, "chance" (S, 2), "n".

    "chance" is the range over SHUFFLES shuffles of the groups. An empty dict when fewer than two groups are known;
    None while they are computed.
    """
    rows = tables(view)
    if rows is None:
        return None
    return background.compute(
        key(view, "silhouettes"), lambda report: _silhouettes(rows, found, report), "Measuring the groups"
    )


def _silhouettes(rows: np.ndarray, found: Words, report: background.Report) -> dict[str, Any]:
    known = found.known
    labels, rows = np.array(found.groups)[known], rows[:, np.array(found.ids)[known]]  # (n,), (S, n, D)
    names = np.unique(labels)
    if len(names) < 2:
        return {}
    dice = np.random.default_rng(0)
    dealt = [dice.permutation(labels) for _ in range(SHUFFLES)]
    each, chance = [], []
    for s, step in enumerate(rows):
        report(s / len(rows), f"step {s + 1} of {len(rows)}")
        each.append(projection.silhouettes(step, labels.tolist()))
        by_chance = [projection.silhouettes(step, random.tolist()).mean() for random in dealt]
        chance.append((min(by_chance), max(by_chance)))
    values = np.stack(each)  # (S, n)
    groups = {str(name): values[:, labels == name].mean(axis=1) for name in names}
    return {"mean": values.mean(axis=1), "groups": groups, "chance": np.array(chance), "n": len(labels)}
