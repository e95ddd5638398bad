"""The one visual identity. assets/theme.json holds the colours; this file gives them to figures and to components.

Figures are drawn with the light colours below. The `plot` component swaps each of them for its dark counterpart in the
browser, so that a theme switch needs no rerun.
"""

from pathlib import Path

from core.figures.palette import CATEGORIES, DARK, DIVERGING, LIGHT, ROLES, SEQUENTIAL, THEME

__all__ = ["CATEGORIES", "DARK", "DIVERGING", "LIGHT", "MARKS", "ROLES", "ROOT", "SEQUENTIAL", "THEME"]

ROOT = Path(__file__).resolve().parents[2]

# The role colours in Markdown, as in ":blue[tokens]": .streamlit/config.toml gives these names those colours.
MARKS = {"token": "blue", "attention": "orange", "residual": "gray", "mlp": "green", "prediction": "violet"}
