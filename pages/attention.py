"""Which earlier tokens each head reads from, how a score becomes a weight, and what a head does in general."""

import numpy as np
import streamlit as st

from core.figures import attention as figures
from core.figures.labels import percent
from pages.ui import cache, components, state
from pages.ui.caption import page_header, truth, try_it, what_you_see
from pages.ui.view import View, current

HALF, CASES = 25, 50  # random tokens that are repeated, and such sequences
THRESHOLD = 0.3  # a role gets its name when the whole 95 % interval lies above this
ROLES = {  # score -> short name, name, what it means
    "previous": ("previous", "previous-token head", "reads from the token just before"),
    "first": ("first", "first-token head", "reads from the start of the text, often a resting place"),
    "induction": ("induction", "induction head", "finds the same token earlier and reads from what followed it"),
}
Scores = dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]  # name -> mean, low, high, each (L, H)


@st.cache_data(max_entries=16, show_spinner="Measuring every head on random text …")
def measured(name: str, step: int, stamp: tuple[int, ...], half: int) -> Scores:
    """The scores of all heads; `stamp` changes when the files of the model do."""
    from core.analysis.heads import head_scores

    checkpoint = cache.checkpoint(name, step)
    found = head_scores(checkpoint.model, half=half, cases=CASES, start=[checkpoint.tokenizer.eot])
    return {score.name: (score.mean, score.low, score.high) for score in found if score.name in ROLES}


def role(scores: Scores, layer: int, head: int) -> str | None:
    """The role with the highest mean among those clearly above the threshold."""
    clear = [name for name, (_, low, _) in scores.items() if low[layer, head] > THRESHOLD]
    return max(clear, key=lambda name: scores[name][0][layer, head], default=None)


def pin_row(event: components.PlotEvent) -> None:
    row = int(event.y)
    state.update(cursor=None if row == state.get("cursor") else row)


def one_head(view: View, layer: int, head: int, query: int) -> None:
    length = len(view.ids)
    st.markdown(f"#### Layer {layer}, head {head}")
    figure = figures.head(view.trace.pattern[layer, head].numpy(), view.labels, query)
    components.plot(figure, key="one_head", height=520, title="Attention weights", cursor_axis="y", on_click=pin_row)
    code = view.code + f"trace.pattern[{layer}, {head}]"
    truth(f"trace.pattern[{layer}, {head}]", (length, length), "measured on this text", code)
    what_you_see(
        "Each **row** is a token that looks, each **column** a token it can look at: the stronger the colour, the more "
        "it reads from there. A row adds up to 100 %. It is blank above the diagonal: no token sees what comes after. "
        "Click a row to pin its token; click it again to let go."
    )


def one_query(view: View, layer: int, head: int, query: int) -> None:
    st.markdown("#### What " + ("the last" if view.cursor is None else "the pinned") + " token reads from")
    weights = view.trace.pattern[layer, head, query, : query + 1].numpy()
    scores = view.trace.attn_scores[layer, head, query, : query + 1].numpy()
    labels, index = view.labels[: query + 1], f"[{layer}, {head}, {query}, :{query + 1}]"
    left, right = st.columns(2, gap="medium")
    with left:
        components.plot(
            figures.reads(weights, labels), key="reads", height=330, title="Weights of one token", cursor_axis="x"
        )
        truth(f"trace.pattern{index}", weights.shape, "one bar per token", view.code + f"trace.pattern{index}")
    with right:
        components.plot(figures.stages(scores, weights, labels), key="stages", height=330, title="Scores and weights")
        code = view.code + f"scores = trace.attn_scores{index}\nscores.softmax(dim=-1)  # = trace.pattern{index}"
        truth(f"trace.attn_scores{index}", scores.shape, "largest weights first; third column derived", code)
    st.caption(
        "A score says how well the token's question fits another token's offer. Softmax makes shares of the scores: "
        "raise e to each, divide by the sum."
    )


def what_it_does(view: View, scores: Scores, layer: int, head: int, half: int) -> None:
    st.markdown("#### What is this head doing?")
    found = role(scores, layer, head)
    label = "no clear role" if found is None else f"{ROLES[found][1]}: {ROLES[found][2]}"
    st.markdown(
        f"Layer {layer}, head {head}: **{label}**. On {CASES} sequences of {half} random tokens, each followed by the "
        "same tokens again, this is the share of its attention that goes where three well-known kinds of head look. A "
        f"kind is named only when its whole 95 % interval lies above {percent(THRESHOLD)} (dashed)."
    )
    mean, low, high = ([float(scores[name][i][layer, head]) for name in ROLES] for i in range(3))
    figure = figures.roles([ROLES[name][1] for name in ROLES], mean, low, high, THRESHOLD)
    components.plot(figure, key="roles", height=210, title="Scores of this head, with 95 % intervals")
    code = view.code.split("tokenizer =")[0].replace(", run_trace", "") + (
        "from core.analysis.heads import head_scores\n\n"
        f"scores = head_scores(checkpoint.model, half={half}, cases={CASES}, start=[checkpoint.tokenizer.eot])\n"
        f"[(s.name, s.mean[{layer}, {head}], s.low[{layer}, {head}], s.high[{layer}, {head}]) for s in scores]"
    )
    truth("head_scores(model)", scores["first"][0].shape, f"{CASES} random sequences, not your text", code)


@st.fragment
def stage() -> None:
    view = current()
    config = view.checkpoint.config
    components.tokens(view.chips, key="tokens", cursor=view.cursor, role="attention")
    half = min(HALF, (config.context_length - 1) // 2)
    scores = measured(view.name, view.step, cache.stamp(view.name), half) if half >= 2 else None
    names = None
    if scores is not None:
        found = [[role(scores, i, j) for j in range(config.n_heads)] for i in range(config.n_layers)]
        names = [[ROLES[name][0] if name else "" for name in row] for row in found]
    pattern = view.trace.pattern.numpy()
    layer, head = components.heads(pattern, key="heads", labels=view.labels, cursor=view.cursor, scores=names)
    truth("trace.pattern", pattern.shape, "layers × heads × readers × read from", view.code + "trace.pattern")
    query = len(view.ids) - 1 if view.cursor is None else view.cursor
    one_head(view, layer, head, query)
    one_query(view, layer, head, query)
    if scores is not None:
        what_it_does(view, scores, layer, head, half)


page_header(
    "Which earlier words does this word look at?", "Every head decides for itself. Choose one, then pin a token."
)
stage()
try_it(
    "The sentence comes twice. In the second copy, where would a head look that wants to know what comes next?",
    "At the token that *followed* the same token in the first copy. Heads that do this are called induction heads; "
    "they draw a stripe beside the diagonal, half-way down. Look for one above: not every model has learned it.",
    label="Say it twice",
    key="attention_twice",
    update={"text": "Mia gave the red ball to Tom. Mia gave the red ball to", "cursor": None},
)
