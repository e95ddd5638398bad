"""How a text becomes tokens: the strip, one token's making, other tokenizers, ten languages, one of your own."""

import streamlit as st

from core.figures import tokenization as figures
from core.text import PUBLIC_ENCODINGS
from core.text.languages import SENTENCES
from pages.ui import components, state, tokenizers
from pages.ui.caption import page_header, truth, what_you_see
from pages.ui.code import Code
from pages.ui.sections import section, stage
from pages.ui.tokenization.components import MAX_ALIGNED, boundaries, pieces
from pages.ui.tokenization.experiments import tokenization_experiments
from pages.ui.tokenization.stage import controls, replay
from pages.ui.tokenization.training import train_your_own
from pages.ui.view import current


def cutting() -> None:
    made = controls()
    if made is None:
        return
    cut, source = made
    read_by_all = source.shared and source.text.strip() != ""  # of mere spaces the other pages read nothing
    shared = read_by_all and cut.key == tokenizers.MODEL and state.get("special") == "text"
    position = pieces(cut, source.text, key="pieces", cursor=state.get("cursor"), shared=shared)
    size = len(source.text.encode("utf-8", "replace"))
    note = f"this is {source.name or 'your text'}, {size:,} byte{'s' * (size != 1)} long"
    call = tokenizers.call(cut.key, current().description, state.get("special") == "tokens")
    truth("pieces", (cut.total,), note, tokenizers.python(source).gives(call, cut.pieces))
    st.header("How one word was put together" if position is None else "How this token was put together", anchor=False)
    replay(cut, source, position)
    what_you_see(
        "The text on the left, its numbers on the right: a model reads only the numbers. Before anything is joined, "
        "the text is split into chunks: roughly, a word with the space before it. A chunk starts as single bytes; "
        "again and again the pair with the **lowest rank**, the one learned earliest, becomes one :blue[part], until "
        "no two neighbours form a token of the vocabulary. A character that needs several tokens stands above "
        "its bytes."
    )


def comparing() -> None:
    source, description = tokenizers.source(), current().description
    keys = [tokenizers.MODEL, *PUBLIC_ENCODINGS, *tokenizers.UNTRAINED]
    if (chosen := state.get("tokenizer")) not in keys:
        keys.insert(1, chosen)
    try:
        cuts = [tokenizers.cut(key, description, source.text) for key in keys]
    except ValueError as error:
        st.warning(tokenizers.MISSING)
        st.text(str(error))
        return
    drawn = boundaries(source.text, cuts, key="boundaries")
    size = len(source.text.encode("utf-8", "replace"))
    calls = "".join(f"    {tokenizers.call(cut.key, description)},\n" for cut in cuts)
    code = tokenizers.python(source).with_lines(f"found = [\n{calls}]")
    cut_off = f"; only the first {MAX_ALIGNED} signs, {drawn:,} bytes, are drawn" if drawn < size else ""
    truth("piece.start, piece.end", (len(cuts), "pieces"), f"your text has {size:,} bytes{cut_off}",
          code.gives("found", [cut.pieces for cut in cuts]))  # fmt: skip
    names, notes = (
        [cut.title for cut in cuts],
        [f"({cut.unknown:,} not in its vocabulary)" * bool(cut.unknown) for cut in cuts],
    )
    figure = figures.counts(names, [cut.total for cut in cuts], [cut.size for cut in cuts], notes)
    title = "Tokens, and bytes per token, by tokenizer"
    components.plot(figure, key="counts", height=50 + figures.ROW * len(cuts), title=title)
    words = f"the word list: the {len(tokenizers.word_list()):,} words of {tokenizers.WORD_DOCUMENTS:,} Tinyland texts"
    truth("len(pieces)", (len(cuts),), f"counted over the whole text; {words}",
          code.gives("[len(pieces) for pieces in found]", [cut.total for cut in cuts]))  # fmt: skip


def speaking() -> None:
    st.markdown(
        "The same sentence in ten languages. Services charge by the token, and a model reads only so many at a time: a "
        "language that needs more tokens costs more and has less room."
    )
    keys, description = [tokenizers.MODEL, *PUBLIC_ENCODINGS], current().description
    try:
        costs = [[tokenizers.cut(k, description, text).total for k in keys] for text in SENTENCES.values()]
    except ValueError:
        st.warning(tokenizers.MISSING)
        return
    figure = figures.languages(list(SENTENCES), [tokenizers.TITLES[key] for key in keys], costs)
    texts = list(SENTENCES.values())
    title = "Tokens of one sentence in ten languages"
    components.plot(
        figure, key="languages", height=400, title=title, on_click=lambda e: tokenizers.read(texts[int(e.y)])
    )
    made = ", ".join(tokenizers.maker(key, description) for key in keys)
    code = Code().with_import("core.model", "describe").with_import("core.text", "public_encoding")
    code = code.with_import("core.text.languages", "SENTENCES").then(f"tokenizers = [{made}]")
    code = code.gives("[[len(t.encode(text)) for t in tokenizers] for text in SENTENCES.values()]", costs)
    truth(
        "len(tokenizer.encode(sentence))",
        (len(costs), len(keys)),
        "our own translations; × as many as in English",
        code,
    )
    st.caption("Click a cell to see that sentence cut at the top of the page.")


page_header(
    "How is your text cut into pieces?", "A model reads numbers, not letters. Point at a token to see what it is."
)
stage(cutting)
section("How do other tokenizers cut the same text?", "others", comparing, height=620)
section("Which languages need more tokens?", "languages", speaking, height=540)
section("How does a tokenizer learn?", "learn", train_your_own, height=420)
section("Try", "try", tokenization_experiments, height=120)
