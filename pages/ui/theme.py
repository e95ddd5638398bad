"""The one visual identity. assets/theme.json holds the colours; this file gives them to figures and to components.

Figures are drawn with the light colours below. The `plot` component swaps each of them for its dark counterpart in the
browser, so that a theme switch needs no rerun.
"""

from pathlib import Path

from core.figures.palette import CATEGORIES, DARK, DIVERGING, LIGHT, ROLES, SEQUENTIAL, THEME

__all__ = ["CATEGORIES", "DARK", "DIVERGING", "ICON", "LIGHT", "MARKS", "ROLES", "ROOT", "SEQUENTIAL", "STYLE", "THEME"]

ROOT = Path(__file__).resolve().parents[2]
ICON = (ROOT / "assets" / "icon.svg").read_text(encoding="utf-8")
STYLE = f"<style>{(ROOT / 'pages' / 'ui' / 'page.css').read_text(encoding='utf-8')}</style>"

# The role colours in Markdown, as in ":blue[tokens]": .streamlit/config.toml gives these names those colours.
MARKS = {"token": "blue", "attention": "orange", "residual": "gray", "mlp": "green", "prediction": "violet"}
