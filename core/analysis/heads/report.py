"""What was measured of heads, as lines to read."""

from collections.abc import Iterator

from core.analysis.heads.causes import ABOVE, HeadCause
from core.analysis.heads.measurements import Measurements
from core.analysis.heads.roles import ROLES, SKILLS, THRESHOLD, Life, below, births, is_clear, is_proved, looks_like
from core.analysis.heads.scores import HeadScore


def step_line(step: int, measured: Measurements) -> str:
    """A step in a line: the loss of each skill, and the highest of each score."""
    losses = [f"{name} {cause.loss:.3f} nats" for name, cause in measured.causes.items()]
    best = [f"{name} {100 * float(score.mean.max()):.0f} %" for name, score in measured.scores.items()]
    return f"step {step:>6,}: loss of {', '.join(losses)}; highest score of {', '.join(best)}"


def heads_table(measured: Measurements) -> str:
    """Every head: the role that it looks like, its score, what it matters for that role's skill, and whether both prove
    it; of a head that looks like none, its highest score. Then how many are proved."""
    if not measured.scores:
        return "This model reads too few tokens at a time to measure what its heads do."
    layers, heads = next(iter(measured.scores.values())).mean.shape
    lines = [_head_line(measured, layer, head) for layer in range(layers) for head in range(heads)]
    counts = {
        name: sum(is_proved(measured, name, i, j) for i in range(layers) for j in range(heads))
        for name in measured.scores
    }
    proved = ", ".join(f"{name} {count}" for name, count in counts.items() if ROLES[name].skill)
    rule = (
        f"proved: the whole 95 % interval of the score above {THRESHOLD:.0%} and chance, and a loss that grows by more "
        f"than without {ABOVE:.0%} of the other heads, those left out that are proved to do another part of the skill"
    )
    skills = [f"{name}: {SKILLS[name]}, {cause.loss:.3f} nats per token" for name, cause in measured.causes.items()]
    return "\n".join([*lines, f"proved: {proved}", f"({rule})", *skills])


def _head_line(measured: Measurements, layer: int, head: int) -> str:
    name = looks_like(measured.scores, layer, head)
    if name is None:
        name = max(measured.scores, key=lambda one: measured.scores[one].mean[layer, head])
    role, cause = ROLES[name], measured.causes.get(ROLES[name].skill or "")
    verdict = "proved" if is_proved(measured, name, layer, head) else "no role"
    if verdict == "no role" and is_clear(measured.scores[name], layer, head):
        verdict = "looks so" if role.skill else "rests"
    line = f"L{layer}H{head}  {name:9} {_share(measured.scores[name], layer, head):24} {verdict:9}"
    if cause is None:
        return line
    return f"{line} {_loss(cause, layer, head)}, more than {below(measured, name, layer, head):.0%} of others"


def _share(score: HeadScore, layer: int, head: int) -> str:
    mean, low, high = (100 * float(part[layer, head]) for part in (score.mean, score.low, score.high))
    return f"{mean:5.1f} % ({low:.1f}–{high:.1f})"


def _loss(cause: HeadCause, layer: int, head: int) -> str:
    mean, low, high = (float(part[layer, head]) for part in (cause.mean, cause.low, cause.high))
    return f"{cause.skill} {mean:+.3f} nats ({low:+.3f} to {high:+.3f})"


def births_lines(life: Life) -> Iterator[str]:
    """Since when heads have the role that they have at the end."""
    for name, layer, head, before, since in births(life):
        when = f"from the start (step {since:,})" if before is None else f"between steps {before:,} and {since:,}"
        yield f"L{layer}H{head}  {name:9} born {when}"
