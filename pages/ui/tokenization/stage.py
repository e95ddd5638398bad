"""The stage of the tokenization page: its controls, and the making of the pinned token."""

import streamlit as st

from core.text.merge_tree import around, chunk_of, joins
from pages.ui import state, tokenizers
from pages.ui.caption import truth
from pages.ui.tokenization.components import learned_counts, merge_tree
from pages.ui.tokenizers import Cut, Source
from pages.ui.view import current

CAP = 60  # bytes of a chunk whose merges are drawn
NEAR = 4000  # tokens on either side of one in which its chunk is looked for


def controls() -> tuple[Cut, Source] | None:
    """Who cuts, what special names are, and which text; and the cut. None, with a message, when it cannot be made."""
    description, source = current().description, tokenizers.source()
    left, middle, right = st.columns([3, 3, 2], vertical_alignment="bottom")
    with left:
        key = tokenizers.choice()
    with middle:
        st.segmented_control(
            "Special tokens in the text are read as", wrap=True, **state.control("special"), required=True
        )
    with right:
        tokenizers.longer_text()
    try:
        cut = tokenizers.cut(key, description, source.text, state.get("special") == "tokens")
    except ValueError as error:  # TokenizerError: its file or package is missing or altered
        st.warning("This tokenizer cannot be read here.")
        st.text(str(error))
        return None
    tokenizers.longer_note()
    tokenizers.say_special(cut, source.text)
    return cut, source


def replay(cut: Cut, source: Source, position: int | None) -> None:
    """The merge tree of the chunk around the pinned token, or of the chunk that was cut most."""
    if cut.tokenizer is None:
        st.info(f"Cutting into {cut.key} needs no merges: there is nothing to replay. Choose a tokenizer above.")
        return
    at = tokenizers.most_cut(cut) if position is None else position
    low = max(0, at - NEAR)
    window = cut.pieces[low : at + NEAR]
    group = chunk_of(cut.tokenizer, window, at - low)
    part = around(group, cut.pieces[at], CAP)
    data = b"".join(piece.bytes for piece in part)
    special = cut.pieces[at].id in cut.tokenizer.special_tokens.values()
    if len(data) > CAP or special:
        what = (
            "is a special token: it was not made by merging" if special else f"has {len(data)} bytes, too many to draw"
        )
        st.info(f"The pinned token {what}. Pin another one.")
        return
    steps = joins(cut.tokenizer.ranks, data)
    merge_tree(data, steps, learned_counts(cut.tokenizer), part[0].start, key="merges")
    some = f"{len(part)} of the {len(group)} tokens of a long chunk; " if len(part) < len(group) else ""
    code = tokenizers.python(source).with_import("core.text.merge_tree", "joins")
    code = code.with_lines(f"tokenizer = {tokenizers.maker(cut.key, current().description)}")
    code = code.gives(f"joins(tokenizer.ranks, {data!r})", steps)
    truth(
        "joins(ranks, chunk)",
        (len(steps),),
        f"{some}{len(data)} bytes; the end is what the tokenizer itself makes of them",
        code,
    )
