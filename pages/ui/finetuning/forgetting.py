"""What was forgotten for it: the loss on the old text, kind by kind, and the price in KL of each way of training."""

from collections import defaultdict

import streamlit as st

from core.figures import finetuning as figures
from core.training import TrainConfig
from pages.ui import components
from pages.ui.caption import NATS, truth, what_you_see
from pages.ui.code import Code
from pages.ui.finetuning import measured, runs
from pages.ui.finetuning.results import NOTHING, measuring
from pages.ui.finetuning.settings import WAY_NAMES
from pages.ui.names import labels
from pages.ui.opened import from_elsewhere

Point = tuple[float, tuple[float, float, float], str]


def what_was_forgotten() -> None:
    """The run on show, then all that were measured."""
    run = runs.on_show()
    config = runs.config_of(run) if run else None
    if run is None or config is None:
        st.info(NOTHING)
        return
    if not measured.has_ended(run):
        st.caption("What it forgot is measured when the run has ended.")
        return
    found = measured.result(run, label="")  # the section above shows how far it is
    if found is None:
        st.caption("Being measured, with what is shown above.")
        return
    named = labels(runs.that_taught())
    left, right = st.columns(2, gap="large")
    with left:
        rise, low, high = found.forgotten
        elsewhere = from_elsewhere(config.parent or {})
        what = "What it used to write" if elsewhere else "The old text"
        st.markdown(f"**{what}: {rise:+.3f} nats per token** ({low:+.3f} to {high:+.3f})")
        height = 70 + 26 * len(found.old)
        components.plot(figures.old_kinds(found.old), key="old_kinds", height=height, title="Old text, kind by kind")
        code = measuring(run, config).gives("taught.old", found.old)
        note = f"about {2 * measured.DOCUMENTS} held-out documents of what the base had read, scored by both models"
        if elsewhere:
            note = "nobody here knows what the base had read: texts that the base wrote itself, scored by both models"
        truth("taught.old", (len(found.old), 2), note, code)
    with right:
        st.markdown("**Every run: what it cost, against how far it went**")
        groups = points(named)
        title = "Forgetting against the KL of the new task"
        components.plot(figures.forgetting(groups, named.get(run, run)), key="forgetting", height=360, title=title)
        seen = {name: one for name in named if (one := measured.read_kept(name))}
        code = (
            Code()
            .with_import("core.lab.taught", "read_kept")
            .with_import("core.model", "checkpoint_folder")
            .then(f"found = [read_kept(checkpoint_folder(run)) for run in {list(seen)}]")
            .gives("[(one.kl, one.forgotten) for one in found]", [(one.kl, one.forgotten) for one in seen.values()])
        )
        note = f"{len(seen)} runs of this server; the bars are 95 % intervals over documents"
        truth("taught.kl, taught.forgotten", (len(seen), 2), note, code)
    what_you_see(
        "On the left, what each kind of old text costs the taught model more than the base: to the right of zero, it "
        f"was forgotten. {NATS} On the right each point is a run: how far its answers are from those of the base "
        "(their **KL divergence**), and what that did to the old text. Reading some of the old text again, or of what "
        "the model itself had written, moves a point down; teach again with both and see."
    )


def points(named: dict[str, str]) -> dict[str, list[Point]]:
    """What was measured of each run, by the way it was trained."""
    found: dict[str, list[Point]] = defaultdict(list)
    for run, name in named.items():
        one, config = measured.read_kept(run), runs.config_of(run)
        if one and config:
            found[way_of(config)].append((one.kl, one.forgotten, name))
    return dict(found)


def way_of(config: TrainConfig) -> str:
    """How a run was trained, in a few words."""
    way = WAY_NAMES[config.tuning.get("way", "full")]
    if not config.replay:
        return way
    return f"{way}, {'own samples' if config.replay_of == 'own' else 'old text'} again"
