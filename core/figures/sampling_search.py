"""Figures of searching and drafting: beams that go on or are pruned, drafts that are accepted or rejected."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.figures.labels import percent, plain
from core.figures.layout import LEGEND, Figure, Spec, bare, figure, line, rows
from core.figures.palette import LIGHT, ROLES
from core.figures.traces import bars, points

if TYPE_CHECKING:
    from core.generation.beam import Candidate, Search
    from core.generation.speculative import Round

COLOURS = {  # of a drafted token, by what became of it
    "accepted": ROLES["mlp"],
    "rejected": ROLES["attention"],
    "not checked": LIGHT["line"],
    "added by the model": ROLES["prediction"],
}
# Of a candidate: what it is called, the line to what it continues, the colour of its name.
KINDS = {
    "cut": ("pruned", line(LIGHT["line"], 1.2), LIGHT["muted"]),
    "kept": ("kept", line(LIGHT["muted"], 1.2), LIGHT["text"]),
    "best": ("best in the end", line(ROLES["prediction"], 2.5), ROLES["prediction"]),
}


def best_path(search: "Search") -> list[tuple[int, int]]:
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


def _origin(search: "Search", step: int, candidate: "Candidate") -> tuple[float, float]:
    """Where the beam that a candidate continues is drawn: the `parent`-th beam that was still open."""
    if step == 0:
        return -1.0, 0.0
    open_ = [i for i, c in enumerate(search.steps[step - 1]) if c.kept and not c.ended]
    return step - 1.0, float(open_[candidate.parent])


def beams(search: "Search", labels: dict[int, str]) -> Figure:
    """A column for each step, the likeliest candidate on top, each joined to what it continues; pruned ones grey."""
    best = set(best_path(search))
    by_kind: dict[str, list[tuple[int, int, Candidate]]] = {kind: [] for kind in KINDS}
    for step, candidates in enumerate(search.steps):
        for place, candidate in enumerate(candidates):
            kind = "best" if (step, place) in best else "kept" if candidate.kept else "cut"
            by_kind[kind].append((step, place, candidate))
    traces = []
    for kind, found in by_kind.items():
        traces += [_joints(search, kind, found), _names(kind, found, labels)]
    deepest = max(len(step) for step in search.steps)
    return figure(
        traces,
        margin={"l": 8, "r": 8, "t": 30, "b": 30},
        legend=LEGEND,
        xaxis=bare("token", range=[-0.6, len(search.steps) - 0.4], dtick=1),
        yaxis=bare(range=[deepest - 0.4, -0.6], visible=False),
    )


def _joints(search: "Search", kind: str, found: "Sequence[tuple[int, int, Candidate]]") -> Spec:
    """Lines from candidates of one kind back to what they continue."""
    name, look, _ = KINDS[kind]
    x: list[float | None] = []
    y: list[float | None] = []
    for step, place, candidate in found:
        left, height = _origin(search, step, candidate)
        x += [left + 0.3 if step else left + 0.75, step - 0.3, None]
        y += [height, place, None]
    return points(x, y, "lines", line=look, hoverinfo="skip", name=name)


def _names(kind: str, found: "Sequence[tuple[int, int, Candidate]]", labels: dict[int, str]) -> Spec:
    """The tokens of candidates of one kind."""
    names = [plain(labels[candidate.id], 12) for _, _, candidate in found]
    return points(
        [step for step, _, _ in found], [place for _, place, _ in found], "text",
        text=[f"<b>{name}</b>" if kind == "best" else name for name in names],
        textfont={"color": KINDS[kind][2]}, showlegend=False, hovertemplate="%{customdata}<extra></extra>",
        customdata=[
            f"{name}: the text so far has log-probability {candidate.log_prob:.2f}"
            for name, (_, _, candidate) in zip(names, found, strict=True)
        ],
    )  # fmt: skip


def rounds(made: "Sequence[Round]", labels: dict[int, str]) -> Figure:
    """A row for each round: what the draft proposed, accepted or rejected, and the token that the model added."""
    cells: dict[str, list[tuple[int, int, str, str]]] = {kind: [] for kind in COLOURS}  # place, row, name, words
    for row, one in enumerate(made):
        for place, id in enumerate(one.drafted):
            kind = "accepted" if place < one.accepted else "rejected" if place == one.accepted else "not checked"
            q, p = one.draft_probs[place], one.model_probs[place] if place < len(one.model_probs) else float("nan")
            said = f"{plain(labels[id])}: the draft {percent(q)}, the model {percent(p)}"
            cells[kind].append((place, row, plain(labels[id], 12), said))
        if one.token is not None:
            label = labels[one.token]
            cells["added by the model"].append((len(one.drafted), row, plain(label, 12), plain(label)))
    traces = []
    for kind, colour in COLOURS.items():
        places, at, names, words = ([cell[i] for cell in cells[kind]] for i in range(4))
        ink = LIGHT["text" if kind == "not checked" else "background"]
        traces.append(
            bars(
                [0.94] * len(at), at, base=places, orientation="h", marker={"color": colour}, name=kind, text=names,
                customdata=words, hovertemplate="%{customdata}<extra></extra>", textposition="inside", textangle=0,
                insidetextanchor="middle", textfont={"color": ink},
            )
        )  # fmt: skip
    return figure(
        traces,
        barmode="overlay",
        bargap=0.12,
        margin={"l": 60, "r": 8, "t": 30, "b": 8},
        legend=LEGEND,
        xaxis=bare(visible=False),
        yaxis=rows([f"round {i + 1}" for i in range(len(made))]),
    )
