"""What a head does, said only where it is clear, and since when it does it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.analysis.heads.referents import referent_cases, referent_score
from core.analysis.heads.scores import HeadScore, head_scores
from core.model import Checkpoint

THRESHOLD = 0.3  # a role is named when the whole 95 % interval of its score lies above this, and above chance
HALF, SEQUENCES, STORIES = 25, 100, 200  # random tokens that are repeated, such sequences, and stories with a pronoun
MOST_STEPS = 24  # of a life with more snapshots, so many are measured
SHORTEST = 9  # a context below this holds no two copies worth measuring

Scores = Mapping[str, HeadScore]
Life = Sequence[tuple[int, Scores]]  # (step, scores), in order


@dataclass(frozen=True)
class Role:
    """A kind of head: the name of its score, what it is called in a corner and in full, what it does."""

    score: str
    short: str
    name: str
    does: str


ROLES = {
    role.score: role
    for role in (
        Role("previous", "prev.", "previous-token head", "reads from the token just before"),
        Role("first", "first", "first-token head", "reads from the start of the text, often a resting place"),
        Role("duplicate", "dupl.", "duplicate-token head", "reads from earlier copies of the same token"),
        Role("induction", "induct.", "induction head", "finds the same token earlier and reads from what followed it"),
        Role("referent", "refer.", "referent head", "reads, from a pronoun, the name of whom it means"),
    )
}


def measure(checkpoint: Checkpoint, seed: int = 0) -> dict[str, HeadScore]:
    """All five scores of every head, by name. A context too short for one leaves it out; below SHORTEST all."""
    model, longest = checkpoint.model, checkpoint.config.context_length
    if longest < SHORTEST:
        return {}
    half, start = min(HALF, (longest - 1) // 2), [checkpoint.tokenizer.eot]
    found = head_scores(model, half=half, cases=SEQUENCES, seed=seed, start=start)
    cases = referent_cases(checkpoint.tokenizer, longest, STORIES)
    if len(cases) > 1:
        found.append(referent_score(model, cases))
    return {score.name: score for score in found}


def is_clear(score: HeadScore, layer: int, head: int) -> bool:
    """Whether a head has this role: its score lies above the threshold and above chance, both with 95 % confidence."""
    return bool(score.low[layer, head] > THRESHOLD and score.margin[layer, head] > 0)


def role_of(scores: Scores, layer: int, head: int) -> str | None:
    """The clear role with the highest score; None where none is clear."""
    clear = [name for name, score in scores.items() if is_clear(score, layer, head)]
    return max(clear, key=lambda name: scores[name].mean[layer, head], default=None)


def life(load: Callable[[int], Checkpoint], steps: Sequence[int], report: Callable[[float, str], None]) -> Life:
    """All scores at each of `steps`. `report` is told the share that is done, and the step at hand."""
    found = []
    for i, step in enumerate(steps):
        report(i / len(steps), f"step {step:,}, number {i + 1} of {len(steps)}")
        found.append((step, measure(load(step))))
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
    for step, scores in life:
        if not is_clear(scores[name], layer, head):
            born = None
        elif born is None:
            born = (before, step)
        before = step
    return born


def births(life: Life) -> Iterator[tuple[str, int, int, int | None, int]]:
    """(role, layer, head, last step without, first step with) of every head that has a clear role at the end."""
    last = life[-1][1]
    layers, heads = next(iter(last.values())).mean.shape
    for layer in range(layers):
        for head in range(heads):
            name = role_of(last, layer, head)
            if name and (born := birth(life, name, layer, head)):
                yield name, layer, head, *born
