"""From the model's distribution to the token that is drawn: what each setting cuts, and a text written with it."""

import streamlit as st

from pages.ui import components, state
from pages.ui.caption import NATS, page_header, truth, try_it, what_you_see
from pages.ui.sampling import chat
from pages.ui.sampling.compare import compare, curve
from pages.ui.sampling.origin import keep_written, where_it_comes_from
from pages.ui.sampling.search import beams, speculation
from pages.ui.sampling.settings import OFF, chosen_sampler
from pages.ui.sampling.stage import fresh, sampler
from pages.ui.sampling.story import ask, choose_scene, story
from pages.ui.sampling.window import cost, positions, shorter
from pages.ui.sections import section, stage
from pages.ui.view import View, current


def prompt_end(view: View) -> int:
    """How many tokens of the text are read: up to the pin, or all."""
    return view.focus + 1


def odds() -> None:
    view = current()
    end = prompt_end(view)
    components.tokens(view.chips, key="tokens", cursor=view.cursor, values=view.probabilities)
    code = view.code.gives("trace.probs[range(len(ids) - 1), ids[1:]]", view.probabilities[1:])
    follows = "the last token (pin another)" if view.cursor is None else "the pinned token"
    note = f"probability of each token before it was read; below, what may follow {follows}"
    truth("trace.probs", (len(view.ids) - 1,), note, code)
    sampler(view, end - 1, key="sampler")
    logits, chosen, context = view.trace.logits[end - 1], chosen_sampler(), view.ids[:end]
    code = view.code.with_import("core.generation", "Sampler")
    code = code.then(f"stages = {chosen}.stages(trace.logits[{end - 1}].numpy(), ids[:{end}])")
    shown = f"trace.probs[{end - 1}], stages[-1].probs"
    code = code.gives(shown, lambda: (logits.softmax(-1), chosen.probs(logits.numpy(), context)))
    note = "measured on this text; the settings act in your browser, and the code does the same in Python"
    truth(f"trace.logits[{end - 1}]", logits.shape, note, code)
    what_you_see(
        "Each bar is a token: pale is what the model says, :violet[violet] what is left to draw from. A setting that "
        "cuts a token colours its bar, and has a lane below the bars: full colour where it cuts. The "
        "*effective vocabulary* is how many equally likely tokens would be just as uncertain. The number u falls on "
        "the tokens laid end to end; the strip below it shows what the same u would draw at every place of the slider "
        f"you moved last. {NATS}"
    )


def writing() -> None:
    view = current()
    scene = choose_scene(view, prompt_end(view))
    if scene is None:
        return
    if scene.chat:
        chat.offers(view, lambda question: ask(scene, question))
    steps = [node.step for node in story(scene, key="story")]
    if scene.chat:
        chat.out_of_its_world(view, chat.last_message(view, [step.id for step in steps]))
    keep_written(view, scene.prompt, [step.id for step in steps])
    start, settings = len(scene.prompt), f"{chosen_sampler()}, {state.get('new_tokens')}, {state.get('seed')}"
    code = view.code.then(
        f"ids = {[*scene.prompt, *(step.id for step in steps)]}",
        f"# written by: generate(checkpoint.model, ids[:{start}], {settings})",
        f"probs = run_trace(checkpoint.model, ids[:{max(start + len(steps) - 1, 1)}]).probs",
    ).gives(f"probs[range({start - 1}, len(ids) - 1), ids[{start}:]]", [step.raw_probability for step in steps])
    note = f"each token with its probability when it was drawn, by {view.name} at step {view.step:,}"
    truth("step.raw_probability", (len(steps),), note, code)


def comparing() -> None:
    view = current()
    compare(view, prompt_end(view))
    curve(view)


def searching() -> None:
    view = current()
    st.markdown(
        "**Beam search** keeps the likeliest few beginnings at each step: it looks for the likeliest whole text."
    )
    beams(view, prompt_end(view))
    st.markdown("**Speculative decoding**: an early snapshot drafts tokens, and the model checks them all in one pass.")
    speculation(view, prompt_end(view))


def looking_back() -> None:
    view = current()
    shorter(view, prompt_end(view))
    positions(view)
    cost(view)


def experiments() -> None:
    left, middle, right = st.columns(3)
    with left:
        try_it(
            "Write, change the seed, write again. Will the second text differ?",
            "No. At temperature 0 one token has all the probability, so every number u draws the same one; the tree of "
            "branches does not even get a second branch, because the same token in the same place is the same node.",
            label="Set the temperature to 0",
            key="sampling_greedy",
            update=OFF | {"temperature": 0.0},
        )
    with middle:
        try_it(
            "Temperature 2, and top-p 0.9 after it. How many tokens are left if you drag top-p above the temperature?",
            "Fewer. Above it, top-p measures the model's own confident distribution; below it, a flattened one, in "
            "which 90 % are spread over many more tokens. Compare “Tokens left” before and after.",
            label="Heat, then cut",
            key="sampling_order",
            update=OFF | {"temperature": 2.0, "top_p": 0.9},
        )
    with right:
        try_it(
            "Every token so far gets a frequency penalty of 2. Which tokens does that hurt most?",
            "Those a text needs again and again: the full stop, “the”, the names. The penalty counts each time, so the "
            "longer the text, the harder it is to write a plain sentence. Write 100 tokens and see.",
            label="Punish repetition hard",
            key="sampling_penalty",
            update=OFF | {"frequency_penalty": 2.0},
        )


page_header(
    "Which word comes next, and who decides?",
    "The model gives probabilities, the settings change them, and a random number picks one.",
)
fresh()
stage(odds)
section("Let it write", "write", writing, height=360)
section("Did it read that somewhere?", "origin", where_it_comes_from, height=640)
section("What does a setting do to many texts?", "compare", comparing, height=420)
section("Beam search and speculative decoding", "search", searching, height=760)
section("How far back does it look?", "window", looking_back, height=900)
section("Try", "try", experiments, height=120)
