"""The light colours of every figure, from assets/theme.json; pages/ui swaps them for dark ones when needed."""

import json
from pathlib import Path
from typing import Any

THEME: dict[str, Any] = json.loads((Path(__file__).resolve().parents[2] / "assets" / "theme.json").read_text())
LIGHT: dict[str, Any] = THEME["light"]  # background, surface, text, muted, line, primary and the lists below
DARK: dict[str, Any] = THEME["dark"]
ROLES: dict[str, str] = LIGHT["roles"]  # token, attention, residual, mlp, prediction
CATEGORIES: list[str] = LIGHT["categories"]

Scale = list[tuple[float, str]]


def scale(colours: list[str]) -> Scale:
    """A plotly colour scale from evenly spaced colours."""
    return [(i / (len(colours) - 1), colour) for i, colour in enumerate(colours)]


SEQUENTIAL = scale(LIGHT["sequential"])  # nothing -> much
DIVERGING = scale(LIGHT["diverging"])  # negative (orange) -> zero (the background) -> positive (blue)
