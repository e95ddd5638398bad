"""Does it matter? Two small models, one of which was trained without a stage: what was recorded, and a pair of one's
own."""

from collections.abc import Sequence

import streamlit as st

from core.figures import data as figures
from core.figures.labels import percent
from core.lab.matter import recorded
from core.lab.matter.corpora import EXPERIMENTS, Experiment
from core.lab.matter.outcome import SIDES, Outcome, difference, spread, value
from core.training.config import TrainConfig
from pages.ui import background, components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.pair import two_runs

FIRST = 100  # seed of a visitor's own pair; the recorded ones have smaller seeds
SIDE = {"without": "raw text", "with_stage": "after the stage"}
UNITS = {"bad_text": "nats per token of clean text"}
TOO_MUCH = {
    "duplicates": "stories that stood 32 times are repeated word for word",
    "personal": "addresses that stood 32 times are completed",
    "contamination": "answers of the leaked questions are right",
    "forgotten": "facts about those who asked to be forgotten are still known",
}


def does_it_matter() -> None:
    st.markdown(
        "What does a stage change about the model? **Two small models** begin with the same weights and make as many "
        "updates on as many documents. One reads the raw text, the other what the stage has left of it."
    )
    names = {one.title: name for name, one in EXPERIMENTS.items()}
    name = names[state.get("matter")]
    st.segmented_control("What is left in the text", required=True, wrap=True, **state.control("matter"))
    experiment = EXPERIMENTS[name]
    outcomes = recorded.read().get(name, [])
    own = own_pair(name)
    if own:
        outcomes = [one for one in outcomes if one.seed != own.seed] + [own]
    if not outcomes:
        st.info("Nothing has been recorded yet: train the two models yourself, which takes about a minute.")
        return
    st.markdown(f"### {experiment.question}")
    st.markdown(verdict(name, outcomes))
    draw(name, experiment, outcomes, own)


def own_pair(name: str) -> Outcome | None:
    """The controls of a visitor's own pair; and what it knows, when it has finished."""
    seed = int(
        st.number_input("Seed of your own pair", FIRST, FIRST + 899, FIRST, key="matter_seed", width=180,
                        persist_state="session")
    )  # fmt: skip

    def make(side: str) -> tuple[TrainConfig, str]:
        from core.lab.matter.measure import settings, training_text
        from core.model import describe

        return settings(seed), training_text(name, side, seed, describe("tinyland").tokenizer)

    runs = two_runs({side: f"{EXPERIMENTS[name].title}, seed {seed}, {SIDE[side]}" for side in SIDES}, make, "matter")
    if runs is None:
        return None
    without, kept = (runs[side] for side in SIDES)

    def work(report: background.Report) -> Outcome:
        from core.lab.matter.measure import outcome

        report(0.1, "asking both models")
        return outcome(name, seed, without, kept)

    return background.compute(("matter", name, seed, without, kept), work, "Asking your models", height=60)


def verdict(name: str, outcomes: Sequence[Outcome]) -> str:
    """What the stage changed, and whether more seeds would surely say so too."""
    without, kept = (spread([value(name, getattr(one, side)) for one in outcomes])[0] for side in SIDES)
    said = f"the loss on clean text is {without:.3f} nats per token" if name == "bad_text" else (
        f"{percent(without)} of the {TOO_MUCH[name]}"
    )  # fmt: skip
    other = f"{kept:.3f}" if name == "bad_text" else percent(kept)
    words = f"Without the stage {said}; with it, **{other}**. "
    if len(outcomes) < 2:
        return words + "This is a single pair of models: train another seed to see how much chance there is in it."
    _, low, high = difference(name, outcomes)
    ends = f"{low:+.3f} to {high:+.3f}" if name == "bad_text" else f"{100 * low:+.0f} to {100 * high:+.0f} points"
    sure = "**It matters**" if low > 0 or high < 0 else "**That may be chance**"
    if low == high:
        ends = ends.partition(" to ")[0] + " points with each of them"
    return words + f"{sure}: the difference, over {len(outcomes)} seeds, is {ends} (95 %, Student)."


def draw(name: str, experiment: Experiment, outcomes: Sequence[Outcome], own: Outcome | None) -> None:
    groups = list(experiment.groups) or ["clean text"]
    sides = []
    for side, label in zip(SIDES, ("raw text", experiment.stage), strict=True):
        scores = [getattr(one, side) for one in outcomes]
        means = [spread([s.rates[g] if experiment.groups else s.loss for s in scores]) for g in groups]
        sides.append((label, means))
    share, copies = bool(experiment.groups), groups[0] == "1"
    title = "share written exactly" if share else UNITS[name]
    figure = figures.matter(groups, sides, title, share, "times that it stood in the raw text" if copies else "")
    components.plot(figure, key="matter_plot", height=330, title=experiment.question)
    shown = [means for _, means in sides]
    code = Code().with_import("core.lab.matter", "recorded").with_import("core.lab.matter.outcome", "spread")
    what = "score.rates[group]" if share else "score.loss"
    if own is None:
        code = code.then(f"outcomes = recorded.read()[{name!r}]").gives(
            f"[[spread([{what.replace('score', 'getattr(one, side)')} for one in outcomes])\n"
            f"  for group in {groups}] for side in {SIDES}]", shown,
        )  # fmt: skip
    else:
        code = code.gives(f"{shown}", shown)
    seeds = ", ".join(str(one.seed) for one in outcomes)
    note = f"seeds {seeds}; bars: 95 % over the seeds; greedy decoding writes the answer token for token"
    truth("spread([score.rates[group] for …])", (len(SIDES), len(groups), len(outcomes)), note, code)
    what_you_see(EXPLAINED[name])


EXPLAINED = {
    "duplicates": "Each point: of the stories that stood so often in the raw text, the share whose second half the "
    "model writes **word for word** when it reads the first. What is read often is learned by heart (Carlini et al. "
    "2022 measured it to grow with the logarithm of the copies). With the copies gone, all have been read equally "
    "often, and hardly anything is repeated.",
    "personal": "The model reads “You can write to … at” and a name that it has seen. With the stage the address was "
    "never there: a placeholder stood in its place, and the model writes that.",
    "contamination": "The same questions are asked of both. Where half of them were in the training text, that half "
    "looks **much easier**: the test then measures memory, not what the model can do. The others tell the truth.",
    "bad_text": "A lower loss is better. Half of the raw text teaches nothing about stories, and with the same number "
    "of updates that half was spent in vain.",
    "forgotten": "The pages in which their full name stands were deleted, and the model was trained again. Two of "
    "their sixteen pages say only “A. Winter”: a search for the name **does not find these**, and the address that "
    "stands there has the name in it. People of whom nothing was ever read show what guessing gives.",
}
