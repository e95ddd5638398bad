"""How a model that continues text becomes one that answers: the chats, the mask, a fine-tuning, before and after."""

from pages.ui import state
from pages.ui.caption import page_header, what_you_see
from pages.ui.finetuning import lesson
from pages.ui.finetuning.changes import inside
from pages.ui.finetuning.experiments import experiments
from pages.ui.finetuning.forgetting import what_was_forgotten
from pages.ui.finetuning.form import form
from pages.ui.finetuning.results import answers, skills
from pages.ui.finetuning.watch import watch
from pages.ui.sections import section, stage
from pages.ui.training.owner import remember


def chats() -> None:
    lesson.view()
    counts = "what the assistant says, and that it ends there. That is the **mask** of supervised fine-tuning (SFT)"
    if state.get("mask") == "all":
        counts = "all of it, the questions too, since there is no **mask**: in supervised fine-tuning (SFT) a mistake"
    what_you_see(
        "A chat is text like any other, with special tokens for whose turn it is. The model reads all of it, but only "
        f"the coloured tokens count in the **loss**: {counts}. The bars show what comes next at the pinned token."
    )


def side_by_side() -> None:
    answers()
    skills()


page_header(
    "How does it learn to answer?", "The base only continues text. Chats teach it to answer, and change it inside."
)
remember()
stage(chats)
section("Teach it", "teach", form, height=700)
section("Watch it learn", "watch", watch, height=80)
section("Before and after", "compare", side_by_side, height=80)
section("What moved inside", "inside", inside, height=80)
section("What was forgotten", "forgotten", what_was_forgotten, height=80)
section("Try", "try", experiments, height=120)
