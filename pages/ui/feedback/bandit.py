"""The smallest policy: four answers, known rewards, and an optimum that every method is held against."""

import streamlit as st

from core.figures import feedback as figures
from pages.ui import components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code

ANSWERS = ("“I do not know”", "a guess", "a short answer", "the truth")
REFERENCE, REWARDS = (0.4, 0.3, 0.2, 0.1), (0.0, 1.0, 0.5, 2.0)
STEPS, GROUP = 300, 32
NAMES = {
    "optimum": "π*, the optimum", "exact": "exact gradient", "reinforce": "REINFORCE", "dpo": "DPO", "grpo": "GRPO",
    "rest": "where GRPO rests",
}  # fmt: skip


@st.cache_data(max_entries=64, show_spinner="Training four policies …")
def _policies(beta: float) -> dict[str, list[float]]:
    from core.tuning.bandit import compare_policies

    return compare_policies(REFERENCE, REWARDS, beta, STEPS, GROUP)


def bandit() -> None:
    """Policies after the same number of updates, through the same loss functions as on the language model."""
    st.slider("β: how dear it is to leave the reference", **state.control("beta"))
    beta = float(state.get("beta"))
    found = _policies(beta)
    shown = {"reference": list(REFERENCE)} | {name: found[key] for key, name in NAMES.items()}
    components.plot(figures.policies(ANSWERS, shown), key="bandit", height=340, title="Policies beside the optimum")
    code = Code().with_import("core.tuning.bandit", "compare_policies")
    code = code.gives(f"compare_policies({REFERENCE}, {REWARDS}, {beta}, {STEPS}, {GROUP})", found)
    note = f"{STEPS} updates of Adam each, {GROUP} answers at a time; rewards {', '.join(map(str, REWARDS))}"
    truth("π* ∝ π_ref · exp(r / β)", (len(ANSWERS),), note, code)
    what_you_see(
        "One question, four answers, each with a known reward. The best policy is **π\\* ∝ π_ref · exp(r / β)**. "
        "A small β lets the reward win, a large one keeps the policy at its reference. REINFORCE and DPO find π\\*, "
        "but for chance; **GRPO** does not: its penalty, the estimate k3 taken as a loss, pulls the other way "
        "round, and it rests where its own gradient vanishes."
    )
