"""The form that trains the model on comparisons, and the run while it goes on."""

from dataclasses import replace

import streamlit as st

from core import jobs
from core.lab.diagnosis import diagnose
from core.training.disk.folder import RunError
from core.training.preference.config import WEIGHTS
from pages.ui import near, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.feedback import plan, runs
from pages.ui.feedback.recorded import methods
from pages.ui.feedback.settings import METHOD_NAMES, MINE, SETTINGS, key
from pages.ui.kept_form import keep
from pages.ui.literal import literal
from pages.ui.names import title
from pages.ui.opened import from_elsewhere
from pages.ui.training.curves import curves, shown_runs
from pages.ui.training.owner import key as owner_key
from pages.ui.training.steer import steer
from pages.ui.view import current


def form() -> None:
    """What the run learns from stands in the section above; here is how."""
    jobs.warm()
    keep("feedback", SETTINGS)
    st.markdown(f"It learns from: **{literal(state.get('rater'))}**, as chosen above.")
    first, second, third = st.columns(3, gap="large")
    method = plan.get("method")
    with first:
        st.segmented_control("Method", format_func=METHOD_NAMES.__getitem__, required=True, on_change=_method,
                             wrap=True, **state.control(key("method")))  # fmt: skip
        if state.get("rater") != MINE:
            st.segmented_control("It goes on with", required=True, wrap=True, **state.control(key("asked")))
            if method != "dpo":
                st.segmented_control("Reward", required=True, wrap=True, **state.control(key("reward")))
    with second:
        st.select_slider("β: how dear it is to leave the reference", format_func=lambda b: f"{b:g}",
                         **state.control(key("beta")))  # fmt: skip
        st.select_slider("Pairs of an update" if method == "dpo" else "Prompts of an update",
                         **state.control(key("prompts")))  # fmt: skip
        if method != "dpo":
            st.select_slider("Group: samples for each prompt", **state.control(key("samples")))
    with third:
        st.select_slider("Learning rate", format_func=lambda rate: f"{rate:g}", **state.control(key("rate")))
        st.slider("Updates", **state.control(key("steps")))
        with st.popover("Seed and name"):
            st.number_input("Seed", **state.control(key("seed")))
            st.text_input("Name of the run", max_chars=60, placeholder=plan.name_of(), **state.control(key("name")))
    described = plan.plan(current())
    if described.problem:
        st.warning(literal(described.problem))
    st.button("Train on the comparisons", type="primary", on_click=_begin, key="shape_begin",
              disabled=described.config is None)  # fmt: skip
    if message := st.session_state.get("shape_error"):
        st.warning(message)


def _method() -> None:
    state.update(**{key("beta"): WEIGHTS[plan.get("method")]})


def _begin() -> None:
    """Starts what the form says now: what was changed just before the press has not been drawn yet."""
    st.session_state["shape_error"] = None
    described = plan.plan(current())
    if described.config is None:
        return
    try:
        name = plan.get("name") or plan.name_of()
        run = jobs.start(described.config, owner_key(), name=name, cards=described.files)
    except (RunError, ValueError) as error:
        st.session_state["shape_error"] = f"Not started: {literal(str(error))}."
    except OSError:
        st.session_state["shape_error"] = "Not started: its folder or its process could not be made."
    else:
        st.session_state["shape_reveal"] = run
        near.update(shaped=run)


def shape() -> None:
    """The form, then the run on show: its curves, and what may be the matter with it."""
    form()
    run = runs.choose()
    config = runs.config_of(run) if run else None
    if run is None or config is None:
        methods()
        return
    steer(run)
    found, _ = shown_runs([run], {run: title(run)})
    if not found:
        st.warning("The files of this run cannot be read.")
        return
    curves(
        [replace(found[0], since=config.first_step)], key="shaped_curves", title="Loss while it is shaped",
        reveal=st.session_state.pop("shape_reveal", ""), on_change=_changed, height=260,
    )  # fmt: skip
    method = config.preference["method"]
    for words in diagnose(runs.rows_of(run, config), method):
        st.info(words)
    code = Code().with_import("core.model", "checkpoint_folder").with_import("core.training.disk.rows", "read_rows")
    code = code.then(f"rows = read_rows(checkpoint_folder({run!r}) / 'metrics.jsonl')")
    call = "[(row['step'], row['statistics']['kl']) for row in rows if 'kl' in row.get('statistics', {})]"
    code = code.gives(call, lambda: _kl(run))
    first = "the text that the model first learned from"
    if from_elsewhere(config.parent or {}):
        first = "documents of Tinyland, for what this model had read is not known here"
    note = (
        "KL is exact at the positions that were drawn; k1, k2 and k3 estimate it from the drawn tokens alone. "
        f"“Held out” is the loss on {first}"
    )
    truth("row['statistics']", (), note, code, "shaped")
    what_you_see(
        "DPO raises the log-probability of what was **chosen** against what was **rejected**: watch both, for both may "
        "fall. GRPO and REINFORCE write, are rewarded, and do more of what earned more than its group; the loss of "
        "GRPO begins at 0, and that is no failure. **KL** says how far the model has gone from the one that it began "
        "as. The usual rate is higher here than for models a thousand times as large (1e-6)."
    )


def _kl(run: str) -> list[tuple[int, float]]:
    from pages.ui.training.curves import metrics

    rows = metrics(jobs.run_folder(run))
    return [(row["step"], row["statistics"]["kl"]) for row in rows if "kl" in row.get("statistics", {})]


def _changed(happened: dict[str, object]) -> None:
    """A run that has ended, or kept new weights, has something to show everywhere on the page."""
    if happened.get("kind") in ("ended", "snapshot", "state"):
        near.follow()
