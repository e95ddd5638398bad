"""Who made this prediction: what every part of the model added to a logit, and where a head took it from."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import inside as figures
from pages.ui import cache, components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.inside.focus import pair, show
from pages.ui.inside.lens import watched_tokens
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.stream.attribution import Attribution


def attribution() -> None:
    """The grid of parts, the running sum that ends at the logit, and the sources of the chosen head."""
    from core.analysis.stream.attribution import attribute

    view = current()
    (token, against), position = watched_tokens(view), view.focus
    found = attribute(view.checkpoint.model, view.trace, position, token, against)
    call = f"{position}, {token}" + ("" if against is None else f", against={against}")
    code = view.code.with_import("core.analysis.stream.attribution", "attribute", "sources").with_lines(
        f"parts = attribute(checkpoint.model, trace, {call})"
    )
    _claim(view, found, token, against)
    left, right = st.columns(2, gap="medium")
    layers, changed = len(found.mlps), bool(cache.active(view.name))
    best = np.unravel_index(found.heads.argmax(), found.heads.shape)
    strongest = int(best[0]), int(best[1])
    chosen = pair("maker", found.heads.shape) or strongest
    with left:
        _grid(found, chosen)
        both = code.gives("parts.heads, parts.mlps", (found.heads, found.mlps))
        truth(
            "parts.heads, parts.mlps", found.heads.shape, "what each head and each MLP added, exact for this text", both
        )
    with right:
        names, amounts, roles = _parts(found, changed)
        figure = figures.running_sum(names, amounts, roles, found.logit)
        components.plot(figure, key="running_sum", height=_height(layers), title="The logit as a sum of its parts")
        sums = "parts.total, parts.logit"
        truth(sums, (), _sum_line(found, changed), code.gives(sums, (found.total, found.logit)))
    what_you_see(
        "The last vector is a **sum** of everything that was written into the stream, so its logit is one too. In "
        "the grid, blue parts argue for the token, orange ones against it. The bars stack those parts up in order, "
        "coloured by kind: up is for, down is against, and they end at the dashed line, the logit of the model. "
        f"{_division(found)} What a part does through *later* parts is not counted here: a head may fetch what an MLP "
        "then says. *Experiments* shows what is lost without it."
    )
    _sources(view, position, (token, against), chosen, strongest, code, call)


def _division(found: "Attribution") -> str:
    """In words, what attention and the MLPs add themselves."""
    heads, mlps = figures.with_sign(found.heads.sum()), figures.with_sign(found.mlps.sum())
    return f"Here all heads together add **{heads}** themselves, all MLPs **{mlps}**."


def _claim(view: View, found: "Attribution", token: int, against: int | None) -> None:
    """What is being explained, as text: the tokens are data."""
    what = f"The logit of {show(view, token)}"
    if against is not None:
        what += f" less that of {show(view, against)}"
    st.text(f"{what} after {view.labels[view.focus]}: {figures.with_sign(found.logit)}")


def _height(layers: int) -> int:
    return max(260, 70 + 38 * layers)


def _grid(found: "Attribution", chosen: tuple[int, int]) -> None:
    layers, heads = found.heads.shape

    def choose(event: components.PlotEvent) -> None:
        if int(event.x) < heads:
            state.update(maker=f"{int(event.y)}.{int(event.x)}")

    figure = figures.parts(found.heads, found.mlps, chosen)
    components.plot(figure, key="parts", height=_height(layers), title="What each head and MLP adds", on_click=choose)


def _parts(found: "Attribution", changed: bool) -> tuple[list[str], list[float], list[str]]:
    """Name, amount and colour of each step of the sum, in the order of the model; biases only where there are any.

    `changed`: interventions are on, and what they put into the stream, or took out of it, is a step of its own.
    """
    steps = [("embedding", found.embed, "token")]
    if found.pos_embed:
        steps.append(("position", found.pos_embed, "token"))
    attention = found.heads.sum(axis=1) + found.attention_bias
    for layer, (heads, mlp) in enumerate(zip(attention, found.mlps, strict=True)):
        steps += [(f"attention {layer}", float(heads), "attention"), (f"MLP {layer}", float(mlp), "mlp")]
    if found.norm_bias:
        steps.append(("norm's bias", found.norm_bias, "residual"))
    if changed:
        steps.append(("your changes", found.logit - found.total, "residual"))
    names, amounts, roles = zip(*steps, strict=True)
    return list(names), list(amounts), list(roles)


def _sum_line(found: "Attribution", changed: bool) -> str:
    """The sum, the logit and what is left between them, from this very computation."""
    count = 1 + found.heads.size + found.mlps.size + bool(found.pos_embed) + bool(found.norm_bias)
    count += int(np.count_nonzero(found.attention_bias))
    rest, logit = found.logit - found.total, figures.with_sign(found.logit, 4)
    line = f"{count} parts sum to {figures.with_sign(found.total, 4)}; "
    if changed:
        return line + f"your changes inside the model add {figures.with_sign(rest, 4)}; the model's logit is {logit}"
    return line + f"the model's logit is {logit}; they differ by {abs(rest):.0e}"


def _sources(
    view: View,
    position: int,
    explained: tuple[int, int | None],
    chosen: tuple[int, int],
    best: tuple[int, int],
    code: Code,
    call: str,
) -> None:
    """The tokens that the chosen head read from; `best` is the head that argues most."""
    from core.analysis.stream.attribution import sources

    layer, head = chosen
    found = sources(view.checkpoint.model, view.trace, position, layer, head, *explained)
    st.markdown(f"### Where block {layer}, head {head} reads from")
    st.caption("Choose a head in the grid above. A bar is a token's share of what this head added.")
    if chosen != best:
        label = f"Show block {best[0]}, head {best[1]}, which argues most for the token"
        st.button(label, key="best_head", on_click=state.update, kwargs={"maker": ""}, type="tertiary")
    start = max(0, len(found) - 60)
    labels = view.labels[start : position + 1]
    figure = figures.columns(found[start:], labels, start, position)
    components.plot(
        figure, key="sources", height=250, title="Where a head reads from", cursor_axis="x" if start == 0 else None
    )
    place, rest = call.split(", ", 1)
    line = f"sources(checkpoint.model, trace, {place}, {layer}, {head}, {rest})"
    note = f"they sum to {figures.with_sign(found.sum())}, the head's number in the grid"
    truth("sources(model, trace, …)", found.shape, note, code.gives(line, found))
