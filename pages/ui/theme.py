"""The one visual identity. assets/theme.json holds the colours; this file gives them to figures and to components.

Figures are drawn with the light colours below. The `plot` component swaps each of them for its dark counterpart in the
browser, so that a theme switch needs no rerun; `style(fig, dark=True)` does the same for a native Streamlit chart.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from core.figures.palette import CATEGORIES, DARK, DIVERGING, LIGHT, ROLES, SEQUENTIAL, THEME

__all__ = ["CATEGORIES", "DARK", "DIVERGING", "LIGHT", "MARKS", "ROLES", "ROOT", "SEQUENTIAL", "THEME", "style"]

ROOT = Path(__file__).resolve().parents[2]

# The role colours in Markdown, as in ":blue[tokens]": .streamlit/config.toml gives these names those colours.
MARKS = {"token": "blue", "attention": "orange", "residual": "gray", "mlp": "green", "prediction": "violet"}


def _pairs(light: Any, dark: Any) -> dict[str, str]:
    if isinstance(light, str):
        return {light.lower(): dark}
    keys = light if isinstance(light, Mapping) else range(len(light))
    return {a: b for key in keys for a, b in _pairs(light[key], dark[key]).items()}


def _swap(value: Any, pairs: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return pairs.get(value.lower(), value)
    if isinstance(value, Mapping):
        return {key: _swap(item, pairs) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_swap(item, pairs) for item in value]
    return value


def style(fig: go.Figure, dark: bool | None = False) -> go.Figure:
    """A copy of `fig` in our fonts, colours and margins; `dark` swaps every palette colour for its dark counterpart.

    Needed only for native charts: the `plot` component dresses a figure by itself.
    """
    palette = DARK if dark else LIGHT
    pairs = _pairs(LIGHT, DARK) if dark else {}
    spec = fig.to_plotly_json()
    spec["layout"].pop("template", None)
    styled = go.Figure({"data": _swap(spec["data"], pairs), "layout": _swap(spec["layout"], pairs)})
    styled.update_layout(
        template=None,
        font={"family": THEME["fonts"]["text"], "size": 13, "color": palette["text"]},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        colorway=palette["categories"],
        margin={"l": 48, "r": 12, "t": 24, "b": 40},
    )
    styled.update_xaxes(gridcolor=palette["line"], zerolinecolor=palette["line"])
    styled.update_yaxes(gridcolor=palette["line"], zerolinecolor=palette["line"])
    return styled
