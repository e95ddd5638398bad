"""What heads do in general: shipped with the model or measured off the page's thread, and told only where attention
and cause prove it."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import attention as figures
from core.figures.labels import percent
from pages.ui import background, cache, components, near, state
from pages.ui.attention.stage import chosen_head
from pages.ui.caption import NATS, truth
from pages.ui.code import Code
from pages.ui.on_request import ASKED, AT_ONCE, on_request
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.heads.measurements import Measurements


def measured_now(view: View, label: str = "") -> "Measurements | None":
    """What is known of every head at this step, empty for a model too small to measure; None while it is not there, and
    then with a `label` a bar, or the button that asks for it, stands here.

    Without the interventions that may be on: roles are told of the model as it was trained.
    """
    from core.analysis.heads import measurements

    description, checkpoint = view.description, cache.plain_checkpoint(view.name, view.step)

    def work(report: background.Report) -> "Measurements":
        return measurements.shipped_measurements(description) or measurements.measure(checkpoint, report=report)

    key = ("heads", view.name, view.step, cache.files_stamp(view.name))
    needed = measurements.operations(description.config, measurements.cases_for(description.config))
    if needed <= AT_ONCE:
        return background.compute(key, work, label, height=220 if label else None)
    recorded = _is_recorded(view.name, view.step, cache.files_stamp(view.name))
    if not (label or recorded or key in st.session_state.get(ASKED, ())):
        return None
    found: Measurements | None = on_request(
        key, work, recorded=recorded, step=view.step, button="Measure its heads",
        how_long=background.about(needed / background.SPEED), height=220, label=label,
    )  # fmt: skip
    return found


@st.cache_data(max_entries=64, show_spinner=False)
def _is_recorded(name: str, step: int, stamp: tuple[int, ...]) -> bool:
    from core.analysis.heads.measurements import shipped_measurements

    return shipped_measurements(cache.description(name, step)) is not None


def names(view: View, measured: "Measurements | None") -> list[list[str]] | None:
    """The short name of each head's proved role for the grid, "" where it has none."""
    from core.analysis.heads.roles import ROLES, role_of

    if measured is None or not measured.scores:
        return None
    layers, heads = view.description.config.n_layers, view.description.config.n_heads
    found = [[role_of(measured, i, j) for j in range(heads)] for i in range(layers)]
    return [[ROLES[name].short if name else "" for name in row] for row in found]


def what_it_does() -> None:
    """The role of the open head, if one is proved; where it looks, and what is lost without it."""
    view = current()
    measured = measured_now(view, f"Measuring every head at step {view.step:,}")
    if measured is None:
        return
    if not measured.scores:
        st.info("This model reads too few tokens at a time to measure what its heads do.")
        return
    layer, head = chosen_head(view)
    st.markdown(f"Layer {layer}, head {head}: {_verdict(measured, layer, head)}")
    if measured.causes:
        st.caption(NATS)
    where_it_looks(view, measured, layer, head)
    what_is_lost(view, measured, layer, head)


def _verdict(measured: "Measurements", layer: int, head: int) -> str:
    """What the head is, with both numbers where it looks like something."""
    from core.analysis.heads.roles import ROLES, below, looks_like, role_of

    name = role_of(measured, layer, head)
    seen = name or looks_like(measured.scores, layer, head)
    if seen is None:
        return "**no clear role**."
    role, share = ROLES[seen], percent(float(measured.scores[seen].mean[layer, head]))
    if role.skill is None:
        return f"**no role**. It {role.does}: {share} of its attention goes there."
    text = f"{share} of its attention goes there"
    if (cause := measured.causes.get(role.skill)) is None:
        return f"**no proved role**. It looks like {_a(role.name)}, which {role.does}: {text}."
    effect, others = float(cause.mean[layer, head]), percent(below(measured, seen, layer, head))
    amount = f"{effect:+.2g} nats per token, more than without {others} of the other heads".replace("-", "−")
    grows = "grows" if cause.low[layer, head] > 0 else "does not clearly grow"
    text += f"; without it the loss of {role.skill} {grows} ({amount})"
    if name is None:
        return f"**no proved role**. It looks like {_a(role.name)}, which {role.does}: {text}."
    return f"**{role.name}**. It {role.does}: {text}."


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def where_it_looks(view: View, measured: "Measurements", layer: int, head: int) -> None:
    """The scores of the open head."""
    from core.analysis.heads.measurements import cases_for, nonsense_for
    from core.analysis.heads.roles import ROLES, THRESHOLD

    chosen = list(measured.scores.values())
    shares = [(float(s.mean[layer, head]), float(s.low[layer, head]), float(s.high[layer, head])) for s in chosen]
    chance = [float(s.chance[layer, head]) for s in chosen]
    figure = figures.roles([ROLES[s.name].measured for s in chosen], shares, chance, THRESHOLD)
    components.plot(figure, key="roles", height=280, title="Where this head looks, with 95 % intervals")
    at = f"[{layer}, {head}]"
    code = _measurements_code(view).gives(
        f"[(s.mean{at}, s.low{at}, s.high{at}, s.chance{at}) for s in measured.scores.values()]",
        [(*share, by_chance) for share, by_chance in zip(shares, chance, strict=True)],
    )
    counts = f"{chosen[0].cases} random sequences" + (
        f" and {measured.scores['referent'].cases} Tinyland stories" if "referent" in measured.scores else ""
    )
    truth("measured.scores", chosen[0].mean.shape, f"measured on {counts}, not on your text", code)
    said, stories = nonsense_for(view.description), cases_for(view.description.config).stories
    repeated = f"{said.half} random {'syllables, as Tinyland recites them' if said.end else 'tokens'}"
    st.caption(
        "Each score is the share of its attention that goes where such a head looks. The first four: on sequences of "
        f"{repeated}, each followed by the same again. The last two: in at most {stories} texts that "
        "no training run has seen, from a pronoun, or from where a name must come next, to the name of the person "
        "who is meant, with another person named before; there, chance is a head that reads all names alike. A head "
        f"looks like something when its whole 95 % interval lies above {percent(THRESHOLD)} (dashed) and above chance."
        + (" Your changes inside the model do not affect it." if state.get("interventions") else "")
    )
    st.markdown("For each score, the head that has most of it:\n\n" + best_in_words(measured))


def best_in_words(measured: "Measurements") -> str:
    """For each role the head with the highest score, whether or not that is enough for its name."""
    from core.analysis.heads.roles import ROLES, THRESHOLD, is_clear, role_of

    lines = []
    for name, score in measured.scores.items():
        layer, head = (int(i) for i in np.unravel_index(score.mean.argmax(), score.mean.shape))
        label, share = role_of(measured, layer, head), float(score.mean[layer, head])
        if label == name:
            verdict = ""
        elif share <= THRESHOLD:
            verdict = ", too little for a label"
        elif not is_clear(score, layer, head):
            verdict = ", not clear enough"
        else:
            verdict = ", but not proved" if ROLES[name].skill else ", which serves no skill"
        other = (
            f" (it is {'an' if ROLES[label].name[0] in 'aeiou' else 'a'} {ROLES[label].name})"
            if label and label != name
            else ""
        )
        lines.append(f"- {ROLES[name].measured}: **L{layer}H{head}**, {percent(share)}{verdict}{other}")
    return "\n".join(lines)


def what_is_lost(view: View, measured: "Measurements", layer: int, head: int) -> None:
    """How much worse each skill becomes without each head."""
    from core.analysis.heads.causes import ABOVE
    from core.analysis.heads.roles import SKILLS

    if not measured.causes:
        return
    grown = {skill: cause.mean for skill, cause in measured.causes.items()}
    ends = {
        skill: (float(c.mean[layer, head]), float(c.low[layer, head]), float(c.high[layer, head]))
        for skill, c in measured.causes.items()
    }
    figure = figures.causes(grown, (layer, head), ends, ABOVE)
    components.plot(
        figure, key="causes", height=230, title="What is lost when a head is switched off", on_click=open_head
    )
    code = _measurements_code(view).gives("[(c.loss, c.mean) for c in measured.causes.values()]",
                              [(c.loss, c.mean) for c in measured.causes.values()])  # fmt: skip
    shape = next(iter(grown.values())).shape
    cases = " and ".join(f"{cause.cases} cases of {skill}" for skill, cause in measured.causes.items())
    truth("measured.causes", shape, f"{cases}, each read once without each head", code)
    meant = "; ".join(f"*{skill}* is {SKILLS[skill]}" for skill in grown)
    st.caption(
        "To look is not to matter. Here each head in turn is switched off: what it puts out is replaced by its mean "
        f"over many texts. A bar is how much the loss then grows; {meant}. A head that looks like something has that "
        "role only if the skill that the role is for becomes worse without it, and by more than without "
        f"{percent(ABOVE)} of the other heads: its bar stands left of the dashed line. Heads that are proved to do "
        "another part of the same skill do not count against it: an induction head reads what a previous-token head "
        "wrote. To rest on the first token is no use for a skill, so it is no role."
    )


def _measurements_code(view: View) -> Code:
    """The measurements, in code."""
    code = view.untouched.with_import("core.analysis.heads", "measurements")
    return code.then("measured = measurements.measurements_of(checkpoint)")


def open_head(event: components.PlotEvent) -> None:
    """A click on what stands for a head opens that head."""
    if isinstance(event.customdata, list) and len(event.customdata) == 3:
        near.update(layer=int(event.customdata[0]), head=int(event.customdata[1]), open_heads="")
