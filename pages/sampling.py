"""From the model's distribution to the token that is drawn: what each setting cuts, and a text written with it."""

import numpy as np
import streamlit as st

from core.figures import sampling as figures
from core.figures.labels import percent
from core.generation import Sampler
from pages.ui import components, state
from pages.ui.caption import page_header, truth, try_it, what_you_see
from pages.ui.text import chips
from pages.ui.view import View, current

BARS = 20
SETTINGS = {
    "temperature": "Below 1 the likely gets likelier, above 1 all become more alike; 0 takes the likeliest, always.",
    "top_k": "Only the k likeliest tokens stay. 0 is off.",
    "top_p": "The likeliest tokens stay until together they hold this probability. 1 is off.",
    "min_p": "Cuts what is less likely than this part of the likeliest token. 0 is off.",
    "typical_p": "Keeps tokens about as surprising as the model expects, up to this probability. 1 is off.",
    "repetition_penalty": "Makes every token that the text already has less likely. 1 is off.",
}
ENDS = {"stop": "the document ended", "length": "all written", "context": "the context is full", None: "interrupted"}
OFF = {name: state.PROPERTIES[name].default for name in SETTINGS}


def chosen_sampler() -> Sampler:
    values = {name: state.get(name) for name in SETTINGS}
    if values["temperature"] < 0.001:  # a link may hold any number: next to nothing is greedy
        return Sampler(**values | {"temperature": 0.0})
    return Sampler(**values)


def distribution(view: View, position: int, sampler: Sampler) -> None:
    stages = sampler.stages(view.trace.logits[position].numpy(), view.ids[: position + 1])
    raw, last = stages[0].probs, stages[-1]  # (V,)
    best = np.argsort(-raw, kind="stable")[:BARS]
    labels = [chip.label for chip in chips(view.tokenizer, best.tolist())]
    figure = figures.before_after(labels, best, raw, last.probs, last.kept)
    components.plot(figure, key="before_after", height=580, title=f"The {BARS} likeliest next tokens, before and after")
    code = f"from core.generation import Sampler\n{view.code}stages = {sampler}.stages("
    code += f"trace.logits[{position}], ids[:{position + 1}])\nstages[0].probs, stages[-1].probs"
    truth("stages[-1].probs", raw.shape, f"the {len(best)} likeliest of {len(raw):,}, measured on this text", code)
    st.table(figures.stage_table(stages), hide_index=True)


def write(view: View, source: tuple) -> None:
    """Streams a continuation; what has been written so far stays when a visitor interrupts it."""
    from core.generation import Step, generate

    _, _, prompt, sampler, count, seed = source
    made: list[Step] = []
    st.session_state["written"] = (made, source, view.tokenizer, view.code)  # not the view: it would hold the model
    st.session_state["generated_pin"] = None
    progress, text = st.progress(0.0), st.empty()
    for step in generate(view.checkpoint.model, prompt, sampler, count, seed, stop=(view.tokenizer.eot,)):
        made.append(step)
        progress.progress(len(made) / count)
        text.text(view.tokenizer.decode([step.id for step in made]))
    progress.empty()
    text.empty()


def written(now: tuple) -> None:
    steps, source, tokenizer, code = st.session_state.get("written", ([], (), None, ""))
    if not steps:
        st.caption("Nothing written yet.")
        return
    name, trained, prompt, sampler, count, seed = source
    shown, values = chips(tokenizer, [step.id for step in steps]), [step.raw_probability for step in steps]
    pin = components.tokens(shown, key="generated", values=values, role="prediction", title="Written", shared=False)
    code = f"from core.generation import Sampler, generate\n{code}steps = list(generate(checkpoint.model, "
    code += f"ids[:{len(prompt)}], {sampler}, {count}, {seed}, stop=(tokenizer.eot,)))\n"
    note = f"{name}, step {trained:,}; {ENDS[steps[-1].finish]}"
    truth("[step.raw_probability for step in steps]", (len(steps),), note, code)
    if source != now:
        st.caption("The model, the text, the pin or a setting has changed since. Generate again to see what that does.")
    if pin is None or pin >= len(steps):
        st.caption("Pin a token to see how it was drawn.")
        return
    step, (rank, raw, after, left) = steps[pin], st.columns(4)
    rank.metric("Rank with the model", f"{step.rank + 1:,}")
    raw.metric("Model's probability", percent(step.raw_probability))
    after.metric("After the sampler", percent(step.probability))
    left.metric("Entropy in nats", f"{step.entropy:.2f}")
    ids, probs = zip(*step.alternatives, strict=True)
    labels = [chip.label for chip in chips(tokenizer, ids)]
    figure = figures.drawn(labels, probs, ids.index(step.id) if step.id in ids else None, step.u)
    components.plot(figure, key="drawn", height=130, title="The draw: where u fell among the likeliest tokens")
    truth(f"steps[{pin}].alternatives", (len(ids), 2), "after the sampler, likeliest first", f"{code}steps[{pin}]")


@st.fragment
def stage() -> None:
    view = current()
    position = len(view.ids) - 1 if view.cursor is None else view.cursor
    components.tokens(view.chips, key="tokens", cursor=view.cursor)
    st.caption(f"What may follow the {'last token: pin another' if view.cursor is None else 'pinned token'}.")
    controls, picture = st.columns([3, 7], gap="medium")
    with controls:
        for name, words in SETTINGS.items():
            st.slider(name.replace("_", " ").capitalize(), help=words, **state.control(name))
        st.button("All off", key="sampling_off", on_click=state.update, kwargs=OFF, width="stretch")
    sampler = chosen_sampler()
    with picture:
        distribution(view, position, sampler)
    st.subheader("Let it write", anchor=False)
    left, middle, right = st.columns([3, 5, 2], gap="medium", vertical_alignment="bottom")
    left.number_input("Seed", help="The same seed draws the same numbers u.", **state.control("seed"))
    middle.slider("New tokens", **state.control("new_tokens"))
    now = (view.name, view.step, view.ids[: position + 1], sampler, state.get("new_tokens"), state.get("seed"))
    if right.button("Generate", key="generate", type="primary", width="stretch"):
        write(view, now)
    written(now)


page_header("Which word comes next, and who decides?", "The model gives odds; the settings bend them; a number draws.")
stage()
what_you_see(
    "Each pair of bars is one token: grey is what the model says, :violet[violet] what is left to draw from. "
    "A pale bar was cut. The table follows the settings in the order in which they act; the *effective vocabulary* "
    "is how many equally likely tokens would be just as uncertain."
)
try_it(
    "Generate, change the seed, generate again. Will the two texts differ?",
    "No. At temperature 0 one token has all the probability, so every number u draws the same one.",
    label="Set the temperature to 0",
    key="sampling_greedy",
    update=OFF | {"temperature": 0.0},
)
