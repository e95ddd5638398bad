"""From the model's distribution to the token that is drawn: what each setting cuts, and a text written with it."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import sampling as figures
from core.figures.overview import percent
from core.generation import Sampler, Stage
from pages.ui import components, state
from pages.ui.caption import page_header, truth, try_it, what_you_see
from pages.ui.text import chips
from pages.ui.view import View, current

if TYPE_CHECKING:
    from core.generation import Step

BARS = 20
SETTINGS = {
    "temperature": "Below 1 the likely gets likelier, above 1 all become more alike; 0 takes the likeliest, always.",
    "top_k": "Only the k likeliest tokens stay. 0 is off.",
    "top_p": "The likeliest tokens stay until together they hold this probability. 1 is off.",
    "min_p": "Cuts what is less likely than this part of the likeliest token. 0 is off.",
    "typical_p": "Keeps tokens about as surprising as the model expects, up to this probability. 1 is off.",
    "repetition_penalty": "Makes every token that the text already has less likely. 1 is off.",
}
OFF = {name: state.PROPERTIES[name].default for name in SETTINGS}


def title(name: str) -> str:
    return name.replace("_", "-" if len(name) < 10 else " ").capitalize()


def chosen_sampler() -> Sampler:
    values = {name: state.get(name) for name in SETTINGS}
    if values["temperature"] < 0.001:  # a link may hold any number: next to nothing is greedy
        values["temperature"] = 0.0
    return Sampler(**values)


def sampler_code(sampler: Sampler) -> str:
    given = ", ".join(f"{name}={value!r}" for name, value in asdict(sampler).items() if value != OFF[name])
    return f"Sampler({given})"


def entropy(probs: np.ndarray) -> float:
    possible = probs[probs > 0]
    return max(0.0, float(-(possible * np.log(possible)).sum()))


def distribution(view: View, position: int, sampler: Sampler) -> None:
    stages = sampler.stages(view.trace.logits[position].numpy(), view.ids[: position + 1])
    raw, last = stages[0].probs, stages[-1]  # (V,)
    order = np.argsort(-raw, kind="stable")
    best, others = order[:BARS], order[BARS:]
    labels = [chip.label for chip in chips(view.tokenizer, best.tolist())]
    rest = (len(others), int(last.kept[others].sum()), float(raw[others].sum()), float(last.probs[others].sum()))
    figure = figures.before_after(labels, raw[best].tolist(), last.probs[best].tolist(), last.kept[best].tolist(), rest)
    components.plot(figure, key="before_after", height=580, title=f"The {BARS} likeliest next tokens, before and after")
    code = f"from core.generation import Sampler\n{view.code}stages = {sampler_code(sampler)}.stages("
    code += f"trace.logits[{position}], ids[:{position + 1}])\nstages[0].probs, stages[-1].probs"
    truth("stages[-1].probs", raw.shape, f"the {len(best)} likeliest of {len(raw):,}, measured on this text", code)
    table(stages)


def table(stages: list[Stage]) -> None:
    """What each stage leaves: numbers only, so that nothing in it can be markup."""
    rows = []
    for stage in stages:
        left = entropy(stage.probs)
        rows.append(
            {
                "Stage": "the model" if stage.value is None else f"{title(stage.name)} {stage.value:g}",
                "Tokens kept": f"{int(stage.kept.sum()):,}",
                "Model's probability kept": percent(float(stages[0].probs[stage.kept].sum())),
                "Entropy": f"{left:.2f} nats",
                "Effective vocabulary": f"{np.exp(left):.1f} tokens",
            }
        )
    st.table({name: [row[name] for row in rows] for name in rows[0]}, hide_index=True)


def write(view: View, position: int, sampler: Sampler) -> None:
    """Streams a continuation; what has been written so far stays when a visitor interrupts it."""
    from core.generation import generate

    prompt, seed, count = view.ids[: position + 1], state.get("seed"), state.get("new_tokens")
    made: list[Step] = []
    source = (view.name, view.step, prompt, sampler, seed, count)
    st.session_state["written"] = {"steps": made, "source": source, "view": view}
    st.session_state["generated_pin"] = None
    progress, text = st.progress(0.0), st.empty()
    for step in generate(view.checkpoint.model, prompt, sampler, count, seed, stop=(view.ids[0],)):
        made.append(step)
        progress.progress(len(made) / count)
        text.text(view.tokenizer.decode([step.id for step in made]))
    progress.empty()
    text.empty()


def written(now: tuple) -> None:
    made = st.session_state.get("written")
    if not made or not made["steps"]:
        st.caption("Nothing written yet.")
        return
    steps, view, (name, step_of_life, prompt, sampler, seed, count) = made["steps"], made["view"], made["source"]
    shown = chips(view.tokenizer, [step.id for step in steps])
    values = [step.raw_probability for step in steps]
    head = "What the model wrote"
    pin = components.tokens(shown, key="generated", values=values, role="prediction", title=head, shared=False)
    ends = {"stop": "the document ended", "length": "all tokens written", "context": "the model's context is full"}
    why = ends.get(steps[-1].finish or "", "interrupted")
    code = f"from core.generation import Sampler, generate\n{view.code}steps = list(generate(checkpoint.model, "
    code += f"ids[:{len(prompt)}], {sampler_code(sampler)}, {count}, seed={seed}, stop=(tokenizer.eot,)))\n"
    truth("[step.raw_probability for step in steps]", (len(steps),), f"{name}, step {step_of_life:,}; {why}", code)
    if made["source"] != now:
        st.caption("The model, the text, the pin or a setting has changed since. Generate again to see what that does.")
    if pin is None or pin >= len(steps):
        st.caption("Pin a token to see how it was drawn.")
        return
    step = steps[pin]
    for column, (label, value) in zip(
        st.columns(4),
        {
            "Rank with the model": f"{step.rank + 1:,}",
            "Model's probability": percent(step.raw_probability),
            "After the sampler": percent(step.probability),
            "Model's entropy": f"{step.entropy:.2f} nats",
        }.items(),
        strict=True,
    ):
        column.metric(label, value)
    ids = [id for id, _ in step.alternatives]
    labels = [chip.label for chip in chips(view.tokenizer, ids)]
    hit = ids.index(step.id) if step.id in ids else None
    figure = figures.drawn(labels, [probability for _, probability in step.alternatives], hit, step.u)
    components.plot(figure, key="drawn", height=130, title="The draw: where u fell among the likeliest tokens")
    truth(f"steps[{pin}].alternatives", (len(ids), 2), "after the sampler, likeliest first", f"{code}steps[{pin}]")


@st.fragment
def stage() -> None:
    view = current()
    position = len(view.ids) - 1 if view.cursor is None else view.cursor
    components.tokens(view.chips, key="tokens", cursor=view.cursor)
    where = "after the last token: pin another to move it" if view.cursor is None else "after the pinned token"
    st.caption(f"The distribution {where}.")
    controls, picture = st.columns([3, 7], gap="medium")
    with controls:
        for name, words in SETTINGS.items():
            st.slider(title(name), help=words, **state.control(name))
        st.button("All off", key="sampling_off", on_click=state.update, kwargs=OFF, width="stretch")
    sampler = chosen_sampler()
    with picture:
        distribution(view, position, sampler)
    st.subheader("Let it write", anchor=False)
    left, middle, right = st.columns([3, 5, 2], gap="medium", vertical_alignment="bottom")
    left.number_input("Seed", help="The same seed draws the same numbers u.", **state.control("seed"))
    middle.slider("New tokens", **state.control("new_tokens"))
    if right.button("Generate", key="generate", type="primary", width="stretch"):
        write(view, position, sampler)
    now = (view.name, view.step, view.ids[: position + 1], sampler, state.get("seed"), state.get("new_tokens"))
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
