"""One prediction through the whole model: the stream, what it would say after each block, who made it say so."""

import streamlit as st

from pages.ui import components
from pages.ui.caption import page_header, truth, try_it, what_you_see
from pages.ui.inside import lens
from pages.ui.inside.cell import arithmetic
from pages.ui.inside.makers import makers
from pages.ui.inside.neurons import neurons
from pages.ui.inside.stream import stream
from pages.ui.view import current


@st.fragment
def stage() -> None:
    view = current()
    components.tokens(view.chips, key="tokens", cursor=view.cursor, role="residual")
    stream(view, key="stream")
    length = view.trace.resid_post.shape
    truth("trace.resid_post", length, "every number of the diagram is of this text", view.code + "trace.resid_post")
    arithmetic(view)
    what_you_see(
        "Every token has a **rail**: the :gray[residual stream], a vector that flows down and is never replaced, only "
        "added to. In each block :orange[attention] (circle) fetches something from earlier tokens (lines), then the "
        ":green[MLP] (square) works on the token alone. The thicker a rail, the longer the vector; the larger a mark, "
        "the longer what is added. **Open a block** to see its numbers."
    )
    st.markdown("#### What would it say if it stopped here?")
    lens.choose(view)
    lens.grid(view)
    st.markdown("#### One token through the depth")
    lens.through_depth(view)
    st.markdown("#### Who made this prediction?")
    makers(view)
    st.markdown("#### Neurons")
    neurons(view)


page_header(
    "How does one prediction come about?",
    "Follow a token down through the blocks: what is written into it, what it would say, and who made it say so.",
)
stage()
st.markdown("#### Try")
first, second, third = st.columns(3)
with first:
    try_it(
        "The story has two women. After “because she”, at which depth does the model's guess begin to look like an "
        "answer, and is it still the same at the end?",
        "Read the last column of the lens from top to bottom. The top row can only answer from the word itself, for it "
        "has not looked back. Wherever the guess changes, that block did the work: open it.",
        label="Follow “she” down",
        key="inside_she",
        update={"cursor": None, "answer": "", "lens": "probability"},
    )
with second:
    try_it(
        "Who got the kite the first time gets it again. Will one head do most of the work, or many parts a little?",
        "Look at the grid of heads: one strongly blue cell is one head that copied the name, and the bars below it "
        "show from which token. Blue spread over many cells means that the answer was made together.",
        label="Who says the name?",
        key="inside_name",
        update={
            "text": "Kira gave the kite to Isla. Kira gave the kite to",
            "cursor": None,
            "answer": " Isla",
            "against": " Kira",
        },
    )
with third:
    try_it(
        "Before any training, how do the rows of the lens differ from one another?",
        "They hardly differ: at the first step attention and the MLPs write nothing, so the vector that arrives is the "
        "one that set out. Then move *Training step* and watch the rows come apart.",
        label="Go back to the first step",
        key="inside_start",
        update={"step": 0, "lens": "divergence"},
    )
