"""The logit lens on the page: which token is followed, the grid of readings, and one token through the depth."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import inside as figures
from core.figures.labels import percent
from core.figures.palette import CATEGORIES, ROLES
from pages.ui import components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.inside import focus, follow, lens, show, single, switch, window
from pages.ui.view import View

if TYPE_CHECKING:
    from core.analysis.lens import Lens

OFFERED = 12  # of the likeliest tokens, in the two lists
COLOURS = {
    "probability": "how sure it is",
    "rank": "rank of the answer",
    "entropy": "how undecided it is",
    "divergence": "how far from the end",
}


def followed(view: View) -> tuple[int, int | None]:
    """The token whose making is watched (the visitor's choice, or the model's answer), and the one compared with it."""
    best = int(view.trace.logits[focus(view)].argmax())
    answer = single(view, state.get("answer")) if state.get("answer") else None
    against = single(view, state.get("against")) if state.get("against") else None
    token = best if answer is None else answer
    return token, None if against == token else against


def choose(view: View) -> None:
    """The two lists: the likeliest tokens here, or any token that is typed."""
    order = np.argsort(-view.trace.logits[focus(view)].numpy(), kind="stable")[:OFFERED]
    likely = [text for id in order if single(view, text := view.tokenizer.decode([int(id)])) == id]
    best = show(view, int(order[0]))
    left, right = st.columns(2)
    with left:
        _list(view, "Follow the token", "answer", likely, f"the model's answer here ({best})")
    with right:
        _list(view, "compared with", "against", likely, "no other token")


def _list(view: View, label: str, name: str, likely: list[str], nothing: str) -> None:
    chosen = state.get(name)
    options = list(dict.fromkeys(["", *likely, chosen]))

    def named(text: str) -> str:
        id = single(view, text) if text else None
        return text or nothing if id is None else show(view, id)

    st.selectbox(
        label,
        options,
        format_func=named,
        accept_new_options=True,
        help="Choose one of the likeliest tokens, or type any token of this model's list.",
        **state.control(name),
    )
    if chosen and single(view, chosen) is None:
        st.warning("That is not one token of this model, so it is not followed. Try a shorter or commoner word.")


def grid(view: View) -> None:
    """Layer × position: what the model would say there."""
    token, _ = followed(view)
    own = not state.get("answer") or single(view, state.get("answer")) is None
    found = lens(view, None if own else token)
    by = switch("Colour", "lens", COLOURS)
    start, stop = window(view)
    tops = [[show(view, int(id)) for id in row] for row in found.top[:, start:stop]]
    values, ticks = _scaled(found, by, view.tokenizer.vocab_size)
    answers = [token] * len(view.ids) if not own else found.top[-1].tolist()
    hovers = [
        [
            _said(
                view, found, row, position, figures.plain(show(view, int(found.top[row, position]))), answers[position]
            )
            for position in range(start, stop)
        ]
        for row in range(len(found.top))
    ]
    labels = view.labels[start:stop]
    figure = figures.lens(values[:, start:stop], tops, hovers, labels, start, focus(view), ticks)
    components.plot(
        figure,
        key="lens_grid",
        height=110 + 42 * len(tops),
        title="What the model would say after each block",
        cursor_axis="x" if start == 0 else None,
        on_click=lambda event: follow(int(event.x)),
    )
    code = view.code + "from core.analysis.lens import logit_lens\n\n"
    code += f"lens = logit_lens(checkpoint.model, trace{'' if own else f', {token}'})\n"
    code += "[[tokenizer.decode([i]) for i in row] for row in lens.top]"
    truth("logit_lens(model, trace)", found.top.shape, "derived: each row read by the model's own last layer", code)
    what_you_see(
        "The last layer turns the stream into a guess. Here it is applied **early**: each row is what the model would "
        "say if it stopped there. The top row has read one token and nothing else; the bottom row is the model's real "
        "answer. Point at a cell for its probability and for the rank of the final answer."
    )


def _scaled(found: "Lens", by: str, size: int) -> tuple[np.ndarray, tuple[list[float], list[str]]]:
    """The quantity that colours the grid, between 0 and 1, and the ticks of its scale."""
    if by == "rank":
        ranks = [1, 10, 100, 1000, 10_000, 100_000]
        shown = [r for r in ranks if r <= size]
        return 1 - np.log1p(found.rank) / np.log(size), (
            [1 - np.log(r) / np.log(size) for r in shown],
            [f"{r:,}." for r in shown],
        )
    if by == "entropy":
        most = float(np.log(size))
        return found.entropy / most, ([0, 0.5, 1], [f"{x * most:.1f} nats" for x in (0, 0.5, 1)])
    if by == "divergence":
        most = max(1.0, float(found.kl.max()))
        return found.kl / most, ([0, 0.5, 1], [f"{x * most:.1f} nats" for x in (0, 0.5, 1)])
    return found.top_probability, ([0, 0.5, 1], ["0 %", "50 %", "100 %"])


def _said(view: View, found: "Lens", row: int, position: int, top: str, answer: int) -> str:
    named = figures.plain(show(view, answer))
    return (
        f"{figures.depths(len(found.top) - 1)[row]}, position {position}<br>"
        f"would say {top} with {percent(float(found.top_probability[row, position]))}<br>"
        f"{named}: rank {found.rank[row, position] + 1:,}, {percent(float(found.probability[row, position]))}<br>"
        f"entropy {found.entropy[row, position]:.2f} nats, to the end {found.kl[row, position]:.2f} nats"
    )


def through_depth(view: View) -> None:
    """The followed token, and the one it is compared with, from the embedding to the answer; and how settled it is."""
    position, (token, against) = focus(view), followed(view)
    watched = [(show(view, token), lens(view, token), ROLES["prediction"])]
    if against is not None:
        watched.append((show(view, against), lens(view, against), ROLES["token"]))
    left, middle, right = st.columns(3, gap="medium")
    code = (
        view.code
        + f"from core.analysis.lens import logit_lens\n\nlens = logit_lens(checkpoint.model, trace, {token})\n"
    )
    shape = (len(watched[0][1].rank),)
    with left:
        st.markdown("###### Probability")
        lines = [(name, found.probability[:, position].tolist(), colour) for name, found, colour in watched]
        components.plot(
            figures.through_depth(lines, "%"), key="depth_probability", height=290, title="Probability by depth"
        )
        truth(f"lens.probability[:, {position}]", shape, "one text", code + f"lens.probability[:, {position}]")
    with middle:
        st.markdown("###### Rank (1 is the likeliest)")
        lines = [(name, (found.rank[:, position] + 1).tolist(), colour) for name, found, colour in watched]
        components.plot(figures.through_depth(lines, "rank"), key="depth_rank", height=290, title="Rank by depth")
        truth(f"lens.rank[:, {position}] + 1", shape, "one text", code + f"lens.rank[:, {position}] + 1")
    with right:
        st.markdown("###### How settled")
        found = watched[0][1]
        lines = [
            ("entropy", found.entropy[:, position].tolist(), CATEGORIES[4]),
            ("KL to the end", found.kl[:, position].tolist(), CATEGORIES[7]),
        ]
        components.plot(
            figures.through_depth(lines, "nats"), key="depth_entropy", height=290, title="Entropy and divergence"
        )
        shown = f"lens.entropy[:, {position}], lens.kl[:, {position}]"
        truth(shown, shape, "nats", code + shown)
    st.caption(
        "Entropy: how undecided the reading is, 0 nats when it is certain. KL (Kullback–Leibler divergence): how far "
        "it still is from the final answer, 0 when it is the same distribution."
    )
