"""The three experiments to try: their changes fit the model that is shown."""

from typing import Any

import streamlit as st

from core.analysis.interventions.values import Part, Patch, show
from pages.ui.caption import try_it
from pages.ui.experiments.patching import presets
from pages.ui.view import View, current


def suggestions() -> None:
    """Three cards side by side."""
    view = current()
    layers = view.description.config.n_layers
    first, second, third = st.columns(3)
    with first:
        try_it(
            "No token sees another any more. Now replace everything in your text except its last word: "
            "will the prediction after it change?",
            "No. Attention is the only way from one token to another: without it the model knows the last token and "
            "nothing else, and what is left is a table of which token follows which.",
            label="Switch off all attention",
            key="experiments_attention",
            update={"interventions": " ".join(f"zero:L{i}A" for i in range(layers)), "cursor": None},
        )
    with second:
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
    with third:
        try_it(
            f"Each of the {layers} MLPs can be silenced. Which one can the model spare least, the first or the last? "
            "Try both in the grid.",
            "The numbers in the grid tell, for this model and this text. Often it is the first: it turns each token "
            "into the vector that all later parts were trained to read, and they have never seen any other.",
            label="Silence the first MLP",
            key="experiments_mlp",
            update={"interventions": "zero:L0M", "ablation": "zero", "cursor": None},
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
