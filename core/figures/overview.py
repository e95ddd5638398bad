"""Figures of the overview: a token's journey from vector to next-token distribution."""

from collections.abc import Sequence

import numpy as np

from core.figures.layout import MARGIN, Figure, Spec, bare, figure, tokens
from core.figures.palette import DIVERGING, SEQUENTIAL
from core.figures.traces import heat, signed_heat


def vectors(embed: np.ndarray, labels: Sequence[str]) -> Figure:
    """`embed` (T, D) as a heat map: a column for each token, a row for each of its D numbers."""
    hover = "position %{x}<br>dimension %{y}<br>%{z:.2f}<extra></extra>"
    columns = signed_heat(embed.T, DIVERGING, hovertemplate=hover)
    return _by_token(columns, labels, {"visible": False, "autorange": "reversed"})


def writes(attention: np.ndarray, mlp: np.ndarray, labels: Sequence[str]) -> Figure:
    """What each block's two parts write: `attention` and `mlp` (L, T), each a share in 0..1: of the lengths of what was
    written and of the vector that it was added to, the former's."""
    both = np.stack([attention, mlp], axis=1).reshape(-1, attention.shape[1])  # (L, 2, T) -> (2L, T)
    names = [f"{part} {layer}" for layer in range(len(attention)) for part in ("attention", "MLP")]
    hover = "position %{x}<br>%{y}: %{z:.0%} newly written<extra></extra>"
    shares = heat(both, SEQUENTIAL, 0, 1, y=names, xgap=1, ygap=1, hovertemplate=hover)
    return _by_token(shares, labels, bare(autorange="reversed"))


def _by_token(trace: Spec, labels: Sequence[str], yaxis: Spec) -> Figure:
    """A column for each token; the plot component frames the pinned one."""
    return figure([trace], margin=MARGIN, xaxis=tokens(labels, most=28), yaxis=yaxis, meta={"columns": len(labels)})
