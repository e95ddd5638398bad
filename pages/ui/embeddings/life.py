"""How meaning emerges: the silhouette of the groups of words at every kept step."""

import streamlit as st

from core.analysis.embeddings.words import words
from core.figures import embeddings as figures
from pages.ui import components, near
from pages.ui.caption import truth, try_it, what_you_see
from pages.ui.embeddings import data
from pages.ui.opened import from_elsewhere, missing
from pages.ui.view import current


def section() -> None:
    view = current()
    steps = view.description.steps
    if from_elsewhere(view.description.card):
        return missing("How its words found their places", "Choose Tinyland in the sidebar to see it happen.")
    found = words(view.tokenizer)
    made = data.silhouettes(view, found)
    if made is None:
        return
    if not made:
        st.info("Too few tokens of this model are whole words of Tinyland to measure their kinds.")
        return

    def on_click(event: components.PlotEvent) -> None:
        if isinstance(event.x, (int, float)) and 0 <= round(event.x) < len(steps):
            near.reread(step=steps[round(event.x)])

    figure = figures.silhouettes(steps, made["mean"], made["groups"], made["chance"], steps.index(view.step))
    components.plot(
        figure, key="silhouettes", height=400, title="Silhouette of the words against the step", on_click=on_click
    )
    code = view.untouched.with_import("numpy").with_import("core.analysis.embeddings.projection", "silhouettes")
    code = code.with_import("core.analysis.embeddings.words", "tables", "words").then(
        "found = words(tokenizer)",
        "ids, groups = numpy.array(found.ids)[found.known], numpy.array(found.groups)[found.known].tolist()",
    )
    code = code.gives("[silhouettes(rows[ids], groups).mean() for rows in tables(checkpoint)]", made["mean"])
    note = (
        f"cosine distance in all dimensions, {made['n']} words; the band is what {data.SHUFFLES} random shuffles give"
    )
    truth("silhouettes(embed.weight)", (len(steps), made["n"]), note, code)
    best = int(made["mean"].argmax())
    now = made["mean"][steps.index(view.step)]
    what_you_see(
        "The **silhouette** asks of every word: is it nearer to its own kind than to the next nearest kind? 1 means "
        "well separated, 0 that the kinds overlap, below 0 that it lies closer to another kind. At step "
        f"{view.step:,} it is **{now:.2f}**; its highest value is {made['mean'][best]:.2f}, at step {steps[best]:,}. "
        "The model is trained to predict the next token, not to keep kinds apart, so the curve may fall again. Click "
        "it to go to that step."
    )
    try_it(
        "Before any training, will names lie nearer to names than to animals?",
        "No: the vectors begin as random numbers. Every kind is scattered everywhere, and no similarity is high.",
        label=f"Go back to step {steps[0]:,}",
        key="embeddings_start",
        update={"step": steps[0]},
    )
