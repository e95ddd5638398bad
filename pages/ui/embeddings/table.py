"""The table itself: the rows of the visitor's tokens as heat strips, and the length of every row against its count."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.analysis.embeddings import words
from core.analysis.embeddings.words import group
from core.figures import embeddings as figures
from pages.ui import background, components, near
from pages.ui.caption import truth, what_you_see
from pages.ui.embeddings import data
from pages.ui.text import visible
from pages.ui.view import View, current

_strips = components.component("strips")


@dataclass(frozen=True)
class Counted:
    """counts (V,) of each token in the training text, what was counted, and label and group of each token."""

    counts: np.ndarray | None  # None: the text is not here
    what: str
    labels: list[str]
    groups: list[str]


def strips(view: View) -> None:
    """The vectors of the text's tokens, straight from the table."""
    rows = data.table(view)[list(view.ids)]  # (T, D)
    header = {
        "labels": view.labels,
        "width": rows.shape[1],
        "limit": float(np.quantile(np.abs(rows), 0.995)) or 1.0,
        "norms": np.linalg.norm(rows, axis=1).tolist(),
        "cursor": view.cursor,
        "title": f"The vectors of {len(rows)} tokens, {rows.shape[1]} numbers each. Arrow keys walk, Enter pins.",
    }

    def on_pin(event: components.Event) -> None:
        chosen = event.get("position")
        near.update(cursor=chosen if isinstance(chosen, int) and 0 <= chosen < len(view.ids) else None)

    _strips(key="strips", data=components.pack(header, rows.astype("<f4").tobytes()), on_pin_change=on_pin)
    code = view.untouched.gives("checkpoint.model.embed.weight.detach().numpy()[ids]", rows)
    truth(
        "embed.weight[ids]",
        rows.shape,
        "every number of every vector of this text, and beside each row the length of the vector",
        code,
    )


def token_counts(view: View) -> Counted | None:
    """How often each token stands in the training text; None while it is counted."""
    checkpoint = view.checkpoint

    def work(report: background.Report) -> Counted:
        report(0.1, "reading the text it was trained on")
        texts = words.training_texts(checkpoint)
        report(0.6, "counting tokens")
        names = [
            checkpoint.tokenizer.token_bytes(id).decode("utf-8", "replace") for id in range(view.tokenizer.vocab_size)
        ]
        counts = words.counts(checkpoint.tokenizer, texts[0]) if texts else None
        return Counted(counts, texts[1] if texts else "", [visible(name) for name in names], [group(n) for n in names])

    return background.compute(data.key(view, "counts"), work, "Counting")


def lengths(view: View) -> None:
    """Norm against frequency."""
    made, table = token_counts(view), data.vectors_to_compare(view, "as read")
    if made is None or table is None:
        return
    if made.counts is None:
        st.info("The text this model was trained on is not here, so its tokens cannot be counted.")
        return
    named = [view.ids[view.cursor]] if view.cursor is not None else list(view.ids[1:])
    figure = figures.norms(made.counts, table[1], made.labels, made.groups, named)
    components.plot(figure, key="norms", height=400, title="Length of each vector against how often its token occurs")
    code = view.untouched.with_import("core.analysis.embeddings.words", "counts", "training_texts")
    code = code.then("texts, what = training_texts(checkpoint)")
    shown = "counts(tokenizer, texts), checkpoint.model.embed.weight.detach().norm(dim=1)"
    code = code.gives(shown, (made.counts, table[1]))
    size, never, what = len(made.counts), int((made.counts == 0).sum()), made.what
    truth("‖embed.weight‖", (size,), f"all {size:,} tokens, counted in {what}; {never:,} of them never occur", code)


def section() -> None:
    view = current()
    left, right = st.columns([6, 5], gap="medium")
    with left:
        strips(view)
    with right:
        lengths(view)
    width = view.description.config.d_model
    what_you_see(
        f"This is all the model has to start from: for each token a row of {width} numbers, **orange** below zero and "
        "**blue** above. The same token has the same row wherever it stands. On the right each point is a token of "
        "the vocabulary: how long its vector has become, against how often it "
        "occurs in the part of the training text that was counted."
    )
