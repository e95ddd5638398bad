"""A figure in a notebook: as plotly's own object, in our fonts and colours. Only here is plotly imported."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.figures.layout import Figure
from core.figures.palette import DARK, LIGHT, THEME

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as Shown


def show(figure: Figure, dark: bool = False) -> "Shown":
    """`figure`, checked against plotly's schema and dressed as on the pages; `dark` swaps every palette colour."""
    import plotly.graph_objects as go

    palette, pairs = (DARK, _pairs(LIGHT, DARK)) if dark else (LIGHT, {})
    shown = go.Figure(_swap(figure, pairs))
    shown.update_layout(
        template=None,
        font={"family": THEME["fonts"]["text"], "size": 13, "color": palette["text"]},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        colorway=palette["categories"],
    )
    shown.update_xaxes(automargin=True, gridcolor=palette["line"], zerolinecolor=palette["line"])
    shown.update_yaxes(automargin=True, gridcolor=palette["line"], zerolinecolor=palette["line"])
    return shown


def _pairs(light: Any, dark: Any) -> dict[str, str]:
    """Each light colour with its dark one."""
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
