"""The three experiments to try: their changes fit the model that is shown."""

from typing import Any

import numpy as np
import streamlit as st

from core.analysis.interventions.values import Part, Patch, show
from pages.ui import cache
from pages.ui.caption import try_it
from pages.ui.experiments.effects import effects, verdict
from pages.ui.experiments.patching import presets
from pages.ui.experiments.stage import parts_of
from pages.ui.literal import literal
from pages.ui.text import chips
from pages.ui.view import View, current


def suggestions() -> None:
    """Three cards side by side."""
    view = current()
    layers = view.description.config.n_layers
    first, second, third = st.columns(3)
    with first:
        _one_part(view)
    with second:
        try_it(
            "No token sees another any more. Now replace everything in your text except its last word: "
            "will the prediction after it change?",
            "No. Attention is the only way from one token to another: without it the model knows the last token and "
            "nothing else, and what is left is a table of which token follows which.",
            label="Switch off all attention",
            key="experiments_attention",
            update={"interventions": " ".join(f"zero:L{i}A" for i in range(layers)), "cursor": None},
        )
    with third:
        swapped = _swapped_fact(view)
        if swapped:
            try_it(
                "The text names one person, but where the stream enters the first layer the model is given another. "
                "Whose home will it name?",
                "That of the other. Nothing after the first layer looks at the text again: what the stream says there "
                "is all the model has ever read. Take the change out to see the first person's home.",
                label="Swap a name inside the model",
                key="experiments_swap",
                update=swapped,
            )


def _one_part(view: View) -> None:
    """The smallest part without which the likeliest next token is another; if there is none, that which costs most."""
    found = effects(view, "zero")
    if found is None:
        return
    config = view.description.config
    parts = parts_of(config.n_layers, config.n_heads)
    flipping = [i for i in range(len(parts)) if found.flips(i)]
    order = ("head", "mlp", "layer")
    chosen = min(flipping, key=lambda i: order.index(parts[i].kind)) if flipping else int(np.argmax(found.effects))
    part, position = parts[chosen], view.focus
    word = literal(chips(view.tokenizer, [found.answer])[0].label)

    def answer() -> str:
        traces = [cache.trace(view.name, view.step, view.ids, on) for on in ("", f"zero:{part}")]
        before, after = (trace.probs[position].numpy() for trace in traces)
        return (
            f"{verdict(view.tokenizer, before, after, True)} In the grid, the parts that change the likeliest word by "
            "themselves have a violet corner."
        )

    try_it(
        f"Only one part of {len(parts)} is switched off: {part.phrase}. Is the likeliest next word still “{word}”?",
        answer,
        label=f"Switch off {part.phrase}",
        key="experiments_part",
        update={"interventions": f"zero:{part}", "ablation": "zero"},
    )


def _swapped_fact(view: View) -> dict[str, Any] | None:
    """The corrupted prompt about a fact as text, patched at its first layer to be the clean one."""
    pair = next((values for name, values in presets(view) if "fact" in name), None)
    if pair is None:
        return None
    clean, corrupted = (view.tokenizer.encode(pair[field]) for field in ("clean", "corrupted"))
    places = [i for i, (a, b) in enumerate(zip(clean, corrupted, strict=True), 1) if a != b]  # 0 is the start token
    patches = [Patch(Part("residual", 0), place, pair["clean"]) for place in places]
    return {"text": pair["corrupted"], "interventions": show(patches), "cursor": None}
