"""Figures of the page Prompting: what examples do, when that was learned, prompts side by side, words that mattered."""

from collections.abc import Mapping, Sequence

from core.figures.labels import folded, percent, plain
from core.figures.layout import LEGEND, SHARES, Figure, Spec, axis, bare, figure, line, powers, rows, vline
from core.figures.palette import CATEGORIES, LIGHT, ROLES
from core.figures.traces import Interval, band, bars, intervals, points, row_bars, values_of

ROOM = {"l": 60, "r": 16, "t": 56, "b": 48}
COLOURS = (ROLES["prediction"], ROLES["attention"], *CATEGORIES)
VEIL = 0.18


def by_examples(
    curves: Mapping[str, Sequence[Interval]], bayesian: Sequence[Interval], share: bool, at: int | None = None,
    between: Sequence[tuple[float, float]] = (),
) -> Figure:  # fmt: skip
    """Each curve against the number of examples, 0, 1, …, with intervals; `share`: of games, else mean nats. `between`:
    for 0, 1, … examples, the worst and the best order of them, around the first curve; `at`: a line there."""
    x = list(range(len(bayesian)))
    traces = _between(between)
    traces.append(
        points(x, values_of(bayesian), "lines+markers", name="the exact Bayesian",
               line=line(LIGHT["text"], 1.5, "dash"), marker={"size": 5}, hovertemplate=_hover("the Bayesian", share))
    )  # fmt: skip
    traces += [_curve(x, name, values, colour, share) for (name, values), colour in zip(
        curves.items(), COLOURS, strict=False)]  # fmt: skip
    return figure(
        traces,
        margin=ROOM,
        legend=LEGEND,
        shapes=[] if at is None else [vline(at, line(LIGHT["muted"], 1, "dot"))],
        xaxis=bare("examples before the case", tickvals=x, range=[-0.3, x[-1] + 0.3]),
        yaxis=_measure(share),
    )


def by_step(
    steps: Sequence[int], curves: Mapping[str, Sequence[Interval]], induction: Sequence[float], at: int
) -> Figure:
    """Shares right at each training step, a line for each number of examples, and the highest induction score."""
    x = [max(step, 0.5) for step in steps]
    traces = [
        _curve(x, name, values, colour, True)
        for (name, values), colour in zip(curves.items(), COLOURS[2:], strict=False)
    ]  # fmt: skip
    traces.append(
        points(x, list(induction), "lines+markers", name="induction score of the best head",
               line=line(ROLES["attention"], 2, "dot"), marker={"size": 5, "symbol": "square"},
               hovertemplate="induction score %{y:.2f}<extra></extra>")
    )  # fmt: skip
    return figure(
        traces,
        margin=ROOM,
        legend=LEGEND,
        shapes=[vline(max(at, 0.5), line(LIGHT["muted"], 1, "dot"))],
        xaxis=bare("training step") | powers(max(steps), 0.5),
        yaxis=axis("games done right") | SHARES,
    )


def rates(
    names: Sequence[str], values: Sequence[Interval], title: str = "cases done right", chance: float = -1
) -> Figure:
    """A bar for each name, with its interval; a line at `chance`."""
    shown = row_bars(values_of(values), ROLES["prediction"], [percent(value) for value in values_of(values)],
                     error_x=intervals(values, thickness=1.2, width=4), hovertemplate="%{x:.1%}<extra></extra>",
                     textposition="auto", insidetextanchor="start", textangle=0)  # fmt: skip
    return figure(
        [shown],
        margin={"l": 24, "r": 16, "t": 8, "b": 44},
        bargap=0.35,
        shapes=[vline(chance, line(LIGHT["muted"], 1.5, "dash"))] if chance >= 0 else [],
        xaxis=axis(title, tickformat=".0%", range=[0, 1.02]),
        yaxis=rows([folded(name) for name in names], automargin=True),
    )


def budget(parts: Mapping[str, tuple[int, int]], context: int) -> Figure:
    """Parts of a prompt in their order as one bar: (tokens, how many of them are inside the window, which ends at the
    right)."""
    traces, at = [], 0
    for (name, (tokens, inside)), colour in zip(parts.items(), CATEGORIES, strict=False):
        lost = (tokens - inside, LIGHT["line"], f"{name}, fallen out")
        for width, look, said in (lost, (inside, colour, name)):
            if width:
                hover = f"{said}: {width:,} tokens<extra></extra>"
                place = {"orientation": "h", "base": [at], "marker": {"color": look}}
                traces.append(bars([width], [0], name=said, hovertemplate=hover, **place))
            at += width
    return figure(
        traces,
        barmode="overlay",
        margin={"l": 16, "r": 16, "t": 56, "b": 44},
        legend=LEGEND,
        shapes=[vline(max(0, at - context), line(LIGHT["text"], 2, "dot"))],
        xaxis=axis("tokens, the oldest first", range=[0, max(at, context) * 1.01]),
        yaxis={"visible": False, "fixedrange": True},
    )


def by_length(tokens: Sequence[float], curves: Mapping[str, Sequence[Interval]], context: int) -> Figure:
    """Shares right against the length of the prompt, a line for each place; a line where the window ends."""
    traces = [_curve(tokens, f"the story {'in' if name == 'middle' else 'at'} the {name}", values, colour, True)
              for (name, values), colour in zip(curves.items(), COLOURS, strict=False)]  # fmt: skip
    return figure(
        traces,
        margin=ROOM,
        legend=LEGEND,
        shapes=[vline(context, line(LIGHT["muted"], 1.5, "dot"))],
        xaxis=bare("tokens of the whole prompt", rangemode="tozero"),
        yaxis=axis("questions answered right") | SHARES,
    )


def outcomes(shares: Mapping[str, Mapping[str, float]]) -> Figure:
    """For each name the shares of what came of it, stacked to one."""
    names = list(shares)
    kinds = list(next(iter(shares.values())))
    looks = (ROLES["attention"], ROLES["prediction"], CATEGORIES[2], LIGHT["muted"])
    traces = [
        bars([shares[name][kind] for name in names], list(range(len(names))), orientation="h", name=kind,
             marker={"color": colour}, hovertemplate=f"%{{x:.0%}} {kind}<extra></extra>")
        for kind, colour in zip(kinds, looks, strict=False)
    ]  # fmt: skip
    return figure(
        traces,
        barmode="stack",
        bargap=0.3,
        margin={"l": 24, "r": 16, "t": 40, "b": 36},
        legend=LEGEND | {"traceorder": "normal"},
        xaxis=axis(tickformat=".0%", range=[0, 1]),
        yaxis=rows([folded(name, 3) for name in names], automargin=True),
    )


def _curve(x: Sequence[float], name: str, values: Sequence[Interval], colour: str, share: bool) -> Spec:
    shown = plain(name, 40)
    return points(
        list(x), values_of(values), "lines+markers", name=shown, line=line(colour, 2.5), marker={"size": 7},
        error_y=intervals(values, thickness=1, width=3), hovertemplate=_hover(shown, share),
    )  # fmt: skip


def _between(ends: Sequence[tuple[float, float]]) -> list[Spec]:
    """The area between the worst and the best order."""
    if not ends:
        return []
    low, high = zip(*ends, strict=True)
    return [band(list(range(len(ends))), low, high, name="worst to best order", fillcolor=ROLES["prediction"],
                 opacity=VEIL)]  # fmt: skip


def _hover(name: str, share: bool) -> str:
    return f"{name}: " + ("%{y:.1%}" if share else "%{y:.2f} nats") + "<extra></extra>"


def _measure(share: bool) -> Spec:
    return axis("games done right") | SHARES if share else axis("log-probability of the outcome, nats", nticks=6)
