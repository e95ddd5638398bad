"""Small models trained on corpora with more and more of something: as recorded, and one of a visitor's own."""

from collections.abc import Sequence

import streamlit as st

from core.figures import doses as figures
from core.figures.labels import percent
from core.lab.doses import recorded
from core.lab.doses.experiments import EXPERIMENTS
from core.lab.doses.outcome import Outcome, amplification, difference, of_dose, response
from core.training.config import TrainConfig
from pages.ui import background, components
from pages.ui.caption import NATS, truth, what_you_see
from pages.ui.code import Code
from pages.ui.pair import two_runs
from pages.ui.table import table

FIRST = 100  # seed of a visitor's own model; the recorded ones have smaller seeds
EMPTY = "Nothing has been recorded yet: train a model yourself, which takes about a minute."


def more_skew() -> None:
    """The response to an occupation's rate of one pronoun, what is amplified, and what balanced data costs."""
    st.markdown(
        "**Cause and effect.** Small models with the same first weights read the same stories and scenes. Only this "
        "differs: how often the corpus says “she” of six occupations, and “he” of six others."
    )
    outcomes, dose, shown = _outcomes("skew", "The corpus' rate of the pronoun that it favours", 0.8)
    if not shown:
        st.info(EMPTY)
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        _figure("skew", outcomes, dose, {"rate": "probability of that pronoun", "favoured": "how often the likeliest"},
                ("in the corpus", "in the model"))  # fmt: skip
    with right:
        chosen = of_dose(outcomes, dose)
        if dose == 0.5:
            rate, low, high = response(chosen, "rate")
            st.metric("Rate after balanced data", percent(rate))
            st.markdown(_interval(chosen, f"{percent(low)} to {percent(high)}"))
        else:
            factor, low, high = amplification(chosen)
            st.metric("Amplification", f"{factor:.2f} ×", help="Distance from one half, in the model and in the corpus")
            st.markdown(_interval(chosen, f"{low:.2f} to {high:.2f}"))
            greedy = amplification(chosen, "favoured")[0]
            st.markdown(f"Where always the likeliest word is chosen: **{greedy:.2f} ×**.")
    _cost(outcomes, shown)
    what_you_see(
        "On the dashed line a model repeats its corpus. Its **probabilities** follow the corpus; the **likeliest** "
        "pronoun jumps to one side, and whoever takes the likeliest word always amplifies. **Balanced data** (50 %) "
        "takes the skew away; the table says what it costs in loss on other stories, and in a skill that must stay: "
        "to say “she” or “he” of people with a name. Bars are wide where, after so short a training, some models "
        "have not learned pronouns at all: more seeds, or more updates, would narrow them."
    )


def told_once() -> None:
    """The law of the singletons by retraining: errors against what was told once."""
    st.markdown(
        "Small models read a thousand statements, more or fewer of them about people of whom **hardly anything** is "
        "told; then they are asked about people drawn in the same way."
    )
    outcomes, dose, shown = _outcomes("singletons", "Statements about such people", 0.4)
    if not shown:
        st.info(EMPTY)
        return
    theory = {"read once (Good–Turing)": "once", "truly never read": "missing", "bound of Kalai et al.": "bound"}
    left, right = st.columns([3, 1], gap="large")
    with left:
        _figure("singletons", outcomes, dose, {"wrong": "errors of a trained model"},
                ("statements about such people", "share"), theory)  # fmt: skip
    with right:
        chosen = of_dose(outcomes, dose)
        for name, score in {"Errors": "wrong", "Read exactly once": "once"}.items():
            st.metric(name, percent(response(chosen, score)[0]))
        _, low, high = response(chosen, "wrong")
        st.markdown(_interval(chosen, f"errors {percent(low)} to {percent(high)}"))
    what_you_see(
        "The dashed line is known **before training**, from counting alone, and hardly any model can be below it: "
        "what was never told can only be guessed, one date in 365. What the models err on more, they read but did not "
        "learn. With a thousand statements the margin of the proven bound is so wide that it says nothing: it is 0."
    )


def _outcomes(name: str, label: str, first: float) -> tuple[list[Outcome], float, list[float]]:
    """What is known, with a visitor's own model; the dose that is looked at; and those of which something is known."""
    outcomes = recorded.read().get(name, [])
    dose = st.select_slider(label, EXPERIMENTS[name].doses, first, key=f"dose_{name}", format_func=percent,
                            persist_state="session")  # fmt: skip
    own = _own(name, dose)
    if own:
        outcomes = [*outcomes, own]
    shown = [one for one in EXPERIMENTS[name].doses if of_dose(outcomes, one)]
    return outcomes, dose, shown if dose in shown else []


def _own(name: str, dose: float) -> Outcome | None:
    """A visitor's own model of this dose, when it has finished."""
    seed = int(
        st.number_input("Seed of your own model", FIRST, FIRST + 899, FIRST, key=f"dose_seed_{name}", width=180,
                        persist_state="session")
    )  # fmt: skip

    def make(_side: str) -> tuple[TrainConfig, str]:
        from core.lab.doses.measure import settings, training_text
        from core.model import describe

        return settings(name, seed), training_text(name, dose, seed, describe("tinyland").tokenizer)

    called = {"model": f"{EXPERIMENTS[name].title} {percent(dose)}, seed {seed}"}
    runs = two_runs(called, make, f"dose_{name}", "Train this model")
    if runs is None:
        return None
    run = runs["model"]

    def work(report: background.Report) -> Outcome:
        from core.lab.doses.measure import outcome

        report(0.1, "asking it")
        return outcome(name, dose, seed, run)

    return background.compute(("dose", name, dose, seed, run), work, "Asking your model", height=60)


def _interval(outcomes: Sequence[Outcome], ends: str) -> str:
    if len(outcomes) < 2:
        return "A single model: how much chance is in it, more seeds would tell."
    return f"95 % interval over {len(outcomes)} seeds: {ends}."


def _figure(
    name: str, outcomes: Sequence[Outcome], dose: float, models: dict[str, str], titles: tuple[str, str],
    theory: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """scores and how they are called, of the models and of the theory (None: to repeat the dose)."""
    doses = [one for one in EXPERIMENTS[name].doses if of_dose(outcomes, one)]
    of = {score: [response(of_dose(outcomes, one), score) for one in doses] for score in models}
    lines = {"as in the corpus": list(doses)} if theory is None else {
        called: [response(of_dose(outcomes, one), score)[0] for one in doses] for called, score in theory.items()
    }  # fmt: skip
    shown = {
        called: [(v, max(low, 0.0), min(high, 1.0)) for v, low, high in of[score]] for score, called in models.items()
    }
    figure = figures.response(doses, shown, lines, dose, titles)
    components.plot(figure, key=f"dose_plot_{name}", height=360, title=f"{EXPERIMENTS[name].title}: dose and response")
    score = next(iter(models))
    code = (
        Code()
        .with_import("core.lab.doses", "recorded")
        .with_import("core.lab.doses.outcome", "of_dose", "response")
        .then(f"outcomes = recorded.read()[{name!r}]")
    )
    own = [one for one in outcomes if one.seed >= FIRST]
    if own:
        code = code.with_import("core.lab.doses.outcome", "Outcome").then(f"outcomes += {own!r}")
    seeds = sorted({one.seed for one in outcomes})
    truth(
        f"response(of_dose(outcomes, dose), {score!r})",
        (len(doses),),
        f"small models, {EXPERIMENTS[name].steps} updates each; seeds {', '.join(map(str, seeds))}; bars: 95 % over "
        "the seeds",
        code.gives(f"[response(of_dose(outcomes, dose), {score!r}) for dose in {doses}]", of[score]),
    )


def _cost(outcomes: Sequence[Outcome], doses: Sequence[float]) -> None:
    """By dose: loss on stories that none has read, and the skill that must stay."""
    rows = [
        (percent(dose), _with_ends(of, "loss"), percent(response(of, "names")[0]))
        for dose, of in ((dose, of_dose(outcomes, dose)) for dose in doses)
    ]
    table(("corpus", "loss on stories", "right of people"), rows)
    found = difference(outcomes, doses[0], doses[-1], "loss")
    if found and len(doses) > 1:
        mean, low, high = found
        st.caption(
            f"Balanced data in place of {percent(doses[-1])}: {mean:+.3f} nats per token, seed by seed "
            f"(95 %: {low:+.3f} to {high:+.3f}). {NATS}"
        )


def _with_ends(outcomes: Sequence[Outcome], score: str) -> str:
    mean, low, high = response(outcomes, score)
    half = f" ± {(high - low) / 2:.3f}" if len(outcomes) > 1 else ""
    return f"{mean:.3f}{half}".replace(" ", "\N{NO-BREAK SPACE}")
