"""A reward model from comparisons, and what becomes of the true reward when the model's opinion is optimised."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.figures import feedback as figures
from core.figures.labels import percent
from core.tuning.best_of_n import best_of_n_kl, best_of_n_mean
from core.tuning.comparisons import TOKENS
from core.tuning.overoptimisation import fit_law
from core.tuning.raters import Rater
from pages.ui import background, cache, components, state
from pages.ui.caption import truth, what_you_see
from pages.ui.code import Code
from pages.ui.feedback.rate import ratings
from pages.ui.feedback.settings import MINE
from pages.ui.literal import literal
from pages.ui.on_request import AT_ONCE
from pages.ui.text import chips
from pages.ui.view import current

if TYPE_CHECKING:
    from core.lab.learned import Learned
    from core.model import ModelConfig

LAW_POINTS = 60
DRAWN = 256  # answers of which the best of n is taken: core.lab.learned.DRAWN


def found(label: str = "Learning a reward") -> "Learned | None":
    """The reward model of what is chosen; None while it is being learned, or where it cannot be: what is the matter is
    said under the label, and without one nothing is."""
    view, who = current(), state.get("rater")
    rater = None if who == MINE else Rater(who, float(state.get("noise")))
    mine = ratings() if rater is None else []
    if rater is None and sum(pair.choice != "tie" for pair in mine) < 4:
        st.info("Rate at least four pairs above with a choice, or let a programmatic rater make the comparisons.")
        return None
    checkpoint, prompt, count = view.checkpoint, view.text, state.get("compared")

    def work(report: background.Report) -> "Learned | str":
        from core.lab.learned import learn

        try:
            return learn(checkpoint, prompt, rater, mine, count, report)
        except ValueError as error:  # nothing to learn from: it says why
            return str(error)

    key = ("reward", view.name, view.step, cache.stamp(view.name), prompt, rater, tuple(mine), count)
    needed = operations(checkpoint.config, DRAWN + (2 * count if rater else 0))
    if needed > AT_ONCE and st.session_state.get("reward_asked") != key:
        if label:
            long = background.about(needed / background.SPEED)
            st.caption(f"This is a large model: it takes {long}, in which the page can be used.")
            st.button("Learn a reward", key="reward_ask", on_click=_ask, args=(key,))
        return None
    learned = background.compute(key, work, label, height=80, slow=True)
    if isinstance(learned, str):
        st.info(f"Nothing can be learned here: {literal(learned)}.")
        return None
    return learned


def _ask(key: tuple[object, ...]) -> None:
    st.session_state["reward_asked"] = key
    _changed()


def operations(config: "ModelConfig", texts: int) -> float:
    """About how many it takes to write so many continuations and to read them again: two for every weight and token."""
    blocks, unembedding = config.weights_per_token()
    return 2.0 * texts * TOKENS * (2 * blocks + unembedding)


def choose() -> None:
    """Whose comparisons."""
    left, middle, right = st.columns(3)
    left.selectbox("Whose taste", on_change=_changed, **state.control("rater"))
    if state.get("rater") != MINE:
        middle.slider("Comparisons", on_change=_changed, **state.control("compared"))
        right.slider("Noise of the rater", on_change=_changed, **state.control("noise"))


def _changed() -> None:
    from pages.ui import near

    near.follow(stage=False)


def reward() -> None:
    """Fit, accuracy against the ceiling, and the tokens it looks at."""
    choose()
    learned = found()
    if learned is None:
        return
    ceiling = "" if learned.ceiling is None else f"; the rater's own noise allows **{percent(learned.ceiling)}**"
    st.markdown(
        f"From **{learned.pairs}** comparisons with a choice. On those held out it agrees in "
        f"**{percent(learned.accuracy)}**{ceiling}."
    )
    strip = chips(current().tokenizer, learned.example)
    limit = max(1e-6, *(abs(value) for value in learned.by_token))
    components.tokens(
        strip, key="reward_tokens", values=learned.by_token, value_label="adds to the reward", percent=False,
        low=-limit, high=limit, role="prediction", shared=False, title="The continuation that it likes best",
    )  # fmt: skip
    st.caption(
        f"Of {DRAWN} fresh continuations, the one that the reward model likes best; the stronger the colour, the more "
        "a token adds."
    )


def over() -> None:
    """Best of n: the proxy rises, and the true reward?"""
    if state.get("rater") == MINE:
        st.info("What you really like is known to nobody but you: choose a programmatic rater above for both curves.")
        return
    learned = found(label="")
    if learned is None:
        return
    sizes = [2**i for i in range(9)]
    true, proxy = (np.array(values) for values in (learned.true, learned.proxy))
    spread = [max(float(x.std()), 1e-9) for x in (proxy, true)]
    gains = [
        [(best_of_n_mean(proxy, x, n) - float(x.mean())) / scale for n in sizes]
        for x, scale in zip((proxy, true), spread, strict=True)
    ]  # fmt: skip
    d = [best_of_n_kl(n) ** 0.5 for n in sizes]
    half = len(d) // 2 + 1
    law = fit_law("best of n", d[:half], gains[1][:half])
    at = np.linspace(0, d[-1], LAW_POINTS)
    names = [f"best of {n}" for n in sizes]
    figure = figures.over_optimised(
        d, gains[0], gains[1], (at, law.at(at)), law.turnover, names, "d (α − β d), from the first half"
    )
    components.plot(figure, key="best_of_n", height=340, title="Proxy and true reward of the best of n")
    code = (
        Code()
        .with_import("core.tuning", "best_of_n_kl", "best_of_n_mean")
        .then(f"proxy, true = {[round(x, 6) for x in learned.proxy]}, {learned.true}", f"sizes = {sizes}")
    )
    code = code.gives("[(best_of_n_kl(n) ** 0.5, best_of_n_mean(proxy, true, n)) for n in sizes]",
                      [(best_of_n_kl(n) ** 0.5, best_of_n_mean(proxy, true, n)) for n in sizes])  # fmt: skip
    note = f"{DRAWN} continuations drawn once; the mean over all subsets of n; KL = log n − (n − 1)/n"
    truth("best_of_n_mean(proxy, true, n)", (len(sizes),), note, code)
    turn = "never turns" if law.turnover > 20 else f"turns at d = {law.turnover:.1f}"
    what_you_see(
        f"Taste: *{literal(state.get('rater'))}*. Best of n keeps the answer that the **reward model** likes best. "
        "What the rater really likes rises with it at first; where the two part, the proxy is being fooled: "
        f"**over-optimisation**. The dashed law of Gao et al. (2023), fitted to the first half, {turn}. Fewer "
        "comparisons, or more noise, make a worse proxy: try both."
    )
