"""The form that starts a fine-tuning: which chats, which weights, what is read again meanwhile."""

from typing import TYPE_CHECKING

import streamlit as st

from core import jobs
from core.training.disk.folder import RunError
from core.training.tuning_config import MATRICES
from pages.ui import near, run_choice, state
from pages.ui.caption import truth
from pages.ui.code import Code
from pages.ui.finetuning import own, plan, runs
from pages.ui.finetuning.plan import Plan
from pages.ui.finetuning.settings import OWN, RATES_ELSEWHERE, REPLAYS, SETTINGS, TASKS, USUAL_RATES, WAY_NAMES, key
from pages.ui.kept_form import keep
from pages.ui.literal import literal
from pages.ui.opened import from_elsewhere
from pages.ui.training.owner import key as owner_key

if TYPE_CHECKING:
    from core.model import Description

MATRIX_NAMES = {
    "q": "queries", "k": "keys", "v": "values", "o": "attention out", "gate": "MLP gate", "up": "MLP up",
    "down": "MLP down", "embed": "embedding",
}  # fmt: skip


def form() -> None:
    """Draws the form; a click on Teach starts the run and shows its curve."""
    base = runs.base()
    if base is None:
        return
    jobs.warm()
    keep("finetuning", SETTINGS)
    if from_elsewhere(base.card):
        _suit(base)
        st.markdown(
            "This model was made elsewhere. It is taught by your own chats or by those of Tinyland, written as its own "
            "template asks (or with “User:” and “Assistant:” where it has none). The model that you opened stays as it "
            "is: what it becomes is a run here, like any other."
        )
    else:
        st.markdown(
            "The base has only ever continued text. A minute of chats makes it answer: a run here, like any other."
        )
    described = plan.plan(base)
    first, second, third = st.columns(3, gap="large")
    with first:
        chats(described)
    with second:
        weights(base, described)
    with third:
        keeps(described)
        start(base, described)


def _suit(base: "Description") -> None:
    """Sets what suits a model made elsewhere, once for each: LoRA, its usual rate, and few chats."""
    if st.session_state.get("teach_suits") != base.name:
        st.session_state["teach_suits"] = base.name
        rate = RATES_ELSEWHERE["lora"]
        state.update_quietly(**{key("way"): "lora", key("rate"): rate, key("count"): 50, "begin_at": None})


def chats(described: Plan) -> None:
    """Where it begins, and what it reads."""
    st.markdown("### Chats")
    begins = runs.begins(state.get("model"))
    if state.get("begin_at") not in begins:
        state.assume(begin_at=next(iter(begins)))
    st.selectbox(
        "Begin with", list(begins), format_func=lambda step: f"{begins[step]}, step {step:,}", key="begin_at",
        persist_state="session", on_change=near.follow,
    )  # fmt: skip
    st.selectbox("What the chats teach", [*TASKS, OWN], index=[*TASKS, OWN].index(state.get("task")),
                 key="form_task", on_change=_task)  # fmt: skip
    if state.get("task") == OWN:
        own.box()
    else:
        st.select_slider("Different chats", format_func=lambda n: f"{n:,}", **state.control(key("count")))
    st.slider("Epochs: how often each is read", **state.control(key("epochs")))
    _problem(described, "chats")


def _task() -> None:
    near.update(task=st.session_state["form_task"])


def weights(base: "Description", described: Plan) -> None:
    """Which weights move."""
    st.markdown("### Weights")
    st.segmented_control(
        "What is trained", format_func=WAY_NAMES.__getitem__, required=True, on_change=_way, wrap=True,
        **state.control(key("way")),
    )  # fmt: skip
    way = plan.get("way")
    if way == "lora":
        st.select_slider("Rank", **state.control(key("rank")))
        st.select_slider("Alpha: the update is scaled by alpha ÷ rank", **state.control(key("alpha")))
        has = [name for name in MATRICES if name != "gate" or base.config.gated]
        st.session_state.setdefault("teach_matrices", [name for name in plan.USUAL_MATRICES if name in has])
        st.pills("Matrices", has, selection_mode="multi", format_func=MATRIX_NAMES.__getitem__, key="teach_matrices",
                 wrap=True, persist_state="session")  # fmt: skip
    if way == "layers":
        layers = list(range(base.config.n_layers))
        st.session_state.setdefault("teach_layers", layers[-2:])
        st.pills("Layers", layers, selection_mode="multi", key="teach_layers", wrap=True, persist_state="session")
    st.select_slider("Learning rate", format_func=lambda rate: f"{rate:g}", **state.control(key("rate")))
    if described.trained:
        share = f"{described.trained / described.total:.1%}"
        every = described.trained == described.total
        st.markdown(
            f"All **{described.total:,}** weights are trained."
            if every
            else f"**{described.trained:,}** numbers are trained: as many as **{share}** of the weights."
        )
        code = (
            Code()
            .with_import("core.model", "load_checkpoint")
            .with_import("core.training", "TrainConfig")
            .with_import("core.training.trained", "Trained")
            .then(
                f"model = load_checkpoint({base.name!r}, step={base.step}).model",
                f"tuning, parent = {plan.tuning_of(base)}, {{'checkpoint': {base.name!r}}}",
                "config = TrainConfig(stage='sft', parent=parent, tuning=tuning)",
            )
            .gives("sum(p.numel() for p in Trained(model, config).parameters.values())", described.trained)
        )
        truth("Trained(model, config).parameters", (described.trained,), "counted from the shapes", code)
    _problem(described, "way")


def _way() -> None:
    base = runs.base()
    rates = RATES_ELSEWHERE if base is not None and from_elsewhere(base.card) else USUAL_RATES
    state.update(**{key("rate"): rates[plan.get("way")]})


def keeps(described: Plan) -> None:
    """What is read again, so that less is forgotten."""
    st.markdown("### Memory")
    st.segmented_control("Read again meanwhile", required=True, wrap=True, **state.control(key("replay")))
    if plan.get("replay") != REPLAYS[0]:
        st.slider("Share of all tokens", format="percent", **state.control(key("share")))
    if plan.get("replay") == REPLAYS[2]:
        st.caption("It writes them itself before it is taught: that takes some seconds.")
    with st.popover("Seed"):
        st.number_input("Seed: decides the order of the chats", **state.control(key("seed")))
    _problem(described, "replay")


def start(base: "Description", described: Plan) -> None:
    """The button, and what stands in its way."""
    st.text_input("Name of the run", max_chars=60, placeholder=plan.name_of(), **state.control(key("name")))
    off = described.config is None
    st.button("Teach", on_click=_begin, type="primary", width="stretch", disabled=off, key="teach")
    if described.config:
        pace = "" if from_elsewhere(base.card) else "; about a minute for 150 of them"
        steps = described.config.steps
        st.caption(f"{steps:,} step{'s' * (steps != 1)}{pace}. It ends after {plan.LONGEST_RUN / 60:.0f} minutes.")
    if message := st.session_state.get("teach_error"):
        st.warning(message)


def _begin() -> None:
    """Starts what the form says now: what was changed just before the press has not been drawn yet."""
    st.session_state["teach_error"] = None
    base = runs.base()
    described = plan.plan(base) if base else Plan()
    if described.config is None:
        return
    try:
        name = plan.get("name") or plan.name_of()
        run = jobs.start(described.config, owner_key(), text=described.chats, name=name)
    except (RunError, ValueError) as error:
        st.session_state["teach_error"] = f"Not started: {literal(str(error))}."
    except OSError:
        st.session_state["teach_error"] = "Not started: its folder or its process could not be made."
    else:
        state.update(taught=run)
        st.session_state["teach_reveal"] = run
        st.rerun()


def _problem(described: Plan, control: str) -> None:
    if message := described.problems.get(control):
        st.warning(literal(message))


def choose_run() -> str | None:
    """Which of the runs that taught chats is on show; None where there is none."""
    found = runs.that_taught()
    return run_choice.choose(found, runs.on_stage() if found else None, "taught_choice", _chosen)


def _chosen() -> None:
    near.whole(taught=st.session_state["taught_choice"] or "")
