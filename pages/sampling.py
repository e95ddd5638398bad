"""From the model's distribution to the token that is drawn: what each setting cuts, and a text written with it."""

import streamlit as st

from pages.ui import components
from pages.ui.caption import page_header, truth, try_it, what_you_see
from pages.ui.sampling_settings import OFF, chosen_sampler
from pages.ui.sampling_stage import sampler
from pages.ui.view import current


@st.fragment
def stage(refresh: bool) -> None:
    view = current()
    position = len(view.ids) - 1 if view.cursor is None else view.cursor
    components.tokens(view.chips, key="tokens", cursor=view.cursor, values=view.probabilities)
    st.caption(f"What may follow the {'last token: pin another' if view.cursor is None else 'pinned token'}.")
    sampler(view, position, key="sampler", refresh=refresh)
    code = f"from core.generation import Sampler, draw, uniform\n{view.code}"
    code += f"stages = {chosen_sampler()}.stages(trace.logits[{position}], ids[:{position + 1}])\nstages[0].probs, stages[-1].probs"
    shape = (len(view.trace.logits[position]),)
    truth(f"trace.logits[{position}]", shape, "measured on this text; the settings act in your browser", code)


page_header("Which word comes next, and who decides?", "The model gives odds; the settings bend them; a number draws.")
stage(True)
what_you_see(
    "Each bar is one token: pale is what the model says, :violet[violet] what is left to draw from. A stage that cuts a token gives it its colour, and below the bars each stage has a lane. "
)
try_it(
    "Generate, change the seed, generate again. Will the two texts differ?",
    "No. At temperature 0 one token has all the probability, so every number u draws the same one.",
    label="Set the temperature to 0",
    key="sampling_greedy",
    update=OFF | {"temperature": 0.0},
)
