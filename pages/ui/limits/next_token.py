"""The model beside the grammar: the true distribution of the next token in the visitor's own text."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import limits as figures
from core.figures.labels import percent
from pages.ui import background, cache, components
from pages.ui.caption import NATS, truth, what_you_see
from pages.ui.limits.data import measured, part_code
from pages.ui.text import chips
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.text.tinyland.ahead import Ahead

SHOWN = 8  # tokens that are compared
BINS = 10


def next_token() -> None:
    """Both distributions at the pinned token, the distance at every token, and the same over held-out documents."""
    view = current()
    if view.description.read.get("kind") != "tinyland":
        st.info("The truth is known of Tinyland alone: choose a model that learned from it.")
        return
    known = _known(view)
    if known is None:
        return
    components.tokens(view.chips, key="limits_tokens", cursor=view.cursor, role="prediction")
    left, right = st.columns([2, 3], gap="large")
    with left:
        _here(view, known)
    with right:
        _everywhere(view, known)
    what_you_see(
        "Tinyland's texts are written by a grammar, so for once the **right** distribution of the next token is known: "
        "not only what came, but all that could have come. The grey part of a bar is surprise that nobody can avoid; "
        "the coloured part (the **KL divergence**) is what the model adds because it believes something else. "
        "Pin a token to see both distributions after it."
    )
    st.caption(NATS)
    _held_out(view)


def _known(view: View) -> "list[Ahead | None] | None":
    """What may follow each token of the text by the grammar; None while it is being worked out."""
    checkpoint, ids = view.checkpoint, list(view.ids[1:])

    def work(report: background.Report) -> "list[Ahead | None]":
        from core.analysis.limits.next_token import foresight, look

        ahead, found = foresight(checkpoint), []
        for k in range(len(ids) + 1):
            report(k / (len(ids) + 1), f"after {k} of {len(ids)} tokens")
            found.append(look(ahead, ids[:k]))
        return found

    key = ("limits ahead", view.name, cache.files_stamp(view.name), view.ids)
    return background.compute(key, work, "Asking the grammar", height=420)


def _here(view: View, known: "list[Ahead | None]") -> None:
    """The two distributions after the token in question."""
    position = view.focus
    ahead = known[position]
    if ahead is None:
        st.info("Tinyland has no text that begins so, or what may follow is a list too long to follow.")
        return
    log_p = view.trace.logits[position].double().log_softmax(-1).numpy()
    probs = np.exp(log_p)
    likely = sorted(ahead.probs, key=lambda i: -ahead.probs[i])[: SHOWN - 2]
    tokens = sorted({*likely, *np.argsort(-probs)[:2].tolist()}, key=lambda i: -ahead.probs.get(i, 0.0))
    labels = [chip.label for chip in chips(view.tokenizer, tokens)]
    true = [ahead.probs.get(i, 0.0) for i in tokens]
    components.plot(
        figures.beside(labels, true, probs[tokens]), key="limits_beside", height=380,
        title="What may come next, by the grammar and by the model",
    )  # fmt: skip
    code = view.code.with_import("core.analysis.limits.next_token", "foresight").gives(
        f"[foresight(checkpoint).after(ids[1 : {position + 1}]).probs.get(i, 0.0) for i in {tokens}]", true
    )
    truth(
        f"foresight(checkpoint).after(ids[1 : {position + 1}])",
        (len(ahead.probs),),
        f"{len(ahead.probs):,} tokens are possible here; every way in which the text can go on was followed",
        code,
    )


def _everywhere(view: View, known: "list[Ahead | None]") -> None:
    """Unavoidable surprise and the model's own, before every token."""
    log_p = view.trace.logits.double().log_softmax(-1).numpy()  # (T, V)
    places = range(len(view.ids) - 1)
    entropy = [known[k].entropy if known[k] else float("nan") for k in places]  # type: ignore[union-attr]
    kl = [_kl(known[k], log_p[k]) for k in places]
    components.plot(
        figures.distance(view.labels, entropy, kl, view.cursor), key="limits_distance", height=380,
        title="Unavoidable surprise, and what the model adds, before each token", cursor_axis="x",
    )  # fmt: skip
    code = view.code.with_import("core.analysis.limits.next_token", "foresight", "look").then(
        "ahead = foresight(checkpoint)",
        "known = [look(ahead, ids[1 : k + 1]) for k in range(len(ids) - 1)]",
    )
    nan = "float('nan')"
    truth(
        "look(ahead, ids).entropy",
        (len(entropy),),
        "derived from the grammar, and from the model's distribution at the same place",
        code.gives(f"[one.entropy if one else {nan} for one in known]", entropy),
    )


def _kl(ahead: "Ahead | None", log_p: np.ndarray) -> float:
    if ahead is None:
        return float("nan")
    q = np.array(list(ahead.probs.values()))
    return max(0.0, float((q * (np.log(q) - log_p[list(ahead.probs)])).sum()))


def _held_out(view: View) -> None:
    """Calibration against true probabilities, over held-out documents."""
    st.markdown("### The same over held-out documents")
    found = measured(view, "truth", "Asking the grammar about held-out documents", 420)
    if found is None:
        return
    from core.analysis.calibration import reliability

    bins = reliability(found.confidence, found.truth, BINS)
    full = bins.count > 0
    points = [(a, a, a) for a in bins.accuracy[full]]
    left, right = st.columns([3, 2], gap="large")
    with left:
        components.plot(
            figures.reliability(bins.confidence[full], points, bins.count[full], "true probability"),
            key="limits_truth", height=380, title="True probability of its first choice against how sure it is",
        )  # fmt: skip
        code = part_code(view, "truth").gives("truth.calibration_gap, truth.kl.mean()",
                                              (found.calibration_gap, found.kl.mean()))  # fmt: skip
        truth(
            "truth.confidence, truth.truth",
            (len(found.kl),),
            f"{len(found.kl):,} places of held-out documents; no sample of outcomes, so nothing here is chance",
            code,
        )
    with right:
        st.metric("Added by the model (KL), nats per token", f"{found.kl.mean():.4f}")
        st.markdown(
            f"Nobody can avoid {found.entropy.mean():.3f} nats per token. The model's certainty is off by "
            f"**{percent(found.calibration_gap)}** from the true probability of its first choice, on average. With "
            "outcomes alone one would need thousands of repetitions of each text to see so small a gap."
        )
