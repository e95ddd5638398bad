"""How far back the model looks, on the sampling page: a shorter window, loss by position, a distant fact, the cache."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import sampling as figures
from pages.ui import background, cache, components
from pages.ui.caption import truth
from pages.ui.code import Timed
from pages.ui.text import chips
from pages.ui.view import View

if TYPE_CHECKING:
    from core.analysis.skills.cases import Share
    from core.analysis.skills.window import Cost, PositionLoss

LINES = 6  # tokens whose probability is drawn
DOCUMENTS, QUESTIONS = 300, 60
ENOUGH = 20  # documents that a position must have to be drawn
FILLERS = (0, 2, 4, 8, 12, 16)


def shorter(view: View, end: int) -> None:
    """The next token's probabilities against how much of the text is read."""
    ids, most = view.ids[:end], max(end - 1, 1)
    if most < 2:
        st.caption("The text is a single token: pin a later one.")
        return
    key = ("window", view.name, view.step, cache.stamp(view.name), ids)
    model, windows = view.checkpoint.model, list(range(1, most + 1))
    if most > 64:
        windows = sorted({*np.linspace(1, most, 64).astype(int).tolist()})

    def work(_report: background.Report) -> np.ndarray:
        from core.analysis.skills.window import probabilities_by_window

        return probabilities_by_window(model, ids, windows)

    probs = background.compute(key, work, "Reading with shorter windows", height=340)
    if probs is None:
        return
    chosen = st.select_slider(
        "Tokens that the model may read", windows, windows[-1], key=f"window {most}", persist_state="page"
    )
    row = windows.index(chosen)
    full, here = np.argsort(-probs[-1], kind="stable"), np.argsort(-probs[row], kind="stable")
    shown = list(dict.fromkeys([*full[: LINES - 3].tolist(), *here[:3].tolist()]))
    labels = [chip.label for chip in chips(view.tokenizer, shown)]
    figure = figures.window(windows, probs[:, shown], labels, chosen)
    components.plot(figure, key="window", height=320, title="The next token against the length of the window")
    call = f"probabilities_by_window(checkpoint.model, ids[:{end}], {windows})"
    code = view.code.with_import("core.analysis.skills.window", "probabilities_by_window").gives(call, probs)
    truth("probabilities_by_window(…)", probs.shape, "measured on this text; the start token is always read", code)


def _ask(key: str, asked: object) -> None:
    st.session_state[key] = asked


def positions(view: View) -> None:
    """Loss by position, and a fact at a distance, on held-out documents."""
    checkpoint = view.checkpoint
    base = (view.name, view.step, cache.stamp(view.name))
    st.button("Measure on held-out documents", key="positions_go", on_click=_ask, args=("positions_asked", base))
    if st.session_state.get("positions_asked") != base:
        st.caption(
            "Loss by position, and whether a fact is still found when filler sentences stand before its question."
        )
        return
    left, right = st.columns(2, gap="medium")

    def losses(report: background.Report) -> "PositionLoss":
        from core.analysis.skills.window import loss_by_position

        return loss_by_position(checkpoint.model, checkpoint.tokenizer, DOCUMENTS, report)

    def needles(report: background.Report) -> "list[tuple[float, Share]]":
        from core.analysis.skills.window import needle

        return needle(checkpoint, FILLERS, QUESTIONS, report)

    with left:
        st.markdown("**Does more context help?** Loss by position in held-out documents")
        found = background.compute(("positions", *base), losses, "Reading documents", height=320, slow=True)
        if found is not None:
            often = found.count >= ENOUGH
            figure = figures.position_loss(found.loss[often], found.error[often], found.count[often])
            components.plot(figure, key="positions", height=320, title="Loss against the position in the document")
            call = f"loss_by_position(checkpoint.model, tokenizer, {DOCUMENTS})"
            code = view.code.with_import("core.analysis.skills.window", "loss_by_position").gives(call, found)
            truth(
                "loss",
                found.loss.shape,
                f"{DOCUMENTS} Tinyland documents, at positions that at least {ENOUGH} have; the band: 95 %",
                code,
            )
    with right:
        st.markdown("**Is a fact still found from afar?** Filler sentences between a story and its question")
        result = background.compute(("needle", *base), needles, "Asking questions", height=320, slow=True)
        if result is not None:
            line = [(share.rate, *share.interval) for _, share in result]
            figure = figures.shares([d for d, _ in result], [("answered right", line)], "tokens in between", "share")
            components.plot(figure, key="needle", height=320, title="Right answers against the distance of the fact")
            call = f"needle(checkpoint, {FILLERS}, {QUESTIONS})"
            code = view.code.with_import("core.analysis.skills.window", "needle").gives(call, result)
            sizes = f"{max(s.n for _, s in result)} questions at each distance, fewer where the text gets too long"
            truth("needle(…)", (len(result),), sizes, code)


def cost(view: View) -> None:
    """What the cache saves and what it takes, measured on request."""
    model, config = view.checkpoint.model, view.description.config
    lengths = [n for n in (8, 16, 32, 64, 128, 256, 512, 1024) if n <= config.context_length]
    st.button(
        "Measure the cache", key="cache_go", on_click=st.session_state.__setitem__, args=("cache_asked", view.name)
    )
    if st.session_state.get("cache_asked") != view.name:
        st.caption(
            "The time for one more token with the cache of keys and values and without it, measured on this machine."
        )
        return

    def work(report: background.Report) -> "list[Cost]":
        from core.analysis.skills.window import cache_cost

        return cache_cost(model, lengths, report=report)

    found = background.compute(("cache cost", view.name, cache.stamp(view.name)), work, "Measuring", height=320)
    if found is None:
        return
    figure = figures.cache_cost(lengths, [c.cached for c in found], [c.uncached for c in found])
    components.plot(figure, key="cache_cost", height=320, title="Time for one more token against the length")
    last = found[-1]
    note = f"the median of 5 on this server; after {last.length} tokens the cache takes {last.nbytes / 1024:,.0f} KiB"
    code = view.code.with_import("core.analysis.skills.window", "cache_cost").gives(
        f"[(c.length, c.cached, c.uncached, c.nbytes) for c in cache_cost(checkpoint.model, {lengths})]",
        [(c.length, Timed(c.cached), Timed(c.uncached), c.nbytes) for c in found],
    )
    truth("cache_cost(…)", (len(found),), note, code)
