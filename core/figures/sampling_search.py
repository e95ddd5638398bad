"""Figures of searching and drafting: beams that go on or are pruned, drafts that are taken or refused."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.figures.labels import percent, plain
from core.figures.palette import LIGHT, ROLES
from core.generation.beam import Candidate, Search
from core.generation.speculative import Round

STILL = {"zeroline": False, "fixedrange": True, "showgrid": False}


def best_path(search: Search) -> list[tuple[int, int]]:
    """(step, place among the candidates) of every token of the best beam."""
    ids = search.beams[0].ids
    at: list[tuple[int, int]] = []
    parent = 0
    for step, id in enumerate(ids):
        place = next(i for i, c in enumerate(search.steps[step]) if c.kept and c.id == id and c.parent == parent)
        at.append((step, place))
        open_ = [c for c in search.steps[step] if c.kept and not c.ended]
        chosen = search.steps[step][place]
        parent = open_.index(chosen) if chosen in open_ else 0
    return at


def _origin(search: Search, step: int, candidate: Candidate) -> tuple[float, float]:
    """Where the beam that a candidate continues is drawn: the `parent`-th beam that was still open."""
    if step == 0:
        return -1.0, 0.0
    open_ = [i for i, c in enumerate(search.steps[step - 1]) if c.kept and not c.ended]
    return step - 1.0, float(open_[candidate.parent])


def beams(search: Search, labels: dict[int, str]) -> go.Figure:
    """A column for each step, the likeliest candidate on top, each joined to what it continues; pruned ones grey."""
    best = set(best_path(search))
    figure = go.Figure()
    lines: dict[str, tuple[list[float | None], list[float | None]]] = {
        name: ([], []) for name in ("cut", "kept", "best")
    }
    marks: dict[str, list[tuple[float, float, str, str]]] = {name: [] for name in lines}
    for step, candidates in enumerate(search.steps):
        for place, candidate in enumerate(candidates):
            kind = "best" if (step, place) in best else "kept" if candidate.kept else "cut"
            x, y = _origin(search, step, candidate)
            lines[kind][0].extend((x + 0.3 if step else x + 0.75, step - 0.3, None))
            lines[kind][1].extend((y, place, None))
            name = plain(labels[candidate.id], 12)
            words = f"{name}: the text so far has log-probability {candidate.log_prob:.2f}"
            marks[kind].append((step, place, f"<b>{name}</b>" if kind == "best" else name, words))
    colours = {"cut": LIGHT["line"], "kept": LIGHT["muted"], "best": ROLES["prediction"]}
    names = {"cut": "pruned", "kept": "kept", "best": "the best in the end"}
    for kind, (xs, ys) in lines.items():
        figure.add_scatter(
            x=xs, y=ys, mode="lines", line={"color": colours[kind], "width": 2.5 if kind == "best" else 1.2},
            hoverinfo="skip", name=names[kind],
        )  # fmt: skip
        figure.add_scatter(
            x=[m[0] for m in marks[kind]], y=[m[1] for m in marks[kind]], text=[m[2] for m in marks[kind]], mode="text",
            customdata=[m[3] for m in marks[kind]], hovertemplate="%{customdata}<extra></extra>", showlegend=False,
            textfont={"color": colours[kind] if kind == "best" else LIGHT["muted" if kind == "cut" else "text"]},
        )  # fmt: skip
    deepest = max(len(step) for step in search.steps)
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 30, "b": 30},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis=STILL | {"range": [-0.6, len(search.steps) - 0.4], "dtick": 1, "title": {"text": "token"}},
        yaxis=STILL | {"range": [deepest - 0.4, -0.6], "visible": False},
    )
    return figure


def rounds(made: Sequence[Round], labels: dict[int, str]) -> go.Figure:
    """A row for each round: what the draft proposed, taken or refused, and the token that the model added."""
    cells: dict[str, tuple[list[int], list[int], list[str], list[str]]] = {}
    for row, one in enumerate(made):
        for place, id in enumerate(one.drafted):
            kind = "taken" if place < one.accepted else "refused" if place == one.accepted else "not looked at"
            q, p = one.draft_probs[place], one.model_probs[place] if place < len(one.model_probs) else float("nan")
            words = f"{plain(labels[id])}: the draft {percent(q)}, the model {percent(p)}"
            _put(cells, kind, place, row, plain(labels[id], 12), words)
        if one.token is not None:
            _put(
                cells, "the model's own", len(one.drafted), row, plain(labels[one.token], 12), plain(labels[one.token])
            )
    colours = {
        "taken": ROLES["mlp"], "refused": ROLES["attention"], "not looked at": LIGHT["line"],
        "the model's own": ROLES["prediction"],
    }  # fmt: skip
    figure = go.Figure()
    for kind, colour in colours.items():
        xs, ys, names, said = cells.get(kind, ([], [], [], []))
        figure.add_bar(
            x=[0.94] * len(xs), base=xs, y=ys, orientation="h", marker={"color": colour}, name=kind, text=names,
            customdata=said, hovertemplate="%{customdata}<extra></extra>", textposition="inside", textangle=0,
            insidetextanchor="middle", textfont={"color": LIGHT["text" if kind == "not looked at" else "background"]},
        )  # fmt: skip
    figure.update_layout(
        barmode="overlay",
        bargap=0.12,
        margin={"l": 60, "r": 8, "t": 30, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis=STILL | {"visible": False},
        yaxis=STILL | {"autorange": "reversed", "tickvals": list(range(len(made))),
                       "ticktext": [f"round {i + 1}" for i in range(len(made))]},
    )  # fmt: skip
    return figure


def _put(cells: dict, kind: str, x: int, y: int, name: str, words: str) -> None:
    for column, value in zip(cells.setdefault(kind, ([], [], [], [])), (x, y, name, words), strict=True):
        column.append(value)
