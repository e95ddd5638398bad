"""Before and after, side by side: answers to the same questions, and shares of cases done right."""

import streamlit as st

from core.figures import experiments as figures
from core.training import TrainConfig
from pages.ui import background, cache, components
from pages.ui.caption import truth
from pages.ui.code import Code
from pages.ui.finetuning import measured, runs

STATES = ("before", "after")
NOTHING = "When a run has taught a model something, it is compared here with what it began from."
Written = tuple[list[str], list[list[str]]]  # the questions, and what each model answers


def answers() -> None:
    """The same questions, answered by the model before and after."""
    run = runs.on_show()
    config = runs.config_of(run) if run else None
    if run is None or config is None:
        st.info(NOTHING)
        return
    pair = [cache.plain_checkpoint(run, step) for step in (config.first_step, None)]

    def work(_report: background.Report) -> Written:
        from core.lab import taught

        asked = taught.questions(pair[0], config)
        return [one.words for one in asked], [taught.answers(one, asked) for one in pair]

    key = ("taught answers", run, config.first_step, cache.files_stamp(run))
    found = background.compute(key, work, "Asking both models", height=80)
    if found is None:
        return
    asked, said = found
    table(asked, said)
    code = loading(run, config).with_import("core.lab.taught", "answers", "questions")
    code = code.then("asked = questions(before, config)")
    code = code.gives("[answers(checkpoint, asked) for checkpoint in (before, after)]", said)
    note = f"{len(asked)} chats that neither model has read, answered with the likeliest tokens"
    truth("answers(checkpoint, asked)", (2, len(asked)), note, code)


def table(asked: list[str], said: list[list[str]]) -> None:
    """A row for each question: what was asked, and what each model answers. All of it as it stands."""
    for column, title in zip(st.columns(3, gap="medium"), ("Asked", "Before", "After"), strict=True):
        column.markdown(f"**{title}**")
    for row in zip(asked, *said, strict=True):
        with st.container(border=True):
            for column, words in zip(st.columns(3, gap="medium"), row, strict=True):
                column.text(words)


def skills() -> None:
    """Shares of cases done right: the new task, and what it could do before."""
    run = runs.on_show()
    config = runs.config_of(run) if run else None
    if run is None or config is None:
        return
    if not measured.has_ended(run):
        st.caption("The shares are measured when the run has ended.")
        return
    found = measured.result(run)
    if found is None:
        return
    names = list(found.skills)
    before, after = ([found.skills[name][i] for name in names] for i in (0, 1))
    figure = figures.skills(names, before, after, STATES)
    height = 60 + 40 * len(names)
    components.plot(figure, key="taught_skills", height=height, title="Cases done right, before and after")
    rates = {name: (was[0], now[0]) for name, (was, now) in found.skills.items()}
    code = measuring(run, config).gives("{name: (was[0], now[0]) for name, (was, now) in taught.skills.items()}", rates)
    note = (
        f"answers that are exactly right: of the new task all in {measured.DOCUMENTS} chats, of the others "
        f"{measured.CASES} cases each; the bars are 95 % intervals"
    )
    truth("taught.skills", (len(names), 2), note, code)


def loading(run: str, config: TrainConfig) -> Code:
    """What loads a run's settings, and its model before and after: `config`, `before`, `after`."""
    lines = (
        f"config = TrainConfig.load(checkpoint_folder({run!r}) / 'train.json')",
        f"before, after = load_checkpoint({run!r}, step={config.first_step}), load_checkpoint({run!r})",
    )
    code = Code(head=lines).with_import("core.model", "checkpoint_folder", "load_checkpoint")
    return code.with_import("core.training", "TrainConfig")


def measuring(run: str, config: TrainConfig) -> Code:
    """What measures a run: `taught`."""
    call = f"measure(before, after, config, {measured.DOCUMENTS}, {measured.CASES})"
    return loading(run, config).with_import("core.lab.taught", "measure").then(f"taught = {call}")
