"""The stages of the overview: from the text to the next token, each with a picture of the real tensor.

When another token is pinned, the browser moves the frames and shows other bars by itself, and asks for what the model
writes (written.py); only the section of that is computed again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.figures import overview as figures
from pages.ui import cache, components
from pages.ui.caption import number, truth
from pages.ui.overview import written
from pages.ui.text import chips
from pages.ui.view import View, current

_guesses = components.component("guesses")
BARS = 8


@contextmanager
def beside(words: str, page: str, link: str) -> Iterator[None]:
    """What one step of the path does, and a link, on the left; its picture on the right."""
    left, right = st.columns([3, 7], gap="medium")
    with left:
        st.markdown(words)
        st.page_link(page, label=link, icon=":material/arrow_forward:")
    with right:
        yield


def first() -> None:
    """The first two steps, and the ear for tokens that are pinned."""
    view = current()
    st.header(f"{number(1, 'token')} Text becomes tokens", anchor=False)
    tokens(view)
    st.header(f"{number(2, 'residual')} Tokens become vectors", anchor=False)
    vectors(view)
    _ear()


@st.fragment
def _ear() -> None:
    components.follow_pin("following", key="written_pin")


def tokens(view: View) -> None:
    words = (
        "The text is cut into **tokens**: words, parts of words, punctuation. A raised dot is a space. "
        "Each token has a number in a fixed list, the vocabulary."
    )
    with beside(words, "tokenization.py", "How the text is cut"):
        components.tokens(view.chips, key="tokens", cursor=view.cursor, ids=True, reports=False)
        size = f"vocabulary of {view.tokenizer.vocab_size:,} tokens"
        truth("ids", (len(view.ids),), f"your text, {size}", view.code.gives("ids", view.ids))


def vectors(view: View) -> None:
    embed = view.trace.embed.numpy()  # (T, D)
    words = (
        f"Each token becomes a **vector** of {embed.shape[1]} numbers, learned in training. "
        "Tokens that are used alike get similar vectors. Blue is positive, orange negative."
    )
    with beside(words, "embeddings.py", "The map of all vectors"):
        title = "Embedding of each token"
        figure = figures.vectors(embed, view.labels)
        components.plot(figure, key="vectors", height=250, title=title, cursor_axis="x", cursor=view.cursor)
        truth(
            "trace.embed",
            embed.shape,
            "a column for each token, its numbers as the model has them",
            view.code.gives("trace.embed", embed),
        )


def blocks() -> None:
    from core.analysis.stream.flow import newly_written

    view = current()
    attention, mlp = newly_written(view.trace)  # (L, T)
    words = (
        f"{len(attention)} **blocks** rewrite the vectors. In each, *attention* fetches information from "
        "earlier words, "
        "then an *MLP* works on each word alone. The stronger the colour, the more of the vector is newly written."
    )
    with beside(words, "attention.py", "Which token looks at which"):
        title, height = "What each block writes", 110 + 22 * 2 * len(attention)
        figure = figures.writes(attention, mlp, view.labels)
        components.plot(figure, key="blocks", height=height, title=title, cursor_axis="x", cursor=view.cursor)
        code = view.code.with_import("core.analysis.stream.flow", "newly_written")
        code = code.gives("newly_written(trace)", (attention, mlp))
        words = "the length of what a part adds, as a share of that and what it is added to"
        truth("|new| / (|new| + |old|)", (2, *attention.shape), words, code)
        st.page_link("inside.py", label="Follow one token through all of them", icon=":material/arrow_forward:")


def distribution() -> None:
    view = current()
    top = view.trace.probs.topk(min(BARS, view.tokenizer.vocab_size))  # (T, 8)
    ids = sorted(set(top.indices.flatten().tolist()))
    names = {id: chip.label for id, chip in zip(ids, chips(view.tokenizer, ids), strict=True)}
    words = (
        "The last vector becomes a **probability for every token** in the vocabulary. Point at a token anywhere "
        "above, or "
        "pin it, to see what the model expected after it."
    )
    with beside(words, "sampling.py", "Change the prediction"):
        rows = [  # all digits that a float32 has: the browser rounds once
            [(names[id], float(f"{p:.7g}")) for id, p in zip(likeliest, probs, strict=True)]
            for likeliest, probs in zip(top.indices.tolist(), top.values.tolist(), strict=True)
        ]
        title = f"The {BARS} likeliest next tokens"
        header = {"rows": rows, "labels": view.labels, "title": title}
        _guesses(key="guesses", data=components.pack(header | components.pin(view.cursor)))
        note = f"the {BARS} likeliest tokens after each token of your text"
        code = view.code.gives(f"trace.probs.topk({top.values.shape[1]})", top)
        truth("trace.probs", view.trace.probs.shape, note, code)


def following() -> None:
    view = current()
    words = (
        "One token is chosen and joins the text, and everything starts again from the top. "
        "Here the model always takes the likeliest; the stronger the colour, the surer it was. "
        "Pin an earlier token to continue from there."
    )
    with beside(words, "sampling.py", "Let it write"):
        end = view.focus + 1
        shown, values = written.strip(view.name, view.step, view.interventions, view.ids[:end])
        title, source = "The end of your text and what the model writes after it", written.source(view)
        components.tokens(
            shown, key="following", values=values, role="prediction", title=title, shared=False, source=source
        )
        made = cache.continuation(view.name, view.step, view.ids[:end], written.NEW)
        call = f"generate(checkpoint.model, ids[:{end}], Sampler(temperature=0), {written.NEW}, seed=0, stop=ids[:1])"
        code = view.code.with_import("core.generation", "Sampler", "generate")
        code = code.gives(f"[(step.id, step.raw_probability) for step in {call}]", made)
        words = "written now by this model, always with the likeliest token"
        truth(f"generate(model, ids[:{end}], …)", (len(made),), words, code)
