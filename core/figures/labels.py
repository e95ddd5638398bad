"""How tokens and numbers are written in every figure."""

import textwrap

LABEL = 16  # characters of a token that an axis shows
WIDE = 22  # characters of a line of a name: on a phone a longer one leaves no room for the figure


def plain(label: str, limit: int = LABEL) -> str:
    """A label as plotly must show it: short, and with its markup language switched off, for it may be a visitor's."""
    short = label if len(label) <= limit else label[: limit - 1] + "…"
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def folded(name: str, most: int = 2) -> str:
    """A name before a row: in `most` lines at the most, where it is long."""
    lines = textwrap.wrap(name, WIDE, max_lines=most, placeholder=" …")
    return "<br>".join(plain(one, WIDE) for one in lines)


def percent(p: float) -> str:
    """Per cent with two significant digits: 0.4321 is "43 %", 0.005 is "0.50 %"; nothing under a thousandth of one.

    Only certainty is "100 %". `percent` in assets/components/shared/numbers.js writes the same.
    """
    whole = 100 * p
    if whole < 0.001:
        return "< 0.001 %" if whole > 0 else "0 %"
    if 99.5 <= whole < 100:
        return "> 99 %"
    if whole >= 9.95:
        return f"{whole:.0f} %"
    return f"{whole:.1f} %" if whole >= 0.995 else f"{whole:#.2g} %"


def change(before: float, after: float) -> str:
    """Two shares in per cent, with the decimals that tell them apart: "18.45 → 19.12 %", "18.4512 → 18.4513 %"."""
    if before == after:
        return f"{100 * before:.2f} %, as before"
    for decimals in range(2, 7):
        first, second = f"{100 * before:.{decimals}f}", f"{100 * after:.{decimals}f}"
        if first != second:
            return f"{first} → {second} %"
    return f"{100 * before:.2f} %, hardly changed"
