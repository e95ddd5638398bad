"""What the model can still do: a few of Tinyland's skills on a stated number of cases, before and after."""

import streamlit as st

from core.figures import experiments as figures
from pages.ui import cache, components, state
from pages.ui.caption import truth
from pages.ui.view import current


@st.cache_data(max_entries=256, show_spinner=False)
def _share(
    name: str, step: int, stamp: tuple[int, ...], on: str, skill: str, cases: int
) -> tuple[float, float, float, int]:
    """Rate, 95 % interval, and number of cases."""
    from core.analysis.skills.spot_checks import measure

    checkpoint = cache.checkpoint(name, step, on)
    share = measure(checkpoint.model, checkpoint.tokenizer, skill, cases)
    return (share.rate, *share.interval, share.n)


def skills() -> None:
    """The button that measures, with its progress, and the figure; kept until the model or the changes are others."""
    from core.analysis.skills.spot_checks import SKILLS

    view = current()
    left, right = st.columns([3, 7], vertical_alignment="bottom")
    cases = left.selectbox("Cases of each skill", **state.control("skill_cases"))
    now = (view.name, view.step, cache.files_stamp(view.name), view.interventions, cases)
    if right.button("Measure the skills", key="measure_skills", type="primary"):
        st.session_state["experiments_skills"] = now
    asked = st.session_state.get("experiments_skills")
    if asked != now:
        words = "Not measured yet." if asked is None else "The model or the changes are different now: measure again."
        st.caption(f"{words} Each skill is a share of cases done exactly right, under greedy decoding.")
        return
    progress, shares = st.progress(0.0), []
    tasks = [(skill, on) for skill in SKILLS for on in ("", view.interventions)]
    for done, (skill, on) in enumerate(tasks):
        progress.progress(done / len(tasks), text=f"{skill}, {'changed' if done % 2 else 'as it is'}")
        shares.append(_share(*now[:3], on, skill, cases))
    progress.empty()
    measured = [i for i in range(len(SKILLS)) if shares[2 * i][3]]  # a model with a short context can't read every case
    names = [list(SKILLS)[i] for i in measured]
    before, after = ([shares[2 * i + which][:3] for i in measured] for which in (0, 1))
    figure = figures.skills(names, before, after)
    components.plot(figure, key="skills", height=300, title="Skills before and after, with 95 % intervals")
    if "cut:" in view.interventions or "patch:" in view.interventions:
        st.caption("Cuts and patches act at their positions in every text, so in these cases too.")
    code = view.code.with_import("core.analysis.skills.spot_checks", "measure").then(
        f"shares = [measure(checkpoint.model, tokenizer, skill, {cases}) for skill in {names}]"
    )
    code = code.gives("[(share.rate, *share.interval) for share in shares]", after)
    counts = ", ".join(str(shares[2 * i][3]) for i in measured)
    note = f"{counts} cases, the same for both, answered greedily; the bars are 95 % intervals (Wilson)"
    truth("measure(model, tokenizer, skill, n)", (len(names),), note, code)
