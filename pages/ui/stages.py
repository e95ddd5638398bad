"""The stages of a model's life, marked under its step slider: where each begins, and what it is called."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pages.ui import near
from pages.ui.components import Event, component, pack

if TYPE_CHECKING:
    from core.model import Stage

NAMES = {"pretrain": "pre-training", "sft": "fine-tuning", "preference": "feedback"}
READ = {
    "pretrain": "learned to continue text",
    "sft": "was taught to answer, on chats (supervised fine-tuning, SFT)",
    "preference": "learned from how its own answers were graded (preference tuning)",
}
_stages = component("stages")


def draw(stages: "Sequence[Stage]", steps: Sequence[int], step: int) -> None:
    """The band under the slider; nothing for a model whose life has one stage. A click goes to the end of a stage."""
    parts = parts_of(stages, steps, step)
    if len(parts) < 2:
        return

    def on_go(event: Event) -> None:
        if event.get("step") in steps:
            near.reread(step=event["step"])

    _stages(key="life_stages", data=pack({"parts": parts}), on_go_change=on_go)


def parts_of(stages: "Sequence[Stage]", steps: Sequence[int], step: int) -> list[dict[str, Any]]:
    """Each stage as the band shows it; what went on in the same way is one. `share`: the gaps between kept steps that
    lie in it. A stage has the steps after its first, which is the end of the one before; only the first stage has that
    too."""
    found = []
    for (name, kind), group in groupby(enumerate(stages), _called):
        whole = [stage for _, stage in group]
        first = whole[0].first_step
        own = [kept for kept in steps if first < kept <= whole[-1].last_step]
        if not own:
            continue
        what = f": here the model {READ[kind]}" if kind in READ else ""
        found.append({
            "name": name,
            "title": f"{name}, steps {first:,} to {own[-1]:,}{what}",
            "step": own[-1],
            "share": len(own),
            "current": first < step <= own[-1] or (whole[0] is stages[0] and step == first),
        })  # fmt: skip
    return found


def _called(numbered: "tuple[int, Stage]") -> tuple[str, str]:
    """What the band calls a stage, and its kind."""
    number, stage = numbered
    return "new text" if number and stage.name == "pretrain" else NAMES.get(stage.name, stage.name), stage.name
