"""Before and after: samples on the same seeds, and how likely the compared texts are."""

import streamlit as st

from core.figures import feedback as figures
from core.training.config import TrainConfig
from pages.ui import background, cache, components
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.feedback import runs

SAMPLES, SEED = 4, 5
Found = tuple[str, list[list[str]], list[list[float]], list[tuple[str, str]]]


def changed() -> None:
    """The run on show, beside what it began from."""
    shown = runs.with_weights()
    if shown is None:
        st.info("When a run has learned from comparisons, it is compared here with what it began from.")
        return
    run, config = shown
    pair = [cache.plain_checkpoint(run, step) for step in (config.first_step, None)]

    def work(_report: background.Report) -> Found:
        from core.lab.shaped import compared, log_probs_of, prompts_of
        from core.tuning.comparisons import continuations

        kept, prompt = compared(pair[0].folder), prompts_of(pair[0].folder)[0]
        said = [continuations(one, prompt, SAMPLES, SEED) for one in pair]
        likely = [log_probs_of(one, kept) for one in pair]
        return prompt, said, likely, [one.ranked for one in kept]

    found = background.compute(("shaped", run, cache.files_stamp(run)), work, "Asking both models", height=80)
    if found is None:
        return
    prompt, said, likely, texts = found
    st.markdown("**The same seeds, before and after.** The prompt:")
    st.text(prompt)
    for row in zip(*said, strict=True):
        with st.container(border=True):
            for column, name, words in zip(st.columns(2, gap="medium"), ("before", "after"), row, strict=True):
                column.caption(name)
                column.text(words or "(nothing: the text ends here)")
    code = _loading(run, config).with_import("core.tuning.comparisons", "continuations")
    code = code.with_import("core.lab.shaped", "prompts_of").then("prompt = prompts_of(before.folder)[0]")
    call = f"[continuations(checkpoint, prompt, {SAMPLES}, {SEED}) for checkpoint in (before, after)]"
    truth("continuations(checkpoint, prompt)", (2, SAMPLES), "drawn at temperature 1", code.gives(call, said))
    figure = figures.rated_texts(likely[0], likely[1], texts)
    components.plot(figure, key="rated_texts", height=380, title="Log-probability of the compared texts")
    code = _loading(run, config).with_import("core.lab.shaped", "compared", "log_probs_of")
    call = "[log_probs_of(checkpoint, compared(before.folder)) for checkpoint in (before, after)]"
    note = f"{len(texts)} pairs; nats for a whole text after its prompt, chosen and rejected in turn"
    truth("log_probs_of(checkpoint, pairs)", (2, 2 * len(texts)), note, code.gives(call, likely), "rated")
    what_you_see(
        "Each point is one of the compared texts: to the right, how likely it was, upwards, how likely it is now. On "
        "the line nothing has changed. What was chosen should stand higher above it than what was rejected; where "
        "**both** stand below, the probability has gone to texts that nobody compared."
    )


def _loading(run: str, config: TrainConfig) -> Code:
    lines = f"before, after = load_checkpoint({run!r}, step={config.first_step}), load_checkpoint({run!r})"
    return Code(head=(lines,)).with_import("core.model", "load_checkpoint")
