"""The logit lens on the page: which token is followed, the grid of readings, and one token through the depth."""

from functools import partial

import numpy as np
import streamlit as st

from core.figures import inside as figures
from core.figures.palette import CATEGORIES, ROLES
from pages.ui import components, near, state
from pages.ui.caption import NATS, truth, what_you_see
from pages.ui.inside.focus import lens, show, single, switch, window
from pages.ui.literal import literal
from pages.ui.view import View, current

_lens = components.component("lens")
OFFERED = 12  # of the likeliest tokens, in the two lists
COLOURS = {
    "probability": "probability of its guess",
    "rank": "rank of the answer",
    "entropy": "entropy: how undecided",
    "divergence": "KL: how far from the answer",
}


def named_token(view: View, name: str) -> int | None:
    """The token that the property `name` spells; None where it spells none."""
    return single(view, state.get(name)) if state.get(name) else None


def watched_tokens(view: View) -> tuple[int, int | None]:
    """The token whose making is watched (the visitor's choice, or the model's answer), and the one compared with it."""
    token, against = named_token(view, "answer"), named_token(view, "against")
    if token is None:
        token = int(view.trace.logits[view.focus].argmax())
    return token, None if against == token else against


def choose(view: View) -> None:
    """The two lists: the likeliest tokens here, or any token that is typed."""
    order = np.argsort(-view.trace.logits[view.focus].numpy(), kind="stable")[:OFFERED]
    likely = [text for id in order if single(view, text := view.tokenizer.decode([int(id)])) == id]
    left, right = st.columns(2)
    with left:
        _list(view, "Follow the token", "answer", likely, "the model's own answer")
    with right:
        _list(view, "Compared with", "against", likely, "no other token")


def _list(view: View, label: str, name: str, likely: list[str], nothing: str) -> None:
    """`nothing` names the empty choice, always in the same words: the browser sends back the words chosen."""
    chosen = state.get(name)
    options = list(dict.fromkeys(["", *likely, chosen]))

    def spelt(text: str) -> str:
        id = single(view, text) if text else None
        return text or nothing if id is None else show(view, id)

    st.selectbox(
        label,
        options,
        format_func=spelt,
        accept_new_options=True,
        help="Choose one of the likeliest tokens, or type any token of this model's vocabulary.",
        on_change=partial(near.follow, "lens", "depth", "attribution", "neurons", stage=False),
        **state.control(name),
    )
    if chosen and single(view, chosen) is None:
        st.warning("That is not one token of this model, so it is not followed. Try a shorter or commoner word.")


def grid() -> None:
    """Layer × position: what the model would say there."""
    view = current()
    choose(view)
    token, _ = watched_tokens(view)
    own = named_token(view, "answer") is None
    found = lens(view, named_token(view, "answer"))
    by = switch("Colour", "lens", COLOURS)
    start, stop = window(view)
    own_answers = found.top[-1, start:stop].tolist()
    words, tops = np.unique(found.top[:, start:stop], return_inverse=True)
    size = view.tokenizer.vocab_size
    most = max(1.0, float(found.kl.max()))
    header = {
        "title": "What the model would say after each block",
        "names": figures.depths(len(found.top) - 1),
        "labels": view.labels[start:stop],
        "words": [show(view, int(id)) for id in words],
        "tops": tops.reshape(found.top[:, start:stop].shape).tolist(),
        "answers": [show(view, id) for id in (own_answers if own else [token] * (stop - start))],
        "start": start,
        "focus": view.focus,
        "cursor": view.cursor,
        "by": by,
        "size": size,
        "most": most,
        "ends": _ends(by, size, most),
        "note": "In a cell: its guess, how sure it is, and # the rank of "
        + ("the final answer" if own else show(view, token))
        + (
            f". Positions {start} to {stop - 1} are shown; pin another to move on."
            if stop - start < len(view.ids)
            else ""
        ),
    }
    tables: list[np.ndarray] = [found.top_probability, found.rank + 1, found.probability, found.entropy, found.kl]
    payload = np.stack([table[:, start:stop] for table in tables]).astype("<f4").tobytes()

    def on_pin(event: components.Event) -> None:
        position = event.get("position")
        near.update(cursor=position if position in range(len(view.ids)) else None)

    _lens(key="lens_grid", data=components.pack(header, payload), on_pin_change=on_pin)
    code = view.code.with_import("core.analysis.stream.lens", "logit_lens")
    code = code.then(f"lens = logit_lens(checkpoint.model, trace{'' if own else f', {token}'})")
    names = ("top", "top_probability", "rank", "probability", "entropy", "kl")
    values = tuple(getattr(found, name) for name in names)
    code = code.gives(", ".join(f"lens.{name}" for name in names), values)
    truth(
        "logit_lens(model, trace)",
        found.top.shape,
        "each row was read by the model's own last norm and table: derived, for the model reads only the last",
        code,
    )
    st.markdown(came_up(show(view, token), found.rank[:, view.focus].tolist()))
    what_you_see(
        "The last layer turns the stream into a guess. Here it is applied **early**: each row is what the model would "
        "say if it stopped there. The top row has read one token and nothing else; the bottom row is the model's real "
        "answer. Point at a cell for its probability and for the rank of the final answer."
    )


def came_up(word: str, rank: list[int]) -> str:
    """Where the followed token first was the likeliest one, at the token in question; Markdown."""
    from core.analysis.stream.lens import first_up

    found, name = first_up(rank), f"“{literal(word)}”"
    if found is None:
        return f"**{name}** is the likeliest next token after no block; its best rank is {min(rank) + 1:,}."
    depth, stays = found
    where = "before any block" if depth == 0 else f"after block {depth - 1}"
    return f"**{name}** first comes up as the likeliest next token **{where}**" + (
        ", and stays so to the end." if stays else ", but not for good: later blocks change their mind."
    )


def _ends(by: str, size: int, most: float) -> list[str]:
    """What stands at the two ends of the scale of colours."""
    return {
        "probability": ["0 %", "100 %"],
        "rank": [f"rank {size:,}", "rank 1"],
        "entropy": ["0 nats", f"{np.log(size):.1f} nats, all tokens alike"],
        "divergence": ["0 nats, the final answer", f"{most:.1f} nats"],
    }[by]


def through_depth() -> None:
    """The followed token, and the one it is compared with, from the embedding to the answer; and how settled it is."""
    view = current()
    position, (token, against) = view.focus, watched_tokens(view)
    answer = named_token(view, "answer")
    watched = [(show(view, token), lens(view, answer), ROLES["prediction"])]
    if against is not None:
        watched.append((show(view, against), lens(view, against), ROLES["token"]))
    left, middle, right = st.columns(3, gap="medium")
    call = "logit_lens(checkpoint.model, trace" + (")" if answer is None else f", {answer})")
    code = view.code.with_import("core.analysis.stream.lens", "logit_lens").with_lines(f"lens = {call}")
    shape = (len(watched[0][1].rank),)
    with left:
        st.markdown("### Probability")
        lines = [(name, found.probability[:, position].tolist(), colour) for name, found, colour in watched]
        components.plot(
            figures.through_depth(lines, "%"), key="depth_probability", height=290, title="Probability by depth"
        )
        drawn = f"lens.probability[:, {position}]"
        truth(drawn, shape, "measured on this text", code.gives(drawn, lines[0][1]))
    with middle:
        st.markdown("### Rank (1 is the likeliest)")
        lines = [(name, (found.rank[:, position] + 1).tolist(), colour) for name, found, colour in watched]
        components.plot(figures.through_depth(lines, "rank"), key="depth_rank", height=290, title="Rank by depth")
        drawn = f"lens.rank[:, {position}] + 1"
        truth(drawn, shape, "measured on this text", code.gives(drawn, lines[0][1]))
    with right:
        st.markdown("### Entropy and KL")
        found = watched[0][1]
        lines = [
            ("entropy", found.entropy[:, position].tolist(), CATEGORIES[4]),
            ("KL to the end", found.kl[:, position].tolist(), CATEGORIES[7]),
        ]
        components.plot(
            figures.through_depth(lines, "nats"), key="depth_entropy", height=290, title="Entropy and divergence"
        )
        drawn = f"lens.entropy[:, {position}], lens.kl[:, {position}]"
        truth(
            drawn,
            shape,
            "both are in nats, on this text; 0.69 nats is one bit",
            code.gives(drawn, (lines[0][1], lines[1][1])),
        )
    st.caption(
        f"{NATS} "
        "Entropy: how undecided the reading is, 0 nats when it is certain. KL (Kullback–Leibler divergence): how far "
        "it still is from the final answer, 0 when it is the same distribution."
    )
