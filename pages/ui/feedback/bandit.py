"""The smallest policy: four answers, known rewards, and an optimum that every method is held against."""

import streamlit as st

from core.figures import feedback as figures
from pages.ui import components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code

ANSWERS = ("“I do not know”", "a guess", "a short answer", "the truth")
REFERENCE, REWARDS = (0.4, 0.3, 0.2, 0.1), (0.0, 1.0, 0.5, 2.0)
STEPS, GROUP = 300, 32
NAMES = {"exact": "exact gradient", "reinforce": "REINFORCE", "grpo": "GRPO", "dpo": "DPO"}


@st.cache_data(max_entries=64, show_spinner="Training four policies …")
def _policies(beta: float) -> dict[str, list[float]]:
    import torch

    from core.tuning.bandit import grpo_rest, optimum, train_bandit

    reference, rewards = torch.tensor(REFERENCE), torch.tensor(REWARDS)
    found = {"reference": list(REFERENCE), "π*, the optimum": optimum(reference, rewards, beta).tolist()}
    for method, name in NAMES.items():
        *_, last = train_bandit(method, reference, rewards, beta, STEPS, group=GROUP)
        found[name] = last.tolist()
    return found | {"where GRPO rests": grpo_rest(reference, rewards, beta).tolist()}


def bandit() -> None:
    """Policies after the same number of updates, through the same loss functions as on the language model."""
    st.slider("β: how dear it is to leave the reference", **state.control("beta"))
    beta = float(state.get("beta"))
    found = _policies(beta)
    components.plot(figures.policies(ANSWERS, found), key="bandit", height=340, title="Policies beside the optimum")
    code = (
        Code()
        .with_import("core.tuning.bandit", "optimum")
        .with_import("torch")
        .then(f"reference, rewards = torch.tensor({REFERENCE}), torch.tensor({REWARDS})")
    )
    code = code.gives(f"optimum(reference, rewards, {beta}).tolist()", found["π*, the optimum"])
    note = f"{STEPS} updates of Adam each, {GROUP} answers at a time; rewards {', '.join(map(str, REWARDS))}"
    truth("π* ∝ π_ref · exp(r / β)", (len(ANSWERS),), note, code)
    what_you_see(
        "One question, four answers, each with a known reward. The best policy is **π\\* ∝ π_ref · exp(r / β)**. "
        "A small β lets the reward win, a large one keeps the policy at its reference. REINFORCE and DPO find π\\*, "
        "but for chance; **GRPO** does not: its penalty, the estimate k3 taken as a loss, pulls the other way "
        "round, and it rests where its own gradient vanishes."
    )
