"""What a head does, said only where attention and cause both prove it, and since when it does it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.heads.causes import ABOVE
from core.analysis.heads.measurements import Measurements, measurements_of
from core.analysis.heads.scores import HeadScore
from core.model import Checkpoint

THRESHOLD = 0.3  # a head looks as a role does when the whole 95 % interval of its score lies above this and chance
MOST_STEPS = 24  # of a life with more snapshots, so many are measured

Scores = Mapping[str, HeadScore]
Life = Sequence[tuple[int, Measurements]]  # (step, what was measured), in order


@dataclass(frozen=True)
class Role:
    """A kind of head: the name of its score, what it is called in a corner and in full, what it does, the skill that
    it is for (None: for none, so it is no label), and how its score is called where all are shown."""

    score: str
    short: str
    name: str
    does: str
    skill: str | None
    measured: str


ROLES = {
    role.score: role
    for role in (
        Role(
            "previous", "prev.", "previous-token head", "reads from the token just before", "copying", "previous token"
        ),
        Role(
            "first", "first", "first-token head", "rests on the start of the text, which is for no skill", None,
            "first token",
        ),
        Role(
            "duplicate", "dupl.", "duplicate-token head", "reads from earlier copies of the same token", "copying",
            "same token",
        ),
        Role(
            "induction", "induct.", "induction head", "finds the same token earlier and reads from what followed it",
            "copying", "induction",
        ),
        Role(
            "referent", "refer.", "referent head", "reads, from a pronoun, the name of whom it means", "reference",
            "referent (pronoun)",
        ),
        Role(
            "naming", "refer.", "referent head", "reads, where a name must come, the earlier name of whom is meant",
            "reference", "referent (name)",
        ),
    )
}  # fmt: skip
TELLING = ("naming", "referent", "induction", "duplicate", "previous")  # roles, those first that a reader marvels at
SKILLS = {  # what is asked of a model with each head switched off
    "copying": "copying what stands once before it, at random",
    "reference": "telling which of two people is meant",
}


def is_clear(score: HeadScore, layer: int, head: int) -> bool:
    """Whether a head looks as this role does: its score lies above the threshold and above chance, both with 95 %
    confidence."""
    return bool(score.low[layer, head] > THRESHOLD and score.margin[layer, head] > 0)


def looks_like(scores: Scores, layer: int, head: int) -> str | None:
    """The highest of the clear scores, which say where a head looks, not yet that it matters; None: none is clear."""
    clear = [name for name, score in scores.items() if is_clear(score, layer, head)]
    return max(clear, key=lambda name: scores[name].mean[layer, head], default=None)


def is_proved(measured: Measurements, name: str, layer: int, head: int) -> bool:
    """Whether a head has this role: it looks so, and without it the skill suffers more than without 95 % of others."""
    score, cause = measured.scores.get(name), measured.causes.get(ROLES[name].skill or "")
    if score is None or cause is None or not is_clear(score, layer, head):
        return False
    return bool(cause.low[layer, head] > 0 and below(measured, name, layer, head) >= ABOVE)


def below(measured: Measurements, name: str, layer: int, head: int) -> float:
    """The share of the other heads that matter less for the skill of a role; 1 where there are none.

    Several heads may do a skill together, one reading what another wrote: induction heads need a previous-token head
    (Olsson et al. 2022). Heads proved against all others to have another role for the same skill are not counted: of
    a circuit of three among thirty heads, the third could never stand above 95 %.
    """
    skill = ROLES[name].skill or ""
    cause = measured.causes[skill]
    others = np.ones(cause.mean.shape, dtype=bool)
    others[layer, head] = False
    for other, score in measured.scores.items():
        if other != name and ROLES[other].skill == skill:
            others &= ~((score.low > THRESHOLD) & (score.margin > 0) & cause.stands_out)
    return float((cause.mean[others] < cause.mean[layer, head]).mean()) if others.any() else 1.0


def role_of(measured: Measurements, layer: int, head: int) -> str | None:
    """The proved role with the highest score; None where none is proved."""
    proved = [name for name in measured.scores if is_proved(measured, name, layer, head)]
    return max(proved, key=lambda name: measured.scores[name].mean[layer, head], default=None)


def most_telling(measured: Measurements) -> tuple[int, int] | None:
    """(layer, head) of the head that shows best what heads do: of the first of TELLING that is proved, the one with the
    highest score; None where none is."""
    for name in TELLING:
        if (score := measured.scores.get(name)) is None:
            continue
        every = [(i, j) for i, row in enumerate(score.mean) for j in range(len(row))]
        if proved := [one for one in every if is_proved(measured, name, *one)]:
            return max(proved, key=score.mean.__getitem__)
    return None


def life(load: Callable[[int], Checkpoint], steps: Sequence[int], report: Callable[[float, str], None]) -> Life:
    """All measurements at each of `steps`, as shipped where they are. `report` is told the share that is done, and the
    step at hand."""
    found = []
    for i, step in enumerate(steps):
        report(i / len(steps), f"step {step:,}, number {i + 1} of {len(steps)}")
        found.append((step, measurements_of(load(step))))
    return found


def some_steps(steps: Sequence[int], most: int = MOST_STEPS) -> tuple[int, ...]:
    """At most `most` of `steps`, the first and the last among them, spread evenly over their order; most ≥ 2."""
    if len(steps) <= most:
        return tuple(steps)
    return tuple(steps[round(i * (len(steps) - 1) / (most - 1))] for i in range(most))


def birth(life: Life, name: str, layer: int, head: int) -> tuple[int | None, int] | None:
    """Between which measured steps a head took a role that it kept to the end: (last step without, first step with).

    The first is None for a role that was there from the start; None altogether: it does not have the role at the end.
    """
    born: tuple[int | None, int] | None = None
    before: int | None = None
    for step, measured in life:
        if not is_proved(measured, name, layer, head):
            born = None
        elif born is None:
            born = (before, step)
        before = step
    return born


def births(life: Life) -> Iterator[tuple[str, int, int, int | None, int]]:
    """(role, layer, head, last step without, first step with) of every head that has a proved role at the end."""
    last = life[-1][1]
    layers, heads = next(iter(last.scores.values())).mean.shape
    for layer in range(layers):
        for head in range(heads):
            name = role_of(last, layer, head)
            if name and (born := birth(life, name, layer, head)):
                yield name, layer, head, *born
