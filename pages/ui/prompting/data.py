"""What the page Prompting measures of a model: as it is recorded, else measured when a visitor asks for it."""

from typing import Any

import streamlit as st

from pages.ui import background, cache
from pages.ui.code import Code
from pages.ui.on_request import on_request
from pages.ui.view import View

NO_GAMES = (
    "This model has never read a rule game, so there is no rule that it could have learned to find. Choose a model of "
    "Tinyland that has read games."
)
NO_CHATS = (
    "This model was never taught to chat: its life has no stage of fine-tuning by this step. What asks for a chat is "
    "left out here."
)


def chats(view: View) -> bool:
    """Whether the model was taught to chat by the step that is shown."""
    return any(stage.name == "sft" and stage.first_step < view.step for stage in view.description.stages)


def measured(view: View, part: str, label: str, how_long: str, height: int = 420, step: int | None = None) -> Any:  # noqa: ANN401
    """One part of core.prompting.recorded, of `step` (None: the one that is shown); None while it is not there, and
    then a button, a bar or the reason stands here. `label`: what the button does; `how_long`: about so."""
    name, step = view.name, view.step if step is None else step
    stamp = cache.files_stamp(name)

    def work(report: background.Report) -> Any:  # noqa: ANN401
        from core.prompting.recorded import part_of

        try:
            return part_of(name, step, part, report)
        except ValueError as error:
            return f"This cannot be asked of this model: {error}."

    return on_request(
        ("prompting", part, name, step, stamp), work, recorded=is_recorded(name, step, stamp, part),
        step=step, button=label, how_long=how_long, height=height,
    )  # fmt: skip


@st.cache_data(max_entries=256, show_spinner=False)
def is_recorded(name: str, step: int, stamp: tuple[int, ...], part: str) -> bool:
    """Whether the part is kept beside the model."""
    from core.prompting.recorded import recorded

    return recorded(cache.description(name, step), part) is not None


def part_code(view: View, part: str, step: int | None = None) -> Code:
    """What gives a part, under the name `found`."""
    code = Code().with_import("core.prompting.recorded", "part_of")
    return code.with_lines(f"found = part_of({view.name!r}, {view.step if step is None else step}, {part!r})")


def of_whom(view: View, games: int, step: int | None = None) -> str:
    """The end of a truth line: how many games, of which model."""
    return f"{games:,} games of seeds 0, 1, …, by {view.name} at step {view.step if step is None else step:,}"
