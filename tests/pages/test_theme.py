"""One identity: the two themes have the same shape, config.toml agrees, and colours can be told apart and read."""

import tomllib

import pytest

from pages.ui.theme import DARK, LIGHT, MARKS, ROOT, THEME

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_streamlit_has_our_colours(name):
    ours, theirs = THEME[name], CONFIG["theme"][name]
    assert theirs["backgroundColor"] == ours["background"]
    assert theirs["secondaryBackgroundColor"] == ours["surface"]
    assert theirs["textColor"] == ours["text"]
    assert theirs["primaryColor"] == ours["primary"]
    assert theirs["chartCategoricalColors"] == ours["categories"]
    for role, mark in MARKS.items():
        assert theirs[f"{mark}Color"] == theirs[f"{mark}TextColor"] == ours["roles"][role]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_roles_can_be_read(theme):
    assert contrast(theme["text"], theme["background"]) > 7
    for colour in [theme["muted"], theme["primary"], *theme["roles"].values()]:
        for ground in (theme["background"], theme["surface"]):
            assert contrast(colour, ground) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_scales_are_monotonic_in_lightness(theme):
    """What survives grey printing and every kind of colour blindness is lightness."""
    steps = [contrast(colour, theme["background"]) for colour in theme["sequential"]]
    assert steps == sorted(steps) and steps[0] == pytest.approx(1)
    middle = len(theme["diverging"]) // 2
    arms = [contrast(colour, theme["background"]) for colour in theme["diverging"]]
    assert arms[middle:] == sorted(arms[middle:]) and arms[: middle + 1] == sorted(arms[: middle + 1], reverse=True)


def test_no_light_colour_has_two_dark_ones():
    seen: dict[str, str] = {}

    def walk(light, dark):
        if isinstance(light, str):
            assert seen.setdefault(light, dark) == dark, light
        else:
            for key in light if isinstance(light, dict) else range(len(light)):
                walk(light[key], dark[key])

    walk(LIGHT, DARK)


def test_fonts_are_served_from_here():
    for face in CONFIG["theme"]["fontFaces"]:
        assert (ROOT / face["url"].lstrip("/")).read_bytes()[:4] == b"wOF2"
