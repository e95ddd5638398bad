"""Where inside the model the skew sits: what each part does with two occupations, and the model without one part."""

from typing import TYPE_CHECKING

import streamlit as st

from core.figures import inside as figures
from core.figures.inside import with_sign
from pages.ui import background, cache, components
from pages.ui.caption import NATS, truth, what_you_see
from pages.ui.limits.bias_direction import one_direction
from pages.ui.on_request import when_pressed
from pages.ui.table import table
from pages.ui.view import View

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from core.analysis.interventions.values import Part
    from core.analysis.limits.bias_inside import Inside, Without

TOP = 5  # parts to choose from


def where_it_sits(view: View, first: str, second: str) -> None:
    """The grid of parts, and a button that takes out the one that carries most."""
    st.markdown("### Where inside the model does it sit?")
    if first == second:
        st.info("Choose two different occupations above.")
        return
    checkpoint = view.checkpoint

    def work(report: background.Report) -> "Inside":
        from core.analysis.limits.bias_inside import PAIR, Inside, inside
        from core.analysis.limits.recorded import recorded

        known = recorded(checkpoint, "inside") if (first, second) == PAIR else None
        return known if isinstance(known, Inside) else inside(checkpoint, first, second, report)

    key = ("limits bias inside", view.name, view.step, cache.stamp(view.name), first, second)
    found = background.compute(key, work, "Looking into the model", height=300)
    if found is None:
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        _grid(view, found, first, second)
    with right:
        part = _one_of(found)
    _taken_out(view, part, right)
    what_you_see(
        f"The same {found.sentences} sentences, once with “{first}” and once with “{second}”, up to the place of the "
        "pronoun. **Blue** parts write more “she” after the first, **orange** ones more after the second. The "
        "embedding adds nothing: the last token is the same in both, so the occupation must be *fetched* by attention "
        "and then said. A part that puts out its mean everywhere can do this no longer, nor anything else that it did. "
        "The last MLPs often carry most and cost most; a head that only fetches the occupation is the gentler cut."
    )
    one_direction(view)


def _grid(view: View, found: "Inside", first: str, second: str) -> None:
    most, layers = found.carriers(1)[0], len(found.mlps)
    chosen = (most.layer, found.heads.shape[1] if most.head is None else most.head)
    components.plot(
        figures.parts(found.heads, found.mlps, chosen), key="limits_inside", height=max(260, 70 + 38 * layers),
        title="What each head and MLP adds to she − he after the one occupation more than after the other",
    )  # fmt: skip
    code = view.code.with_import("core.analysis.limits.bias_inside", "inside").with_lines(
        f"found = inside(checkpoint, {first!r}, {second!r})"
    )
    truth(
        "inside(checkpoint, first, second).heads, .mlps",
        found.heads.shape,
        f"direct logit attribution, exact; means over {found.sentences} pairs of sentences; all parts add up to "
        f"{with_sign(found.total)} logits, of which the embedding {with_sign(found.embed)}",
        code.gives("found.heads, found.mlps", (found.heads, found.mlps)),
    )


def _one_of(found: "Inside") -> "Part":
    """The part that carries most, or another that carries much."""
    parts = {part.phrase: part for part in found.carriers(TOP)}
    part = parts[st.selectbox("The parts that carry most", list(parts), key=f"limits_part {', '.join(parts)}")]
    carried, low, high = map(with_sign, found.amount(part))
    st.markdown(f"It adds **{carried}** of {with_sign(found.total)} logits (95 %: {low} to {high}).")
    return part


def _taken_out(view: View, part: "Part", place: "DeltaGenerator") -> None:
    """A button, in `place`; then the slope and the loss without the part."""
    checkpoint = view.checkpoint
    key = ("limits bias without", view.name, view.step, cache.stamp(view.name), str(part))

    def work(report: background.Report) -> "Without":
        from core.analysis.limits.bias_inside import without

        return without(checkpoint, part, report)

    result = when_pressed(
        "limits_without", key, work, button="Take it out, and measure again", label="Measuring without it", place=place
    )
    if result is None:
        return
    before, after = result.slopes
    mean, least, most = result.added
    table(
        ("which model", "amplification", "loss on held-out text"),
        [
            ("the whole model", f"{before:.2f} ×", f"{result.loss:.3f}"),
            (f"without {part.phrase}", f"**{after:.2f} ×**", f"{result.loss + mean:.3f}"),
        ],
    )
    st.caption(
        f"Loss in nats per token: {mean:+.3f} (95 %: {least:+.3f} to {most:+.3f}). {NATS} "
        + ("Less skew, at that price." if after < before else "The skew did not shrink: other parts carry it too.")
    )
    code = view.code.with_import("core.analysis.limits.bias_inside", "without").with_import(
        "core.analysis.interventions.values", "Part"
    )
    truth(
        "without(checkpoint, part).slopes", (2,), "mean ablation; all occupations; 60 held-out documents of Tinyland",
        code.gives(f"without(checkpoint, {part!r}).slopes", result.slopes),
    )  # fmt: skip
