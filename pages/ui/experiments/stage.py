"""The stage of the experiments: a grid of parts to switch off, edges to cut, and the model before and after."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.analysis.interventions.values import Ablate, Cut, How, Part
from core.figures import experiments as figures
from pages.ui import cache, components, interventions, near, state
from pages.ui.caption import truth
from pages.ui.code import Code
from pages.ui.experiments.effects import Effects, effects, verdict
from pages.ui.text import chips
from pages.ui.view import View, current
from pages.ui.which_head import which_head

if TYPE_CHECKING:
    from core.model import Trace

BARS = 9  # tokens whose probability is shown
NEW = 24  # tokens that both models write
HOW = {
    "zero": "silenced: set to 0",
    "mean": "held at its mean",
    "resample": "resampled: its value in another text",
}

_part_grid = components.component("part_grid")


# ---- switching parts off ----


def part_grid(view: View) -> None:
    """Every head, MLP and layer as a switch, coloured by what switching it off alone does to the loss on this text."""
    st.segmented_control(
        "A part that is switched off is", format_func=HOW.__getitem__, wrap=True, **state.control("ablation")
    )
    how: How = state.get("ablation") or "zero"
    config = view.description.config
    found = effects(view, how)

    def on_press(event: components.Event) -> None:
        asked = event.get("id")
        for part in parts_of(config.n_layers, config.n_heads):
            if str(part) == asked:
                _switch_part(part, how)

    _part_grid(key="part_grid", data=components.pack(_header(view, found, how)), on_press_change=on_press)
    code = view.untouched.with_import(
        "core.analysis.interventions.intervene", "all_parts", "part_changes", "sample_parts"
    )
    sample = "None" if how == "zero" else "sample_parts(checkpoint)"
    call = f"part_changes(checkpoint.model, ids, all_parts(checkpoint.config), {how!r}, {sample})"
    shown = f"found.losses.mean(dim=1) - found.base.mean(), found.answers[:, {view.focus}]"
    code = code.then(f"found = {call}").gives(shown, (found.effects, found.answers) if found else None)
    note = "each part was changed alone, in the model as it is, and measured on this text"
    truth("losses.mean(dim=1) − base.mean()", (config.n_layers * (config.n_heads + 2),), note, code)


def parts_of(layers: int, heads: int) -> list[Part]:
    """As `core.analysis.interventions.intervene.all_parts`, in that order, without a model."""
    return [
        part
        for i in range(layers)
        for part in (*(Part("head", i, h) for h in range(heads)), Part("mlp", i), Part("layer", i))
    ]


def _header(view: View, found: Effects | None, how: How) -> dict[str, Any]:
    layers, heads = view.description.config.n_layers, view.description.config.n_heads
    off = {str(one.part) for one in interventions.in_force() if isinstance(one, Ablate)}
    parts, width = parts_of(layers, heads), heads + 2
    answers = [found.answer, *found.answers] if found else []
    said = [chip.label for chip in chips(view.tokenizer, answers)]
    cells = [
        {
            "id": str(part),
            "label": f"h{part.head}" if part.kind == "head" else "MLP" if part.kind == "mlp" else "all",
            "words": part.phrase,
            "group": part.kind,
            "effect": found.effects[i] if found else None,
            "answer": said[i + 1] if found and found.flips(i) else None,
            "on": str(part) in off,
            "wide": part.kind == "layer",
        }
        for i, part in enumerate(parts)
    ]
    rows = [
        {"name": f"layer {i}", "short": f"L{i}", "cells": cells[i * width : (i + 1) * width]} for i in range(layers)
    ]
    return {
        "rows": rows,
        "base": found.base if found else 0.0,
        "answer": said[0] if found else "",
        "limits": {kind: found.limit(parts, kind) if found else 1.0 for kind in ("head", "mlp", "layer")},
        "how": HOW[how].split(":")[0],
        "title": "Parts of the model, a row for each layer. Press one to switch it off",
        "hint": "Press a part to switch it off, again to switch it on. Arrow keys move.",
        "name": "change of the loss on this text when this part alone is switched off, nats a token; heads, MLPs and "
        "layers have a scale each",
    }


def _switch_part(part: Part, how: How) -> None:
    """Off as `how` says; on again if it is off in any way."""
    off = [one for one in interventions.in_force() if isinstance(one, Ablate) and one.part == part]
    for one in off:
        interventions.switch(one)
    end_change(None if off else interventions.switch(Ablate(part, how)))


def end_change(message: str | None) -> None:
    """Ends a callback that changed the model: all of the page shows it. Keeps what could not be done, to be said once
    beside the chips."""
    st.session_state["experiments_message"] = message
    near.whole()


# ---- cutting an edge ----


def edges(view: View) -> None:
    """A box that is computed when it is open: one head's weights, of which a click cuts one or mends it."""
    with st.expander("Cut what one token reads", key="edges_open", on_change="rerun") as box:
        if box.open:
            _edges(view)


def _edges(view: View) -> None:
    """One head's weights as they are now; a click on a cell cuts that edge, another mends it."""
    config, labels = view.description.config, view.labels
    layer, head = which_head(view.description)
    names = [Part("head", i, h) for i in range(config.n_layers) for h in range(config.n_heads)]
    chosen = st.selectbox("Head", names, index=layer * config.n_heads + head, format_func=lambda p: p.phrase)
    cuts = [one for one in interventions.in_force() if isinstance(one, Cut) and _covers(one, chosen)]
    cut = {(one.query, one.key): one for one in cuts}
    pattern = view.trace.pattern[chosen.layer, chosen.head].numpy()

    def on_click(event: components.PlotEvent) -> None:
        query, key = int(event.y), int(event.x)
        end_change(interventions.switch(cut.get((query, key), Cut(chosen, query, key))))

    figure = figures.edges(pattern, labels, list(cut), view.cursor)
    components.plot(
        figure, key="edges", height=400, title="Weights of one head; click one to cut it", on_click=on_click
    )
    one = f"trace.pattern[{chosen.layer}, {chosen.head}]"
    truth(one, pattern.shape, "the weights of this head, measured now, with the changes", view.code.gives(one, pattern))
    if len(view.ids) > 1:
        _by_hand(view, chosen)


def _covers(one: Cut, head: Part) -> bool:
    return one.part in (head, Part("attention", head.layer))


def _by_hand(view: View, head: Part) -> None:
    """The same with two lists, for the keyboard, and for all heads of a layer at once."""

    def name(position: int) -> str:
        return f"{position}  {view.labels[position]}"

    left, middle, right = st.columns([4, 4, 3], vertical_alignment="bottom")
    last = len(view.ids) - 1
    query = left.selectbox("Reader", range(1, last + 1), index=(view.cursor or last) - 1, format_func=name)
    key = middle.selectbox("no longer reads", range(query + 1), index=query - 1, format_func=name)
    whole = Part("attention", head.layer)
    with right.popover("Cut", width="stretch"):
        for part, words in ((head, "In this head"), (whole, f"In all heads of layer {head.layer}")):
            made = Cut(part, query, key)
            st.button(words, key=f"cut_{part.kind}", on_click=lambda made=made: end_change(interventions.switch(made)))


# ---- before and after ----


def compare(view: View) -> None:
    """The next token at the pinned position, before and after."""
    position = view.focus
    plain, changed = cache.trace(view.name, view.step, view.ids, ""), view.trace
    before, after = plain.probs[position].numpy(), changed.probs[position].numpy()  # (V,)
    best = np.argsort(-np.maximum(before, after), kind="stable")[:BARS]
    labels = [chip.label for chip in chips(view.tokenizer, best.tolist())]
    figure = figures.distributions(labels, before[best].tolist(), after[best].tolist())
    where = "the whole text" if view.cursor is None else "the pinned token"
    st.markdown(f"**What comes after {where}**")
    st.markdown(verdict(view.tokenizer, before, after, bool(view.interventions)))
    components.plot(figure, key="distributions", height=390, title="The likeliest next tokens, before and after")
    note = f"the {len(best)} likeliest of {len(before):,} tokens, in either model"
    both = f"plain.probs[{position}], trace.probs[{position}]"
    truth(f"trace.probs[{position}]", before.shape, note, _before_and_after(view).gives(both, (before, after)))


def losses() -> None:
    """What each token of the text costs both models, and the mean."""
    view = current()
    if len(view.ids) < 2:
        st.caption("The loss needs a text of at least one token.")
        return
    before, after = (
        _nats(cache.trace(view.name, view.step, view.ids, on), view.ids) for on in ("", view.interventions)
    )
    figure = figures.surprise(view.labels, before, after, view.cursor)
    components.plot(figure, key="surprise", height=250, title="Loss of each token before and after", cursor_axis="x")
    mean = f"on average {before.mean():.2f} → {after.mean():.2f} nats a token; the higher, the worse"
    code = _before_and_after(view).then(
        "def nats(trace):\n    return -trace.logits[:-1].log_softmax(-1).gather(1, trace.ids[1:, None])[:, 0]\n"
    )
    truth("−log p of each token", before.shape, mean, code.gives("nats(plain), nats(trace)", (before, after)))


def _before_and_after(view: View) -> Code:
    """The trace of the plain model, `plain`, and that of the changed one, `trace`."""
    plain = f"plain = run_trace(load_checkpoint({view.name!r}, step={view.step}).model, ids)"
    return view.code.with_lines(plain)


def _nats(trace: "Trace", ids: tuple[int, ...]) -> np.ndarray:
    """-ln p of each token after the first, (T − 1,)."""
    logs = trace.logits[:-1].log_softmax(dim=-1).numpy()
    return np.asarray(-logs[np.arange(len(ids) - 1), list(ids[1:])])


def writings() -> None:
    """What both models write next, greedily."""
    view = current()
    end = view.focus + 1
    for words, on, key in (("As it is", "", "writing_before"), ("Changed", view.interventions, "writing_after")):
        made = cache.continuation(view.name, view.step, view.ids[:end], NEW, on)
        strip(view, made, words, key)
    call = f"generate(checkpoint.model, ids[:{end}], Sampler(temperature=0), {NEW}, seed=0, stop=ids[:1])"
    code = view.code.with_import("core.generation", "Sampler", "generate")
    code = code.gives(f"[(step.id, step.raw_probability) for step in {call}]", made)
    truth(
        "generate(model, ids, …)",
        (NEW,),
        "written now, always with the likeliest token; the colour is its probability",
        code,
    )


def strip(view: View, made: list[tuple[int, float]], words: str, key: str) -> None:
    """Written tokens with the probabilities that they had."""
    st.caption(words)
    shown, values = chips(view.tokenizer, [id for id, _ in made]), [p for _, p in made]
    title = f"Written by the model {words}"
    components.tokens(shown, key=key, values=values, role="prediction", title=title, shared=False)
