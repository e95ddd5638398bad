"""The few-shot curve: what examples in the prompt are worth, beside the best that anybody could make of them."""

from typing import TYPE_CHECKING

import streamlit as st

from core.figures import prompting as figures
from core.figures.labels import percent
from pages.ui import components, state
from pages.ui.caption import NATS, truth, what_you_see
from pages.ui.prompting.data import NO_GAMES, measured, of_whom, part_code
from pages.ui.view import current

if TYPE_CHECKING:
    from core.prompting.examples import FewShot

FAMILIES = {
    "what is done to a list": "lists",
    "words it knows": "tables_seen",
    "words it must work out": "tables",
    "rules it never met": "kept_out",
}
SHOWN = {"games done right": True, "log-probability": False}
NAMES = {"right": "the model, right examples", "wrong": "wrong outcomes", "irrelevant": "examples of other rules"}


def few_shot() -> None:
    """The curve, its band over orders, and what wrong and irrelevant examples do."""
    view = current()
    if not view.description.has_read("game"):
        st.info(NO_GAMES)
        return
    left, right = st.columns([1, 3], gap="large")
    with left:
        family = st.radio("The rule to be found", **state.control("rule_family"))
        share = SHOWN[st.radio("Measure", **state.control("few_shot_measure"))]
    part = f"examples {FAMILIES[family]}"
    with right:
        found = measured(view, part, "Play the games", "a minute or two")
        if found is not None:
            _figure(found, share)
            curve = "right" if share else "log_prob"
            code = part_code(view, part).gives(
                f"found.curves['right'].{curve}", getattr(found.curves["right"], curve)
            )  # fmt: skip
            truth(
                f"found.curves['right'].{curve}", (len(found.bayesian.right), 3),
                of_whom(view, found.games) + "; bars are 95 % intervals", code,
            )  # fmt: skip
    if found is not None:
        with left:
            _said(found)
    what_you_see(
        "Each game gives some pairs such as *dog -> dogs* and then one more case. Nobody says the rule, and no weight "
        "changes: all that the model knows of it stands in the prompt. The dashed line is the **exact Bayesian**, who "
        "knows all the rules and weighs which could have written these pairs: nobody does better on average. The band "
        "is the same examples in their worst and in their best **order**: all 24 orders of four, game by game."
    )
    if not share:
        st.caption(NATS)


def _figure(found: "FewShot", share: bool) -> None:
    curves = {NAMES[kind]: curve.right if share else curve.log_prob for kind, curve in found.curves.items()}
    between = [one.right if share else one.log_prob for one in found.orders]
    components.plot(
        figures.by_examples(curves, found.bayesian.right if share else found.bayesian.log_prob, share, None, between),
        key="few_shot", height=430, title="What examples are worth",
    )  # fmt: skip


def _said(found: "FewShot") -> None:
    """The figures in words."""
    model, best, last = found.curves["right"].right, found.bayesian.right, found.orders[-1]
    most = len(model) - 1
    st.metric(f"With {most} examples", percent(model[most][0]), f"the Bayesian: {percent(best[most][0])}", "off")
    st.markdown(
        f"Without an example {percent(model[0][0])}, with one {percent(model[1][0])}. "
        f"With {last.k} examples, their order alone decides **{percent(last.decides)}** of the games."
    )
