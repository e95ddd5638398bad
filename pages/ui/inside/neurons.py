"""Neurons on the page: the strongest here, and one of them: the text it answers to and the tokens it asks for."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import inside as figures
from core.figures.labels import percent, plain
from pages.ui import background, cache, components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.inside.focus import pair, show, switch
from pages.ui.inside.lens import watched_tokens
from pages.ui.literal import literal
from pages.ui.text import chips
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.analysis.stream.neurons import Scan

STRONGEST = 12  # neurons in the list
SNIPPETS = 6  # texts of one neuron
AROUND = 14, 6  # tokens shown before and after its strongest moment
WAYS = {
    "writes": "how much it writes",
    "activation": "how active it is",
    "effect": "how much it adds to the followed token",
}


def corpus(view: View) -> tuple[str, list[list[int]], "Scan"] | None:
    """The sample and every neuron's strongest moments in it, once for each model and step; None while it is read."""
    checkpoint = view.checkpoint

    def work(report: background.Report) -> tuple[str, list[list[int]], "Scan"]:
        from core.analysis.stream.neurons import sample, scan

        report(0.0, "writing the sample")
        name, texts = sample(checkpoint)
        say = f"reading {sum(map(len, texts)):,} tokens of {name}"
        return name, texts, scan(checkpoint.model, texts, k=SNIPPETS, progress=lambda share: report(share, say))

    key = ("neurons", view.name, view.step, cache.stamp(view.name))
    return background.compute(key, work, "The strongest moments of every neuron", height=420)


def neuron_scores(view: View) -> np.ndarray:
    """The number by which the neurons are sorted, (L, M)."""
    from core.analysis.stream.attribution import neuron_effects
    from core.analysis.stream.neurons import writes

    position, by, model = view.focus, state.get("strongest"), view.checkpoint.model
    if by == "effect":
        return neuron_effects(model, view.trace, position, *watched_tokens(view))
    return view.trace.mlp_post[:, position].numpy() if by == "activation" else writes(model, view.trace, position)


def chosen_neuron(view: View, best: tuple[int, int]) -> tuple[int, int]:
    """The neuron that the visitor chose, if this model has it; else the strongest."""
    config = view.description.config
    return pair("neuron", (config.n_layers, config.d_mlp)) or best


def neurons() -> None:
    """The list of the strongest, and beside it the one that is chosen."""
    view = current()
    values = neuron_scores(view)
    order = np.argsort(-np.abs(values), axis=None, kind="stable")[:STRONGEST]
    listed = [(int(i) // values.shape[1], int(i) % values.shape[1]) for i in order]
    layer, neuron = chosen_neuron(view, listed[0])
    left, right = st.columns([4, 7], gap="large")
    with left:
        _list(view, values, listed, (layer, neuron))
    with right:
        _asks_for(view, layer, neuron)
    _here(view, layer, neuron)
    _elsewhere(view, layer, neuron)


def _list(view: View, values: np.ndarray, listed: list[tuple[int, int]], picked: tuple[int, int]) -> None:
    switch("Sorted by", "strongest", WAYS)

    def pick(event: components.PlotEvent) -> None:
        state.update(neuron="{}.{}".format(*listed[int(event.y)]))

    names = [f"block {layer} · {neuron}" for layer, neuron in listed]
    active = view.trace.mlp_post[:, view.focus].numpy()
    hovers = [
        f"{name}: activation {active[place]:.2f}, {WAYS[state.get('strongest')]} {values[place]:.2f}"
        for name, place in zip(names, listed, strict=True)
    ]
    at = listed.index(picked) if picked in listed else None
    figure = figures.ranked_bars(
        names, [float(values[p]) for p in listed], hovers, at, "" if values.min() < 0 else "mlp"
    )
    components.plot(figure, key="neurons", height=400, title="The strongest neurons at this token", on_click=pick)
    position = view.focus
    call = {
        "writes": f"writes(checkpoint.model, trace, {position})",
        "activation": f"trace.mlp_post[:, {position}]",
        "effect": f"neuron_effects(checkpoint.model, trace, {position}, *{watched_tokens(view)})",
    }[state.get("strongest")]
    code = view.code.with_import("core.analysis.stream.neurons", "writes")
    code = code.with_import("core.analysis.stream.attribution", "neuron_effects").gives(call, values)
    truth(
        f"trace.mlp_post[:, {position}]",
        values.shape,
        f"the {len(listed)} largest activations at this token of this text",
        code,
    )


def _asks_for(view: View, layer: int, neuron: int, most: int = 7) -> None:
    from core.analysis.stream.neurons import vocabulary_effect

    effect = vocabulary_effect(view.checkpoint.model, layer, neuron)
    order = np.argsort(-effect, kind="stable")
    st.markdown(f"### Block {layer}, neuron {neuron}")
    more, less = st.columns(2)
    for column, ids, title in ((more, order[:most], "promotes"), (less, order[::-1][:most], "suppresses")):
        with column:
            st.markdown(f"#### When active, it {title}")
            names = [show(view, int(id)) for id in ids]
            hovers = [f"{plain(name)}: {figures.with_sign(effect[id])}" for name, id in zip(names, ids, strict=True)]
            figure = figures.ranked_bars(names, effect[ids].tolist(), hovers)
            components.plot(figure, key=f"vocabulary {title}", height=300, title=f"Tokens that the neuron {title}")
    call = f"vocabulary_effect(checkpoint.model, {layer}, {neuron})"
    code = view.code.with_import("core.analysis.stream.neurons", "vocabulary_effect").gives(call, effect)
    note = "the change of each logit for one unit of activation, if the final norm divides by 1"
    truth(f"vocabulary_effect(model, {layer}, {neuron})", effect.shape, note, code)


def _here(view: View, layer: int, neuron: int) -> None:
    active = view.trace.mlp_post[layer, :, neuron].numpy()
    st.markdown("#### In your text")
    top = max(float(active.max()), 1e-9)
    components.tokens(
        view.chips,
        key="neuron_here",
        cursor=view.cursor,
        values=np.maximum(active, 0).tolist(),
        value_label="activation",
        percent=False,
        high=top,
        role="mlp",
        title="This neuron in your text",
    )
    name = f"trace.mlp_post[{layer}, :, {neuron}]"
    truth(
        name,
        active.shape,
        "how active it is on each token of this text; what is below 0 is drawn as 0",
        view.code.gives(name, active),
    )


def _elsewhere(view: View, layer: int, neuron: int) -> None:
    found = corpus(view)
    if found is None:
        return
    name, texts, scan = found
    from core.analysis.stream.neurons import activations

    share = float(scan.active[layer, neuron])
    st.markdown(f"#### Where it is strongest in {scan.tokens:,} tokens of {literal(name)}")
    st.caption(f"Active (above 0) on {percent(share)} of them. One moment from each text.")
    tokenizer, top = view.tokenizer, max(float(scan.value[layer, neuron, 0]), 1e-9)
    for rank in range(scan.value.shape[-1]):
        if scan.value[layer, neuron, rank] <= 0:
            break
        ids, at = texts[scan.document[layer, neuron, rank]], int(scan.position[layer, neuron, rank])
        first, last = max(0, at - AROUND[0]), at + AROUND[1] + 1
        values = activations(view.checkpoint.model, ids[:last], layer, neuron)
        components.tokens(
            chips(tokenizer, ids[first:last]),
            key=f"snippet {rank}",
            values=np.maximum(values[first:], 0).tolist(),
            value_label="activation",
            percent=False,
            high=top,
            role="mlp",
            title=f"Strongest moment number {rank + 1}",
            shared=False,
        )
    if scan.value[layer, neuron, 0] <= 0:
        st.info("This neuron was never active in the sample.")
    code = view.code.with_import("core.analysis.stream.neurons", "sample", "scan").then("_, texts = sample(checkpoint)")
    call = f"scan(checkpoint.model, texts, k={SNIPPETS}).value[{layer}, {neuron}]"
    code = code.gives(call, scan.value[layer, neuron])
    note = f"the {SNIPPETS} strongest of {len(texts):,} texts that were not trained on"
    truth(
        "scan(model, texts)",
        scan.value.shape,
        note if name == "Tinyland" else f"the {SNIPPETS} strongest of {name}",
        code,
    )
    what_you_see(
        "A neuron of an MLP is one number: it is active on some tokens and then adds one fixed vector to the stream. "
        "What it stands for can be guessed from **when** it is active and from **what it promotes**. The stronger "
        "the colour in the texts, the more active. Many neurons answer to several unlike things: that is how "
        "they are, not an error."
    )
